"""Template tags: how participants' own accounts are deleted, and names in sentences about deletions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ops.deletion.models import DeletionRequest

register = template.Library()

MOST_NAMES = 10  # in one sentence


class OwnDeletion(NamedTuple):
    """When and how an account is deleted if its owner requests it now."""

    days: int
    runs_at: datetime
    mode: str
    texts: str


@register.simple_tag
def own_deletion() -> OwnDeletion:
    """Return the values that follow from this installation's settings."""
    days = settings.DELETION_GRACE_DAYS
    return OwnDeletion(days, timezone.now() + timedelta(days=days), settings.DELETION_MODE, settings.DELETION_TEXTS)


@register.simple_tag(takes_context=True)
def names_of(context: Any, others: Sequence[DeletionRequest]) -> SafeString:
    """Return the first MOST_NAMES account names of these requests, as links for people who may open the requests."""
    opens = context["user"].has_perm("deletion.view_deletionrequest")
    names = format_html_join(", ", "{}", ((_name_of(one, opens=opens),) for one in others[:MOST_NAMES]))
    return format_html(_("{names} and others"), names=names) if len(others) > MOST_NAMES else names


def _name_of(request: DeletionRequest, *, opens: bool) -> SafeString:
    name = format_html("<bdi>{}</bdi>", request.display_name)  # type: ignore[attr-defined]
    if not opens:
        return name
    address = reverse("admin:deletion_deletionrequest_change", args=[request.pk])
    return format_html('<a href="{}">{}</a>', address, name)
