from __future__ import annotations

from ops.moderation.groups.tests.many import lea, lena
from ops.moderation.tests.desk import mike, mona, reported, spam, threat

__all__ = ["lea", "lena", "mike", "mona", "reported", "spam", "threat"]
