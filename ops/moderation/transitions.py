"""The events that can change a case, and the state each leads to. Every change of a case's state goes through
``after``."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext_lazy

from ops.moderation.models import State
from ops.moderation.refusals import DecisionRefused


class Happening(StrEnum):
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
TABLE: dict[tuple[State, Happening], State] = {
    (OPEN, Happening.FLAGGED): OPEN,
    (OPEN, Happening.SETTLED): CLOSED,
    (OPEN, Happening.DECIDED): CLOSED,
    (OPEN, Happening.ESCALATED): ESCALATED,
    (OPEN, Happening.WAITED): WAITING,
    (OPEN, Happening.LAPSED): OPEN,
    (OPEN, Happening.UNDONE): OPEN,
    (WAITING, Happening.FLAGGED): OPEN,
    (WAITING, Happening.SETTLED): CLOSED,
    (WAITING, Happening.DECIDED): CLOSED,
    (WAITING, Happening.ESCALATED): ESCALATED,
    (WAITING, Happening.RETURNED): OPEN,
    (WAITING, Happening.WAITED): WAITING,
    (WAITING, Happening.LAPSED): OPEN,
    (WAITING, Happening.UNDONE): OPEN,
    (ESCALATED, Happening.FLAGGED): ESCALATED,
    (ESCALATED, Happening.SETTLED): CLOSED,
    (ESCALATED, Happening.DECIDED): CLOSED,
    (ESCALATED, Happening.RETURNED): OPEN,
    (ESCALATED, Happening.WAITED): WAITING,
    (ESCALATED, Happening.LAPSED): ESCALATED,
    (ESCALATED, Happening.UNDONE): ESCALATED,
    (CLOSED, Happening.FLAGGED): OPEN,
    (CLOSED, Happening.SETTLED): CLOSED,
    (CLOSED, Happening.LAPSED): OPEN,
    (CLOSED, Happening.UNDONE): OPEN,
}
REFUSALS = {
    (CLOSED, Happening.DECIDED): gettext_lazy("This case is closed: open it again by undoing its decision."),
    (CLOSED, Happening.ESCALATED): gettext_lazy("This case is closed: only an open case can be escalated."),
    (CLOSED, Happening.RETURNED): gettext_lazy("This case is closed already."),
    (CLOSED, Happening.WAITED): gettext_lazy("This case is closed: only an open case can wait."),
    (OPEN, Happening.RETURNED): gettext_lazy("This case is in the queue already."),
    (ESCALATED, Happening.ESCALATED): gettext_lazy("This case is escalated already."),
}


def after(state: str, happening: Happening) -> State:
    """Return the state of a case after ``happening``. Raises DecisionRefused if it cannot happen in this state."""
    key = (State(state), happening)
    if key in REFUSALS:
        raise DecisionRefused(str(REFUSALS[key]))
    return TABLE[key]
