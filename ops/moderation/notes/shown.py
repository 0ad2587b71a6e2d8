"""Notes for pages: on a case, beside a conversation, on a person's page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from ops.console.person.about import About
from ops.console.person.about import Note as Sentence
from ops.console.person.tabs import Tab
from ops.console.thread.page import ConversationPage
from ops.console.thread.panel import Section
from ops.moderation.models import Note
from ops.moderation.notes.writing import may_delete

MOST_NOTES = 50  # newest notes on one page
TAB = Tab("notes", gettext_lazy("Notes"), 60, "moderation.view_note", "admin:moderation_notes_of_person")


@dataclass
class Notes:
    """Notes for one reader, newest first. ``address`` is the URL for adding a note, "" if the reader may not.

    Each note has ``may_delete``. ``names``: whether notes about people show the person's name.
    """

    rows: list[Note] = field(default_factory=list)
    has_more: bool = False
    address: str = ""
    names: bool = True

    @property
    def most(self) -> int:
        return MOST_NOTES


def sees(user: Any) -> bool:
    """Return whether this user may read notes."""
    return bool(user.has_perm("moderation.view_note"))


def of_conversation(user: Any, conversation_id: Any, people: Any, *, case: Any = None, kept: str = "") -> Notes | None:
    """Return the notes on a conversation and about ``people`` (keys, or a query of them); None if ``user`` may not
    read notes.

    With a ``case``, adding a note leads back to its page, and ``kept`` preserves the view in its URL ("?view=3").
    """
    if conversation_id is None or not sees(user):
        return None
    address = reverse("admin:moderation_note_on_conversation", args=[conversation_id])
    found = Note.objects.about(conversation_id=conversation_id, people=people)
    return _notes(user, found, f"{address}{kept}{'&' if kept else '?'}case={case}" if case else address)


def of_person(user: Any, person_id: Any) -> Notes:
    """Return the notes about a person, for the tab on their page."""
    address = reverse("admin:moderation_note_on_person", args=[person_id])
    notes = _notes(user, Note.objects.filter(person=person_id), address)
    notes.names = False
    return notes


def _notes(user: Any, found: Any, address: str) -> Notes:
    rows = list(found.select_related("person").order_by("-created_at", "-id")[: MOST_NOTES + 1])
    for row in rows:
        row.may_delete = may_delete(row, user)
    address = address if user.has_perm("moderation.add_note") else ""
    return Notes(rows[:MOST_NOTES], has_more=len(rows) > MOST_NOTES, address=address)


def beside_conversation(request: HttpRequest, page: ConversationPage) -> Notes | None:
    """Return the notes for the panel beside a conversation, including notes about its most active participants."""
    people: Collection[Any] = [one.person.pk for one in page.thread.most_active]
    notes = of_conversation(request.user, page.conversation.pk, people)
    return notes if notes and (notes.rows or notes.address) else None


def about_person(request: HttpRequest, person: Any) -> About | None:
    """Return the sentence at the top of a person's page that counts and links to the notes about them."""
    if not sees(request.user):
        return None
    number = Note.objects.filter(person=person.pk)[: MOST_NOTES + 1].count()
    if not number:
        return None
    if number > MOST_NOTES:
        words = numbered(_("More than %(number)s notes by staff."), MOST_NOTES)
    else:
        words = numbered(ngettext("%(number)s note by staff.", "%(number)s notes by staff.", number), number)
    return About(notes=[Sentence(words, link=(_("Read"), reverse(TAB.view_name, args=[person.pk])))])


SECTIONS = (Section("notes", gettext_lazy("Notes"), 25, "moderation/_notes.html", beside_conversation),)
