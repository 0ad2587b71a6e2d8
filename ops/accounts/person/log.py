"""The tab that shows who opened or changed an account, for users who may read the audit trail."""

from __future__ import annotations

from typing import Any

from ops.accounts.models import User
from ops.accounts.person import tabs
from ops.accounts.person.page import PersonTab
from ops.audit.models import Entry
from ops.audit.screens import reading, targets

MOST_ENTRIES = 50


class LogTab(PersonTab):
    """The latest entries about a person. Reading them is recorded first."""

    tab = tabs.LOG
    permission = tab.permission
    template_name = "accounts/person/log.html"

    def content(self, person: Any) -> dict[str, Any]:
        reading.record_reading(Entry, by=self.request.user)
        about = Entry.objects.about(User._meta.label_lower, person.pk).select_related("seal", "unsealed")
        entries = list(about.order_by("-at", "-id")[: MOST_ENTRIES + 1])
        return {
            "rows": entries[:MOST_ENTRIES],
            "has_more": len(entries) > MOST_ENTRIES,
            "target": targets.key(person),
        }
