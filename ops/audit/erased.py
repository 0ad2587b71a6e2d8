"""The erasure step of the audit trail: emptying the copies of an erased person's data."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy

from ops.audit import scrubbing
from ops.audit.context import one_action
from ops.console.erasure import ErasedPerson, Outcome, Step, outcome

SCRUBBED_BECAUSE = "The account was erased."


def _find_entries_naming(person: ErasedPerson, run: Any) -> list[int]:
    return scrubbing.entries_naming(person.names, user_id=person.user_id, apart=person.own_targets, progress=run.beat)


def _scrub(person: ErasedPerson, named: list[int]) -> Outcome:
    by = get_user_model()._default_manager.filter(pk=person.requested_by_id).exclude(pk=person.user_id).first()
    targets = person.own_targets
    with one_action():  # one for this target and one for each other: a shared action would link their entries
        if person.anonymises:
            emptied = scrubbing.scrub_anonymised(
                person.user_id, thing=targets.pop(0), by=by, reason=SCRUBBED_BECAUSE, named=named
            )
        else:
            entry = scrubbing.scrub_person(person.user_id, by=by, reason=SCRUBBED_BECAUSE, named=named)
            emptied = entry.details["as_actor"] + entry.details["as_target"] + len(named)
    for target in targets:
        with one_action():
            emptied += scrubbing.scrub_target(target, by=by, reason=SCRUBBED_BECAUSE).details["as_target"]
    return outcome(emptied)


STEPS = (Step("audit_trail", gettext_lazy("Copies in the audit trail"), _scrub, _find_entries_naming, order=10),)
