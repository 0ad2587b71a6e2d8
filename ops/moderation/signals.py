"""Signal receivers: update cases when messages or people change, and remove the triggers during migrations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_migrate, pre_migrate

from messaging.erasing.erasure import user_erased
from messaging.joining import messages_moved
from messaging.texts.changes import texts_changed
from ops.moderation import claims, erased, settling, triggers
from ops.moderation.joining import following
from ops.moderation.notes import moving


def lapse(sender: Any, ids: Collection[int], using: str, erased: bool, **_: Any) -> None:
    if not erased:  # a decision about a text stays in force when the text is erased
        settling.lapse(ids, using=using)


def rejoin(sender: Any, conversation_ids: Collection[int], merged: Mapping[int, int], using: str, **_: Any) -> None:
    following.follow(conversation_ids, merged, using=using)
    moving.follow(conversation_ids, merged, using=using)


def forget(sender: Any, user_id: Any, **_: Any) -> None:
    erased.forget_deleted(user_id)


def release(sender: Any, user: Any, **_: Any) -> None:
    if user is not None:
        claims.release_all(user)


def remove_triggers(sender: Any, using: str, **_: Any) -> None:
    triggers.remove(using)


def install_triggers(sender: Any, using: str, **_: Any) -> None:
    triggers.install(using)


def connect(config: Any) -> None:
    """Connect the receivers; ``config`` is this app's configuration. Connecting twice is harmless."""
    texts_changed.connect(lapse, dispatch_uid="moderation.lapse")
    messages_moved.connect(rejoin, dispatch_uid="moderation.rejoin")
    user_erased.connect(forget, dispatch_uid="moderation.forget")
    user_logged_out.connect(release, dispatch_uid="moderation.release")
    pre_migrate.connect(remove_triggers, sender=config, dispatch_uid="moderation.remove_triggers")
    post_migrate.connect(install_triggers, sender=config, dispatch_uid="moderation.install_triggers")
