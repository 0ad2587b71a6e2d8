"""The way from a person's page to what they did, for those who may read the audit trail."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from ops.console.person.about import About, Act


def about_activity(request: HttpRequest, person: Any) -> About | None:
    """A button that leads to the entries of what ``person`` did."""
    if not request.user.has_perm("audit.view_entry"):
        return None
    address = f"{reverse('admin:audit_entry_changelist')}?actor={person.pk}"
    return About(acts=[Act("Activity log", address, order=30, primary=True)])
