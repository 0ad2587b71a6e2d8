"""The list that shows exactly the rows which a figure counts."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from ops.dashboard.periods import Period


@dataclass(frozen=True)
class Rows:
    """A list of the console by the name of its address, and its query."""

    address: str  # such as "admin:messaging_message_changelist"
    query: str = ""

    @classmethod
    def of(cls, model: str, **query: str) -> Rows:
        """The list of a model ("messaging.message"), with these filters; names that Python keeps end in "_"."""
        chosen = {name.rstrip("_"): value for name, value in query.items() if value}
        return cls(f"admin:{model.replace('.', '_')}_changelist", urlencode(chosen))


def messages_sent_in(period: Period, **query: str) -> Rows:
    """The list of messages, of those sent in a period. Its days are those of whoever looks: the same rows where they
    have the console's zone."""
    return Rows.of("messaging.message", from_=period.first.isoformat(), to=period.last.isoformat(), **query)
