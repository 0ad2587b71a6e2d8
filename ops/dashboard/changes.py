"""Which dashboards a change makes stale: changes of messages by signal, actions of staff by their audit entry."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save

from messaging.models import Message
from ops.audit.models import Entry
from ops.dashboard import board_cache
from ops.imports.recording import messages_imported

MESSAGES, DESK, DELETIONS, JOBS = "messages", "desk", "deletions", "jobs"  # topics (board_cache.py)
# By the area of an event, as in "moderation.decided". Readings and searches change only the numbers of oversight, which
# are at most a minute old anyway.
TOPICS = {
    "moderation": DESK,
    "account": DELETIONS,
    "identifier": DELETIONS,
    "import": JOBS,
    "export": JOBS,
    "job": JOBS,
}
READING = "moderation.case_read"


def message_changed(sender: Any, **_: Any) -> None:
    board_cache.mark_stale(MESSAGES)


def something_was_done(sender: Any, instance: Entry, **_: Any) -> None:
    topic = TOPICS.get(instance.event.partition(".")[0])
    if topic and instance.event != READING:
        board_cache.mark_stale(topic)


def connect() -> None:
    """Connect the receivers; a second call changes nothing."""
    for signal in (post_save, post_delete):
        signal.connect(message_changed, sender=Message, dispatch_uid="dashboard.message_changed")
    messages_imported.connect(message_changed, dispatch_uid="dashboard.messages_imported")
    post_save.connect(something_was_done, sender=Entry, dispatch_uid="dashboard.something_was_done")
