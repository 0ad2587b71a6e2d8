"""The events that can change a case, and the state each leads to. Every change of a case's state goes through
``after``."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy

from ops.moderation.models import State
from ops.moderation.refusals import DecisionRefused


class CaseEvent(StrEnum):
    """An event that can change the state of a case."""

    FLAGGED = "flagged"
    SETTLED = "settled"  # no flag is waiting, without a decision: flags withdrawn, or their messages erased
    DECIDED = "decided"
    ESCALATED = "escalated"
    RETURNED = "returned"  # to the usual queue
    WAITED = "waited"
    LAPSED = "lapsed"  # its decision lapsed, because a text changed
    UNDONE = "undone"  # somebody undid its decision


OPEN, WAITING, ESCALATED, CLOSED = State.OPEN, State.WAITING, State.ESCALATED, State.CLOSED
TABLE: dict[tuple[State, CaseEvent], State] = {
    (OPEN, CaseEvent.FLAGGED): OPEN,
    (OPEN, CaseEvent.SETTLED): CLOSED,
    (OPEN, CaseEvent.DECIDED): CLOSED,
    (OPEN, CaseEvent.ESCALATED): ESCALATED,
    (OPEN, CaseEvent.WAITED): WAITING,
    (OPEN, CaseEvent.LAPSED): OPEN,
    (OPEN, CaseEvent.UNDONE): OPEN,
    (WAITING, CaseEvent.FLAGGED): OPEN,
    (WAITING, CaseEvent.SETTLED): CLOSED,
    (WAITING, CaseEvent.DECIDED): CLOSED,
    (WAITING, CaseEvent.ESCALATED): ESCALATED,
    (WAITING, CaseEvent.RETURNED): OPEN,
    (WAITING, CaseEvent.WAITED): WAITING,
    (WAITING, CaseEvent.LAPSED): OPEN,
    (WAITING, CaseEvent.UNDONE): OPEN,
    (ESCALATED, CaseEvent.FLAGGED): ESCALATED,
    (ESCALATED, CaseEvent.SETTLED): CLOSED,
    (ESCALATED, CaseEvent.DECIDED): CLOSED,
    (ESCALATED, CaseEvent.RETURNED): OPEN,
    (ESCALATED, CaseEvent.WAITED): WAITING,
    (ESCALATED, CaseEvent.LAPSED): ESCALATED,
    (ESCALATED, CaseEvent.UNDONE): ESCALATED,
    (CLOSED, CaseEvent.FLAGGED): OPEN,
    (CLOSED, CaseEvent.SETTLED): CLOSED,
    (CLOSED, CaseEvent.LAPSED): OPEN,
    (CLOSED, CaseEvent.UNDONE): OPEN,
}
REFUSALS = {
    (CLOSED, CaseEvent.DECIDED): gettext_lazy("This case is closed: open it again by undoing its decision."),
    (CLOSED, CaseEvent.ESCALATED): gettext_lazy("This case is closed: only an open case can be escalated."),
    (CLOSED, CaseEvent.RETURNED): gettext_lazy("This case is closed already."),
    (CLOSED, CaseEvent.WAITED): gettext_lazy("This case is closed: only an open case can wait."),
    (OPEN, CaseEvent.RETURNED): gettext_lazy("This case is in the queue already."),
    (ESCALATED, CaseEvent.ESCALATED): gettext_lazy("This case is escalated already."),
}


def after(state: str, happening: CaseEvent) -> State:
    """Return the state of a case after ``happening``. Raises DecisionRefused if it cannot happen in this state."""
    key = (State(state), happening)
    if key in REFUSALS:
        raise DecisionRefused(str(REFUSALS[key]))
    return TABLE[key]
