"""The section of the home page about deletions and holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from ops.console.frame.home import Section
from ops.console.rooms import PendingWork
from ops.deletion.models import DeletionRequest, Hold, State

REQUESTS = "deletion.DeletionRequest"
OPEN: tuple[tuple[State, Callable[[int], str]], ...] = (
    (State.REQUESTED, lambda n: ngettext("deletion awaiting approval", "deletions awaiting approval", n)),
    (State.APPROVED, lambda n: ngettext("deletion approved, not started", "deletions approved, not started", n)),
    (State.RUNNING, lambda n: ngettext("deletion being erased", "deletions being erased", n)),
)


def lines(user: Any) -> Iterable[PendingWork]:
    """Yield open requests by state, with the user's own first, and open holds."""
    requests = DeletionRequest.objects.all()
    if user.has_perm("accounts.delete_user"):
        mine = requests.open().filter(requested_by=user.pk)
        yield PendingWork(
            REQUESTS, mine, lambda n: ngettext("open request of yours", "open requests of yours", n), "state=mine"
        )
    for state, what in OPEN:
        yield PendingWork(REQUESTS, requests.filter(state=state), what, f"state={state}")
    yield PendingWork(
        REQUESTS, requests.held(), lambda n: ngettext("deletion on hold", "deletions on hold", n), "state=held"
    )
    yield PendingWork(
        "deletion.Hold", Hold.objects.open(), lambda n: ngettext("open hold", "open holds", n), "state=open"
    )


SECTIONS = (
    Section(
        "deletions",
        gettext_lazy("Deletions and holds"),
        50,
        lines=lines,
        empty=gettext_lazy("No open deletions and no open holds."),
    ),
)
