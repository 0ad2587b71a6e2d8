"""What the audit trail keeps of a person: copies of the name, emptied when the person is erased."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from ops.audit import scrubbing
from ops.console.erasure import Leaving, Outcome, Step, outcome

SCRUBBED_BECAUSE = "The account was erased."


def _entries_that_name(person: Leaving, run: Any) -> list[int]:
    names = [name for name in (person.username, person.email) if name]
    return scrubbing.entries_naming(names, user_id=person.user_id, progress=run.beat)


def _scrub(person: Leaving, named: list[int]) -> Outcome:
    by = get_user_model()._default_manager.filter(pk=person.requested_by_id).exclude(pk=person.user_id).first()
    entry = scrubbing.scrub_person(
        person.user_id, by=by, reason=SCRUBBED_BECAUSE, named=named, anonymised=person.anonymises
    )
    return outcome(entry.details["as_actor"] + entry.details["as_target"] + len(named))


STEPS = (Step("audit_trail", "Copies in the audit trail", _scrub, _entries_that_name, order=10),)
