"""What notices keep of a person: those that they were given. Notices of others name nobody."""

from __future__ import annotations

from typing import Any

from ops.console.erasure import ErasedPerson, Outcome, Step, outcome
from ops.notices.models import EmailReader, Notice


def remove_notices(person: ErasedPerson, _: Any) -> Outcome:
    removed = Notice.objects.of(person.user_id).delete()[0]
    return outcome(removed + EmailReader.objects.filter(person=person.user_id).delete()[0])


STEPS = (Step("notices", "Notices", remove_notices, order=40),)
