"""What notices keep of a person: those that they were given. Notices of others name nobody."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.erasure import ErasedPerson, Step
from ops.notices.models import EmailReader, Notice


def remove_notices(person: ErasedPerson, _: Any) -> None:
    """They went with an account that was deleted, of which the receipt speaks; an anonymised one has them."""
    Notice.objects.of(person.user_id).delete()
    EmailReader.objects.filter(person=person.user_id).delete()


STEPS = (Step("notices", gettext_lazy("Notices"), remove_notices, order=40),)
