"""Thin receivers that keep histories, notify receivers and tidy up; each calls one named function."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db.models.signals import ModelSignal, post_delete, post_save, pre_delete, pre_save

from messaging import erasure
from messaging.models import Conversation, Message

COUNTED_FIELDS = {"conversation", "conversation_id", "read", "timestamp"}


def keep_history(sender: Any, instance: Message, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    if not raw:
        instance.keep_history(update_fields=update_fields, using=using)


def notify_receiver(sender: Any, instance: Message, raw: bool, created: bool, using: str, **_: Any) -> None:
    if created and not raw:
        instance.notify_receiver(using=using)


def recount_conversation(sender: Any, instance: Message, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    if not raw and (update_fields is None or COUNTED_FIELDS & set(update_fields)):
        Conversation.objects.using(using).filter(pk=instance.conversation_id).recount()


def hand_replies_on(sender: Any, instance: Message, using: str, **_: Any) -> None:
    instance.hand_replies_on(using=using)


def tidy_conversation(sender: Any, instance: Message, using: str, **_: Any) -> None:
    conversation = Conversation.objects.using(using).filter(pk=instance.conversation_id)
    conversation.recount()
    conversation.remove_empty()


def erase_user(sender: Any, instance: Any, using: str, **_: Any) -> None:
    erasure.erase_user_data(instance.pk, using=using)


# What is heard, from whom, and what answers. A model is named, not imported, so that any user model will do.
RECEIVERS: list[tuple[ModelSignal, str, Any]] = [
    (pre_save, "messaging.Message", keep_history),
    (post_save, "messaging.Message", notify_receiver),
    (post_save, "messaging.Message", recount_conversation),
    (pre_delete, "messaging.Message", hand_replies_on),
    (post_delete, "messaging.Message", tidy_conversation),
    (post_delete, settings.AUTH_USER_MODEL, erase_user),
]


def connect() -> None:
    """Connect every receiver; doing it twice is harmless."""
    for signal, model, receiver in RECEIVERS:
        signal.connect(receiver, sender=model, dispatch_uid=f"messaging.{receiver.__name__}")


@contextmanager
def disconnected() -> Iterator[None]:
    """Within this block no receiver of this app answers (for tests); they are connected again whatever happens."""
    for signal, model, receiver in RECEIVERS:
        signal.disconnect(sender=model, dispatch_uid=f"messaging.{receiver.__name__}")
    try:
        yield
    finally:
        connect()
