"""Signal receivers that keep histories, announce changed texts, notify receivers, and erase data of deleted users.

Each calls one named function. They ignore ``raw`` saves, because fixtures contain their own histories and counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import Signal

from messaging import page_cache
from messaging.erasing import erasure
from messaging.managers import ConversationQuerySet, MessageQuerySet
from messaging.models import Conversation, Message
from messaging.writing import COUNTED_FIELDS


def keep_history(sender: Any, instance: Message, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    if not raw:
        instance.keep_history(update_fields=update_fields, using=using)


def announce_text(sender: Any, instance: Message, raw: bool, using: str, **_: Any) -> None:
    if not raw:
        instance.announce_text(using=using)


def notify_receiver(sender: Any, instance: Message, raw: bool, created: bool, using: str, **_: Any) -> None:
    if created and not raw:
        instance.notify_receiver(using=using)


def recount_conversation(sender: Any, instance: Message, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    if not raw and (update_fields is None or COUNTED_FIELDS & set(update_fields)):
        # Message.save() has locked it.
        Conversation.objects.using(using).recount_locked([instance.conversation_id])


def reattach_replies(sender: Any, instance: Message, using: str, origin: Any, **_: Any) -> None:
    if not _is_deleted_in_sets(origin):
        instance.reattach_replies(using=using)


def recount_after_delete(sender: Any, instance: Message, using: str, origin: Any, **_: Any) -> None:
    if not _is_deleted_in_sets(origin):
        conversation = Conversation.objects.using(using).filter(pk=instance.conversation_id)
        conversation.recount()
        conversation.remove_empty()


def _is_deleted_in_sets(origin: Any) -> bool:
    """Return whether the deletion itself handles replies and counts, or deletes whole conversations."""
    return isinstance(origin, (MessageQuerySet, ConversationQuerySet, Conversation))


def erase_user(sender: Any, instance: Any, using: str, **_: Any) -> None:
    erasure.erase_deleted_user(instance, using=using)


def invalidate_pages(sender: Any, instance: Message, using: str, raw: bool = False, **_: Any) -> None:
    if not raw:
        page_cache.invalidate([instance.sender_id, instance.receiver_id], using=using)


def invalidate_all_pages(sender: Any, using: str, **_: Any) -> None:
    page_cache.invalidate_all(using=using)


# (signal, sender, receiver), in calling order. Senders are given by name, so that any user model works.
RECEIVERS: list[tuple[Signal, str | None, Callable[..., None]]] = [
    (pre_save, "messaging.Message", keep_history),
    (post_save, "messaging.Message", notify_receiver),
    (post_save, "messaging.Message", recount_conversation),
    (post_save, "messaging.Message", invalidate_pages),
    (post_save, "messaging.Message", announce_text),
    (pre_delete, "messaging.Message", reattach_replies),
    (post_delete, "messaging.Message", recount_after_delete),
    (post_delete, "messaging.Message", invalidate_pages),
    (post_delete, settings.AUTH_USER_MODEL, erase_user),
    (erasure.user_erased, None, invalidate_all_pages),
]


def connect() -> None:
    """Connect every receiver; connecting again changes nothing."""
    for signal, model, receiver in RECEIVERS:
        signal.connect(receiver, sender=model, dispatch_uid=dispatch_uid(receiver))


def dispatch_uid(receiver: Callable[..., None]) -> str:
    return f"messaging.{receiver.__name__}"
