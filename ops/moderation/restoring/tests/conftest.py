from __future__ import annotations

from ops.moderation.tests.desk import lena, mike, mona, reported, spam, threat

__all__ = ["lena", "mike", "mona", "reported", "spam", "threat"]
