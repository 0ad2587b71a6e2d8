"""What the home page says of deletions and holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.console.frame.home import Section
from ops.console.rooms import Waiting
from ops.deletion.models import DeletionRequest, Hold, State

REQUESTS = "deletion.DeletionRequest"


def lines(user: Any) -> Iterable[Waiting]:
    """Open requests by state, those of this person first, and open holds."""
    requests = DeletionRequest.objects.all()
    if user.has_perm("accounts.delete_user"):
        mine = requests.open().filter(requested_by=user.pk)
        one, many = "open request of yours", "open requests of yours"
        yield Waiting(REQUESTS, mine, one, many, "state=mine")
    for state, words in (
        (State.REQUESTED, "awaiting approval"),
        (State.APPROVED, "approved, not started"),
        (State.RUNNING, "being erased"),
    ):
        yield Waiting(
            REQUESTS, requests.filter(state=state), f"deletion {words}", f"deletions {words}", f"state={state}"
        )
    yield Waiting(REQUESTS, requests.held(), "deletion on hold", "deletions on hold", "state=held")
    yield Waiting("deletion.Hold", Hold.objects.open(), "open hold", "open holds", "state=open")


SECTIONS = (Section("deletions", "Deletions and holds", 50, lines=lines, empty="No open deletions and no open holds."),)
