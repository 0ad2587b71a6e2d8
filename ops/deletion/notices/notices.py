"""What requesters are told of deletions: who asked for several accounts at once is told of all of them together."""

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
    """Tell the requester what ``by`` (None: a command) did with a request: "approved", "refused" or "cancelled".

    Once for all requests of a group with which the same click did it. A person who deletes their own account is none of
    the staff, and gets no notice.
    """
    to, action = [request.requested_by_id], context.current().action
    if is_of_several(request.group):
        notify_people(f"deletion.group_{what}", to, (GROUP, request.group_id), by=by, occasion=action)
    else:
        notify_people(f"deletion.{what}", to, (REQUEST, request.pk), by=by, occasion=action)


def notify_sent_back(request: DeletionRequest) -> None:
    """Tell the requester that an approved request waits for approval again."""
    notify_people("deletion.sent_back", [request.requested_by_id], (REQUEST, request.pk), occasion=request.job_id or "")


def is_of_several(group: DeletionGroup) -> bool:
    """Whether the deletion of several accounts was requested together."""
    return group.requests.count() > 1
