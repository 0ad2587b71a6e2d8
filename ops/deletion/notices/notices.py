"""Notices to requesters of deletions; one notice covers all accounts that were requested together."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from ops.audit import context
from ops.deletion.models import DeletionGroup, DeletionRequest
from ops.notices import topics
from ops.notices.kinds import Kind
from ops.notices.notifying import notify as notify_people

REQUEST, GROUP = "deletion.deletionrequest", "deletion.deletiongroup"
GROUP_PAGE: dict[str, Any] = {"page": "admin:deletion_deletiongroup", "permission": "deletion.view_deletionrequest"}
KINDS = (
    Kind("deletion.approved", topics.APPROVALS, gettext_lazy("The deletion that you requested was approved."), REQUEST),
    Kind("deletion.refused", topics.APPROVALS, gettext_lazy("The deletion that you requested was refused."), REQUEST),
    Kind(
        "deletion.cancelled", topics.APPROVALS, gettext_lazy("The deletion that you requested was cancelled."), REQUEST
    ),
    Kind(
        "deletion.sent_back",
        topics.APPROVALS,
        gettext_lazy("The deletion that you requested needs to be approved again."),
        REQUEST,
    ),
    Kind("deletion.finished", topics.FINISHED, gettext_lazy("The deletion that you requested is finished."), REQUEST),
    Kind(
        "deletion.failed",
        topics.FAILED,
        gettext_lazy("The deletion that you requested failed. It is tried again by itself."),
        REQUEST,
    ),
    Kind(
        "deletion.group_approved",
        topics.APPROVALS,
        gettext_lazy("Deletions that you requested were approved."),
        GROUP,
        **GROUP_PAGE,
    ),
    Kind(
        "deletion.group_refused",
        topics.APPROVALS,
        gettext_lazy("Deletions that you requested were refused."),
        GROUP,
        **GROUP_PAGE,
    ),
    Kind(
        "deletion.group_cancelled",
        topics.APPROVALS,
        gettext_lazy("Deletions that you requested were cancelled."),
        GROUP,
        **GROUP_PAGE,
    ),
    Kind(
        "deletion.group_finished",
        topics.FINISHED,
        gettext_lazy("The deletions that you requested are finished."),
        GROUP,
        **GROUP_PAGE,
    ),
)


def notify(what: str, request: DeletionRequest, *, by: Any) -> None:
    """Notify the requester that ``by`` (None: a command) "approved", "refused" or "cancelled" a request.

    Gives one notice for all requests of a group that the same click decided. People who delete their own account are
    not staff and get none.
    """
    to, action = [request.requested_by_id], context.current().action
    if has_several_requests(request.group):
        notify_people(f"deletion.group_{what}", to, (GROUP, request.group_id), by=by, occasion=action)
    else:
        notify_people(f"deletion.{what}", to, (REQUEST, request.pk), by=by, occasion=action)


def notify_sent_back(request: DeletionRequest) -> None:
    """Notify the requester that an approved request is pending again."""
    notify_people("deletion.sent_back", [request.requested_by_id], (REQUEST, request.pk), occasion=request.job_id or "")


def has_several_requests(group: DeletionGroup) -> bool:
    """Return whether the group has more than one request."""
    return group.requests.count() > 1
