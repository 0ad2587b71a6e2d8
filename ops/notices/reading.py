"""Reading notices: the number at the bell, marking notices as read, and opening their targets."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import ngettext

from ops.console.frame import jump
from ops.console.rooms import PendingWork
from ops.notices.models import Notice, NoticeQuerySet
from ops.notices.notifying import Target, reference


def bell(user: Any) -> PendingWork:
    """Return the user's unread notices, which the bell counts."""
    rows = Notice.objects.of(user.pk).unread()
    return PendingWork("notices.Notice", rows, lambda n: ngettext("unread notice", "unread notices", n), "")


def mark_read(notices: NoticeQuerySet) -> int:
    """Mark these notices as read, and return how many were unread."""
    return notices.unread().update(read_at=timezone.now())


def mark_seen(user: Any, target: Target) -> None:
    """Mark the user's notices about ``target`` as read. Writes nothing if there are none."""
    target_type, target_id = reference(target)
    these = Notice.objects.of(user.pk).unread().filter(target_type=target_type, target_id=target_id)
    keys = list(these.values_list("pk", flat=True))
    if keys:
        mark_read(Notice.objects.filter(pk__in=keys))


def address_of(request: HttpRequest, notice: Notice) -> str:
    """Return the URL of a notice's target; "" if it no longer exists, or the user may not open it."""
    kind = notice.declared
    if kind is None or (kind.permission and not request.user.has_perm(kind.permission)):
        return ""
    if kind.page:
        try:
            return reverse(kind.page, args=[notice.target_id] if kind.target else [])
        except NoReverseMatch:
            return ""
    model: Any = _model(notice.target_type)
    if model is None or jump.row(admin.site, request, model, notice.target_id) is None:
        return ""
    return jump.page_of(model, notice.target_id)


def name_targets(notices: list[Notice]) -> dict[int, str]:
    """Return the names of the targets, by primary key of the notice. Runs one query for each model."""
    wanted: defaultdict[str, list[Notice]] = defaultdict(list)
    for notice in notices:
        if notice.declared is not None and notice.declared.called is not None:
            wanted[notice.target_type].append(notice)
    names = {}
    for target_type, some in wanted.items():
        model = _model(target_type)
        rows = model._base_manager.in_bulk({notice.target_id for notice in some}) if model is not None else {}
        by_key = {str(key): row for key, row in rows.items()}
        for notice in some:
            row, kind = by_key.get(notice.target_id), notice.declared
            if row is not None and kind is not None and kind.called is not None:
                names[notice.pk] = kind.called(row)
    return names


def _model(target_type: str) -> type[models.Model] | None:
    try:
        return apps.get_model(target_type)
    except (LookupError, ValueError):
        return None
