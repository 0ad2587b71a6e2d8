"""Adding and deleting notes. Both are recorded, without the text of the note."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.models import Conversation, Message
from ops.accounts.refusals import Refused
from ops.audit.recording import record
from ops.moderation.events import ModerationEvent
from ops.moderation.models import Note, NotePerson


def add(text: str, about: Any, *, by: Any) -> Note:
    """Add a note about a conversation or an account, and return it.

    Raises Refused if the conversation no longer exists: it was erased, or joined to another one.
    """
    with transaction.atomic():
        is_conversation = isinstance(about, Conversation)
        # Locked, so that the conversation is not joined to another one meanwhile.
        if is_conversation and not Conversation.objects.filter(pk=about.pk).lock():
            raise Refused(
                _("This conversation was removed, or joined to another one. Open that one and note it there.")
            )
        target = {"conversation": about, "beginning": _beginning_of(about)} if is_conversation else {"person": about}
        name = by.get_username()
        note = Note.objects.create(text=text, author=by, author_name=name, created_at=timezone.now(), **target)
        if is_conversation:
            people = _people_in(about)
            NotePerson.objects.bulk_create([NotePerson(note=note, user_id=pk) for pk in people], batch_size=500)
        record(ModerationEvent.NOTE_ADDED, actor=by, target=about, details={"note": note.pk})
    return note


def may_delete(note: Note, user: Any) -> bool:
    """Return whether this user may delete the note: their own, or any note with the permission."""
    own = note.author_id == user.pk and user.has_perm("moderation.add_note")
    return own or user.has_perm("moderation.delete_note")


def delete(note: Note, *, by: Any) -> None:
    """Delete a note. Raises Refused if it is a colleague's and ``by`` lacks the permission."""
    if not may_delete(note, by):
        raise Refused(_("Only its author or a Lead deletes a note."))
    with transaction.atomic():
        if note.conversation_id:
            target: Any = ("messaging.conversation", note.conversation_id)
        else:
            target = note.person or ("accounts.user", note.person_id)
        details = {"note": note.pk, "author": note.author_id}
        record(ModerationEvent.NOTE_DELETED, actor=by, target=target, details=details)
        note.delete()


def _beginning_of(conversation: Conversation) -> Any:
    first = Message.objects.filter(conversation=conversation, parent_message=None).order_by("timestamp", "id")
    return first.values_list("pk", flat=True).first()


def _people_in(conversation: Conversation) -> set[Any]:
    pairs = Message.objects.filter(conversation=conversation).order_by().values_list("sender", "receiver").distinct()
    return {key for pair in pairs for key in pair if key is not None}
