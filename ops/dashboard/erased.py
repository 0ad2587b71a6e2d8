"""What the dashboard keeps of a person: cached figures name who writes most."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.erasure import ErasedPerson, Step
from ops.dashboard import keeping


def forget_names(person: ErasedPerson, _: Any) -> None:
    """Nothing older is served, and caches let go of it within minutes. The receipt speaks of caches as a whole."""
    keeping.forget()


STEPS = (Step("figures", gettext_lazy("Figures of the dashboard"), forget_names, order=70),)
