"""Erasing a person's notices. Other people's notices name nobody."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.erasure import ErasedPerson, Step
from ops.notices.models import EmailReader, Notice


def remove_notices(person: ErasedPerson, _: Any) -> None:
    """Delete the person's notices and e-mail choices. Those of a deleted account were deleted with it, which the
    receipt covers; an anonymised account still has them."""
    Notice.objects.of(person.user_id).delete()
    EmailReader.objects.filter(person=person.user_id).delete()


STEPS = (Step("notices", gettext_lazy("Notices"), remove_notices, order=40),)
