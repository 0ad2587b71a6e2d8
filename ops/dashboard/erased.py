"""The dashboard's step of an erasure: cached figures name the most active senders."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.erasure import ErasedPerson, Step
from ops.dashboard import board_cache


def forget_names(person: ErasedPerson, _: Any) -> None:
    """Drop all cached figures; entries that cannot be deleted expire within minutes. The receipt covers all caches."""
    board_cache.forget()


STEPS = (Step("figures", gettext_lazy("Figures of the dashboard"), forget_names, order=70),)
