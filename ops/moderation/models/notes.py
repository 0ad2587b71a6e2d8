"""Notes that staff keep for each other about a conversation or a person."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from messaging.models import Conversation
from ops.deletion.models.people import person as account

LONGEST_STAFF_NOTE = 2_000  # characters


class NoteQuerySet(models.QuerySet["Note"]):
    def about(self, *, conversation_id: Any = None, people: Any = ()) -> NoteQuerySet:
        """Return notes on this conversation and notes about any of these people (keys, or a query of them)."""
        return self.filter(Q(conversation=conversation_id, conversation__isnull=False) | Q(person__in=people))

    def left_behind(self) -> NoteQuerySet:
        """Return notes whose conversation is erased: no page shows them any more."""
        return self.filter(conversation=None, person=None)


class Note(models.Model):
    """A note by staff about a conversation or a person: never changed, only added and deleted.

    ``people`` took part in the conversation then: the note is deleted when one of them is erased, because it may be
    about them. ``beginning`` is the id of the message that the conversation started with: the note stays on the
    conversation that holds this message. The author's name is a copy, emptied when they are erased.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    beginning = models.BigIntegerField(null=True, blank=True, editable=False)
    person = account(blank=True)
    text = models.CharField(max_length=LONGEST_STAFF_NOTE)
    author = account(blank=True)
    author_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()

    objects = NoteQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("note")
        verbose_name_plural = gettext_lazy("notes")
        default_permissions = ("view", "add", "delete")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(conversation=None) | Q(person=None), name="note_about_one"),
            models.CheckConstraint(condition=~Q(text=""), name="note_has_text"),
        ]
        indexes = [
            models.Index(fields=["conversation", "created_at"], name="note_of_conversation"),
            models.Index(fields=["person", "created_at"], name="note_of_person"),
            models.Index(fields=["author"], name="note_by_author"),
        ]

    def __str__(self) -> str:
        return f"Note {self.pk}"


class NotePerson(models.Model):
    """Somebody who took part in the conversation of a note when it was written."""

    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="people", db_index=False)
    user: Any = account(null=False, db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["note", "user"], name="note_person_once")]

    def __str__(self) -> str:
        return f"Person {self.user_id} of note {self.note_id}"
