"""What an erasure removes from this room: reports and decisions stay and count, without the person's name and texts.

The account's number stays in them until then: nothing here is lost with the account (ops/deletion/models/people.py).
"""

from __future__ import annotations

from typing import Any

from ops.console.erasure import Outcome, Step, outcome
from ops.deletion.models import DeletionRequest
from ops.moderation import settling
from ops.moderation.models import CasePerson, Claim, Decision, Draft, Flag, Skip

OWN = ((Claim, "reviewer"), (Skip, "reviewer"), (Draft, "reviewer"), (CasePerson, "user"))


def forget(user_id: Any) -> int:
    """Remove what this room keeps of a person; returns how many rows that changed or removed.

    Their reports lose who made them and the note. Cases about what they wrote lose the notes of reports and decisions,
    and what was sent to them. What they decided as staff loses their name.
    """
    about = CasePerson.objects.filter(user=user_id).values("case")
    changed = sum(
        flags.exclude(note="").update(note="")
        for flags in (Flag.objects.filter(case__in=about), Flag.objects.filter(reporter=user_id))
    )
    changed += Decision.objects.filter(case__in=about).exclude(note="", sent="").update(note="", sent="")
    changed += Decision.objects.filter(decided_by=user_id).update(decided_by=None, decided_by_name="")
    changed += Flag.objects.filter(reporter=user_id).update(reporter=None)
    changed += Draft.objects.filter(case__in=about).delete()[0]
    return changed + sum(model._default_manager.filter(**{name: user_id}).delete()[0] for model, name in OWN)


def forget_deleted(user_id: Any) -> None:
    """The same for an account that was deleted without a request, such as in a shell. Those with one have a step."""
    if not DeletionRequest.objects.open().filter(user=user_id).exists():
        forget(user_id)
        settling.settle_erased()


def _step(request: Any, _: Any) -> Outcome:
    removed = forget(request.user_id)
    settling.settle_erased()
    return outcome(removed)


STEPS = (Step("moderation", "Reports, cases and decisions", _step, order=55),)
