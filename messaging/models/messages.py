"""The Message model, and the rules that saving one message enforces."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, router, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from messaging import joining, threads
from messaging.database.moments import moments_within_range, validate_moment
from messaging.editors import current_editor_id
from messaging.languages.wording import numbered
from messaging.limits import LONGEST_TEXT
from messaging.managers import MessageManager, UnreadMessagesManager
from messaging.models.conversations import Conversation
from messaging.texts.changes import announce
from messaging.writing import COUNTED_FIELDS, lock_people

# Saving one of these fields may change the place of a message in its thread.
PLACE_FIELDS = {"conversation", "conversation_id", "parent_message", "parent_message_id"}
# Fields that change with the text, in the same statement.
WITH_TEXT = {"edited", "revision"}
# Fields that only moderators change. Saving a message that was loaded earlier does not overwrite them.
MODERATED = ("hidden", "redaction")
PARENT_GONE = gettext_lazy("The message it answers does not exist any more.")
HIDDEN_TEXT_STAYS = gettext_lazy("Moderators removed this message, so its text cannot be edited.")
REDACTED_TEXT_STAYS = gettext_lazy("Moderators removed part of this message, so its text cannot be edited.")
# Participants read REMOVED in place of a hidden message, and ORIGINAL_WITHHELD in place of an older text of a redacted
# one. Pages translate them; files contain them untranslated.
REMOVED = gettext_noop("removed by moderators")
ORIGINAL_WITHHELD = gettext_noop("[original withheld]")
TEXT_CHANGED = gettext_lazy(
    "The text was changed after you opened it. Nothing was saved: compare both texts below, then save again."
)
UNSTORABLE_TEXT = gettext_lazy("The text holds a character that cannot be stored (U+0000): remove it.")


class TextChanged(ValidationError):
    """The stored text changed after the editor loaded it (``Message.based_on``); nothing was stored."""

    def __init__(self) -> None:
        super().__init__({"content": TEXT_CHANGED}, code="text_changed")


class Message(models.Model):
    """One text from a sender to a receiver, which may be a reply to a parent message.

    ``revision`` numbers the texts of a message from 1 and never decreases, so a number always means the same text. The
    statement that changes the text adds 1, and the older text becomes the history of its own revision. So ``revision``
    is 1 plus the number of histories ever kept. A change that keeps no older text (blanking by an erasure, undoing an
    import that failed) counts as one whose history was removed immediately.

    ``hidden``: moderators removed the message. Participants read REMOVED in its place, and its replies stay. Only
    ``messaging.texts.hiding`` and imports of new messages set it; saving the whole message keeps the stored value.

    ``redaction``: the revision that the latest removal of a part of the text made, or None. All texts before that
    revision are withheld (``MessageHistoryQuerySet.readable``). Only ``messaging.texts.redacting`` and imports of new
    messages set it, as with ``hidden``.

    ``read`` means that the receiver has read it; staff reading a message never changes it. Foreign keys to the user do
    nothing on delete, because ``messaging.erasing.erasure`` removes the messages of a deleted user in batches; the
    database's constraints guarantee that none is left.
    """

    # Set before saving an edited text: the revision that the editor saw. None skips the check for a newer text.
    based_on: int | None = None

    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        related_name="messages",
        db_index=False,
        editable=False,
        verbose_name=gettext_lazy("conversation"),
    )
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="sent_messages",
        db_index=False,
        verbose_name=gettext_lazy("sender"),
    )
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="received_messages",
        db_index=False,
        verbose_name=gettext_lazy("receiver"),
    )
    content = models.TextField(gettext_lazy("text"))
    timestamp = models.DateTimeField(gettext_lazy("sent at"), default=timezone.now, validators=[validate_moment])
    revision = models.PositiveIntegerField(gettext_lazy("revision"), default=1, db_default=1, editable=False)
    edited = models.BooleanField(pgettext_lazy("state of a message", "edited"), default=False, editable=False)
    hidden = models.BooleanField(
        pgettext_lazy("state of a message", "hidden"), default=False, db_default=False, editable=False
    )
    redaction = models.PositiveIntegerField(gettext_lazy("redaction"), null=True, editable=False)
    read = models.BooleanField(pgettext_lazy("state of a message", "read"), default=False)
    parent_message = models.ForeignKey(
        "self",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="replies",
        verbose_name=gettext_lazy("answers"),
        db_index=False,
    )
    external_id = models.CharField(
        gettext_lazy("external id"),
        max_length=255,
        null=True,
        blank=True,
        unique=True,
        help_text=gettext_lazy("The message's id in the system it came from."),
    )
    awaited_parent_external_id = models.CharField(
        gettext_lazy("awaited parent's external id"),
        max_length=255,
        null=True,
        blank=True,
        editable=False,
        help_text=gettext_lazy("The external id of the message that it answers, while that one is not stored."),
    )
    edited_elsewhere_at = models.DateTimeField(
        gettext_lazy("edited elsewhere at"),
        null=True,
        blank=True,
        editable=False,
        validators=[validate_moment],
        help_text=gettext_lazy("When the text that it was stored with was edited last, in the system it came from."),
    )

    text_changed = False  # by the last save

    objects = MessageManager()
    unread = UnreadMessagesManager()

    class Meta:
        verbose_name = gettext_lazy("message")
        verbose_name_plural = gettext_lazy("messages")
        ordering = ["-timestamp", "-id"]
        base_manager_name = "objects"
        default_manager_name = "objects"
        permissions = [("redact_message", gettext_noop("Can remove parts of messages"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent_message__isnull=True) | ~Q(parent_message=F("id")),
                name="message_not_its_own_parent",
                violation_error_message=gettext_lazy("A message cannot answer itself."),
            ),
            moments_within_range("timestamp", name="message_moment_within_range"),
            moments_within_range("edited_elsewhere_at", name="message_edit_within_range"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="message_revision_from_one"),
            models.CheckConstraint(
                condition=Q(redaction__isnull=True) | Q(redaction__gte=1, redaction__lte=F("revision")),
                name="message_redaction_is_a_revision",
            ),
            models.CheckConstraint(
                condition=Q(awaited_parent_external_id__isnull=True) | Q(parent_message__isnull=True),
                name="message_awaits_no_second_parent",
                violation_error_message=gettext_lazy("A message that answers one awaits no other."),
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "timestamp", "id"], name="message_thread"),
            # Two partial indexes instead of one on the parent: with a full one, SQLite would read every message without
            # a parent to find those of the conversations on a page.
            models.Index(fields=["parent_message"], name="message_replies", condition=Q(parent_message__isnull=False)),
            models.Index(
                fields=["conversation", "timestamp", "id"],
                name="message_beginnings",
                condition=Q(parent_message__isnull=True),
            ),
            models.Index(
                fields=["awaited_parent_external_id"],
                name="message_awaits",
                condition=Q(awaited_parent_external_id__isnull=False),
            ),
            models.Index(fields=["timestamp", "id"], name="message_latest"),
            models.Index(fields=["sender", "timestamp", "id"], name="message_sent"),
            models.Index(fields=["receiver", "timestamp", "id"], name="message_received"),
            models.Index(fields=["sender", "receiver"], name="message_between"),
            models.Index(fields=["receiver", "timestamp", "id"], name="message_unread_by", condition=Q(read=False)),
            models.Index(fields=["timestamp", "id"], name="message_unread", condition=Q(read=False)),
            models.Index(fields=["timestamp", "id"], name="message_edited", condition=Q(edited=True)),
            models.Index(fields=["timestamp", "id"], name="message_hidden", condition=Q(hidden=True)),
            models.Index(fields=["timestamp", "id"], name="message_redacted", condition=Q(redaction__isnull=False)),
            models.Index(fields=["conversation"], name="message_edited_in", condition=Q(edited=True)),
        ]

    def __str__(self) -> str:
        return _("Message %(key)s") % {"key": self.pk}

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the message in its parent's conversation; start one if it has neither a parent nor a conversation.

        Raise ValidationError if the message, its sender or receiver, its parent or its conversation no longer exists;
        if the parent is in another conversation or replies to this message; if the message would move to another
        conversation; or if its sender would change the text of a hidden or redacted message. Locks, history and recount
        share one transaction.
        """
        kwargs["using"] = using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        update_fields = kwargs.get("update_fields")
        if update_fields is not None and "content" in update_fields:
            kwargs["update_fields"] = update_fields = {*update_fields, *WITH_TEXT}
        if update_fields is None and self.get_deferred_fields():
            # Django saves the fields that were loaded, but the message may have been hidden or edited since.
            for name in (*MODERATED, *WITH_TEXT):
                self.__dict__.pop(name, None)
        conversation_id = self.conversation_id
        try:
            with transaction.atomic(using=using):
                self._lock_people(using)
                if update_fields is None or PLACE_FIELDS & set(update_fields):
                    self._join_conversation(using)
                elif COUNTED_FIELDS & set(update_fields):
                    self._lock_conversation(using)
                elif "content" in update_fields:
                    stored: Any = type(self)._base_manager.using(using).filter(pk=self.pk)
                    stored.lock_conversations()
                super().save(*args, **kwargs)
                if update_fields is None or "external_id" in update_fields:
                    joining.join_awaiting([self.external_id], using=using)
        except Exception:
            self.conversation_id = conversation_id  # a conversation that was started here was rolled back
            raise

    def get_absolute_url(self) -> str:
        return f"{reverse('messaging:conversation', args=[self.conversation_id])}#m{self.pk}"

    @property
    def shown_text(self) -> str:
        """The text that participants read, or REMOVED if the message is hidden."""
        return _(REMOVED) if self.hidden else self.content

    @property
    def edit_refusal(self) -> str:
        """The sentence that explains why its sender cannot edit the text; "" if they can."""
        return self._why_text_stays(hidden=self.hidden, redaction=self.redaction)

    @staticmethod
    def _why_text_stays(*, hidden: bool, redaction: int | None) -> str:
        if hidden:
            return str(HIDDEN_TEXT_STAYS)
        return "" if redaction is None else str(REDACTED_TEXT_STAYS)

    def clean(self) -> None:
        super().clean()
        if "\x00" in (self.content or ""):
            raise ValidationError({"content": UNSTORABLE_TEXT})
        if len(self.content or "") > LONGEST_TEXT:
            sentence = _("The text has more than %(number)s characters: shorten it, or send it in parts.")
            raise ValidationError({"content": numbered(sentence, LONGEST_TEXT)})

    def _lock_people(self, using: str) -> None:
        # Read from __dict__, so that a deferred field runs no query: it cannot have changed.
        loaded = {name: self.__dict__.get(f"{name}_id") for name in ("receiver", "sender")}
        locked = lock_people([*loaded.values(), current_editor_id()], using=using)
        for name, user_id in loaded.items():
            if user_id is not None and user_id not in locked:
                gone = {
                    "receiver": _("The account of the receiver does not exist any more."),
                    "sender": _("The account of the sender does not exist any more."),
                }
                raise ValidationError({name: gone[name]})

    def _lock_conversation(self, using: str) -> None:
        # Together with the conversations that will join it, so that all are locked in order.
        awaiting = joining.conversations_awaiting([self.__dict__.get("external_id")], using=using)
        wanted = {self.conversation_id, *awaiting}
        if self.conversation_id not in Conversation.objects.using(using).filter(pk__in=wanted).lock():
            raise ValidationError({"conversation": _("The conversation does not exist any more.")})

    def _join_conversation(self, using: str) -> None:
        """Set the conversation, lock it, and check the message's place in it.

        The checks follow the lock, so that their results still hold when the message is stored.
        """
        self._find_awaited(using)
        parent_id = self.parent_message_id
        if self.conversation_id is None and parent_id is None:
            self.conversation = Conversation.objects.using(using).create(
                started_at=self.timestamp, last_message_at=self.timestamp
            )
            return
        places = type(self)._base_manager.using(using).order_by().values_list("pk", "conversation_id")
        if self.conversation_id is None:
            self.conversation_id = dict(places.filter(pk=parent_id)).get(parent_id)
            if self.conversation_id is None:
                raise ValidationError({"parent_message": PARENT_GONE})
        self._lock_conversation(using)
        stored = dict(places.filter(pk__in=[pk for pk in (self.pk, parent_id) if pk is not None]))
        if stored.get(self.pk, self.conversation_id) != self.conversation_id:
            raise ValidationError({"conversation": _("A message stays in its conversation.")})
        if not self._state.adding and self.pk not in stored:
            # Django would insert it again, but a message erased while somebody had it open must not be restored.
            raise ValidationError({NON_FIELD_ERRORS: _("The message does not exist any more.")})
        if parent_id is None:
            return
        if parent_id not in stored:
            raise ValidationError({"parent_message": PARENT_GONE})
        if stored[parent_id] != self.conversation_id:
            raise ValidationError({"parent_message": _("The message it answers is in another conversation.")})
        if self.pk in stored and (parent_id == self.pk or self.pk in threads.ancestor_ids(parent_id, using=using)):
            raise ValidationError({"parent_message": _("The message it answers is an answer to this one: a loop.")})

    def _find_awaited(self, using: str) -> None:
        """Make a new message a reply to the parent that it awaits, if that one is stored already."""
        if self._state.adding and self.awaited_parent_external_id and self.parent_message_id is None:
            stored = type(self)._base_manager.using(using).filter(external_id=self.awaited_parent_external_id)
            self.parent_message_id = stored.values_list("pk", flat=True).first()
            if self.parent_message_id is not None:
                self.awaited_parent_external_id = None

    def keep_history(self, *, update_fields: Collection[str] | None = None, using: str) -> None:
        """Before a save that changes the text, keep the old one as a history, and set ``edited`` and ``revision``.

        Lock the row, so that the second of two simultaneous edits keeps the text of the first. Raise ValidationError
        if its sender would change the text of a hidden or redacted message, which could restore the removed words, and
        TextChanged if the stored text is no longer the one that this change is ``based_on``.
        """
        self.text_changed = False
        if self.pk is None or (update_fields is not None and "content" not in update_fields):
            return
        row = type(self)._base_manager.using(using).filter(pk=self.pk)
        fields = ("content", "edited", "revision", "sender", *MODERATED)
        stored = row.select_for_update(of=("self",)).values(*fields).first()
        if stored is None:
            return
        # This instance may have been loaded before an edit or a moderator's change.
        self.edited = self.edited or stored["edited"]
        self.revision = stored["revision"]
        if update_fields is None:
            self.hidden, self.redaction = stored["hidden"], stored["redaction"]
        if stored["content"] == self.content:
            return
        refusal = self._why_text_stays(hidden=stored["hidden"], redaction=stored["redaction"])
        editor_id = current_editor_id()
        if refusal and editor_id == stored["sender"]:
            raise ValidationError({"content": refusal})
        if self.based_on not in (None, stored["revision"]):
            raise TextChanged
        self.histories.model._base_manager.using(using).create(
            message_id=self.pk,
            revision=stored["revision"],
            old_content=stored["content"],
            edited_by_id=editor_id,
            by_staff=editor_id not in (None, stored["sender"]),
        )
        self.text_changed, self.edited, self.revision = True, True, stored["revision"] + 1
        if update_fields is not None and not set(update_fields) >= WITH_TEXT:
            # Some fields are deferred, and Django saves only the loaded ones.
            row.update(edited=True, revision=self.revision)

    def announce_text(self, *, using: str) -> None:
        """After saving, send ``texts_changed`` if the text changed."""
        if self.text_changed:
            announce(type(self), [self.pk], using=using)

    def notify_receiver(self, *, using: str) -> None:
        """Store the receiver's notification, unless it exists already."""
        notifications: Any = self.notifications.model
        notification = notifications(user_id=self.receiver_id, message_id=self.pk)
        notifications._base_manager.using(using).bulk_create([notification], ignore_conflicts=True)

    def reattach_replies(self, *, using: str) -> None:
        """Before deletion, attach the replies to this message's parent, or make them roots if it has none."""
        Conversation.objects.using(using).filter(pk=self.conversation_id).lock()
        messages: Any = type(self)._base_manager.using(using)
        messages.reattach_replies([self.pk])
