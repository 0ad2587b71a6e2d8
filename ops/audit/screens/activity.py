"""The button on a person's page that leads to their entries, for users who may read the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from ops.audit.models import Entry
from ops.console.person.about import About, Act


def shown_people(user: Any) -> Iterable[Exists]:
    """Yield conditions for people who are the target or the actor of an entry, if ``user`` may read the trail."""
    if user.has_perm("audit.view_entry"):
        label = get_user_model()._meta.label_lower
        yield Exists(Entry.objects.filter(target_type=label, target_id=Cast(OuterRef("pk"), CharField())))
        yield Exists(Entry.objects.by_person(OuterRef("pk")))


def about_activity(request: HttpRequest, person: Any) -> About | None:
    """Return a button that leads to the entries of what ``person`` did; None without permission."""
    if not request.user.has_perm("audit.view_entry"):
        return None
    address = f"{reverse('admin:audit_entry_changelist')}?actor={person.pk}"
    return About(acts=[Act(_("Activity log"), address, order=30, primary=True)])
