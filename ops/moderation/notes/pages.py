"""The pages of notes: adding one, deleting one, and the tab on a person's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property, lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.languages.wording import numbered
from messaging.models import Conversation
from ops.accounts.actions import Action
from ops.accounts.person.page import PersonTab, load
from ops.console.addresses import whole_number
from ops.console.person import tabs
from ops.console.rooms import Page
from ops.moderation.models import Case, Note
from ops.moderation.models.notes import LONGEST_STAFF_NOTE
from ops.moderation.notes import shown, writing
from ops.moderation.saved import queues


def _about_notes() -> str:
    words = _("Up to %(number)s characters. Staff who review read it, participants never do.")
    return numbered(words, LONGEST_STAFF_NOTE)


class NoteForm(forms.Form):
    """The text of a note."""

    text = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=LONGEST_STAFF_NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=lazy(_about_notes, str)(),
        error_messages={"required": gettext_lazy("Enter the note.")},
    )


class AddNote(Action):
    """A page with the form of a note; the note forms on other pages post to it."""

    permission = "moderation.add_note"
    template_name = "moderation/note.html"
    form_class = NoteForm
    success_text = gettext_lazy("Note added.")

    def look_up(self) -> None:
        _about = self.about

    @cached_property
    def about(self) -> Any:
        """The conversation or account that the note is about. Raises Http404."""
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(back=self.get_success_url(), **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        writing.add(data["text"], self.about, by=self.request.user)


class OnConversation(AddNote):
    """Adds a note on a conversation. ``?case=`` names the case on whose page it was written."""

    @cached_property
    def about(self) -> Conversation:
        return get_object_or_404(Conversation, pk=self.kwargs["pk"])

    def heading(self) -> str:
        return _("Note on conversation %(number)s") % {"number": self.about.pk}

    def get_success_url(self) -> str:
        user, number = self.request.user, whole_number(self.request.GET.get("case"))
        case = number and Case.objects.filter(pk=number, conversation=self.about)
        if case and user.has_perm("moderation.view_case"):
            return reverse("admin:moderation_case_change", args=[number]) + queues.kept(self.request) + "#notes"
        return page_of_conversation(self.about.pk, user)


class OnPerson(AddNote):
    """Adds a note about a person."""

    @cached_property
    def about(self) -> Any:
        (person,) = load(self.kwargs["pk"], by=self.request.user)
        return person

    def heading(self) -> str:
        return _("Note about %(name)s") % {"name": self.about.get_username()}

    def get_success_url(self) -> str:
        return page_of_person(self.about.pk, self.request.user)


class DeleteNote(Action):
    """Asks for confirmation, then deletes a note. A colleague's note requires a permission."""

    permission = "moderation.add_note"
    template_name = "moderation/delete_note.html"
    form_class = forms.Form
    title = gettext_lazy("Delete note")
    success_text = gettext_lazy("Note deleted.")

    def look_up(self) -> None:
        if not writing.may_delete(self.note, self.request.user):
            raise PermissionDenied

    @cached_property
    def note(self) -> Note:
        return get_object_or_404(Note, pk=self.kwargs["pk"])

    def get_success_url(self) -> str:
        user = self.request.user
        if self.note.person_id:
            return page_of_person(self.note.person_id, user)
        return page_of_conversation(self.note.conversation_id, user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(note=self.note, back=self.get_success_url(), **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        writing.delete(self.note, by=self.request.user)


class NotesTab(PersonTab):
    """The tab with the notes about a person, on that person's page."""

    tab = shown.TAB
    permission = tab.permission
    template_name = "moderation/person_notes.html"

    def content(self, person: Any) -> dict[str, Any]:
        return {"notes": shown.of_person(self.request.user, person.pk)}


def page_of_conversation(key: int | None, user: Any) -> str:
    """Return the URL of a conversation for a user who may see it, or else of the home page."""
    if key and user.has_perm("messaging.view_conversation"):
        return reverse("admin:messaging_conversation_change", args=[key])
    return reverse("admin:index")


def page_of_person(key: Any, user: Any) -> str:
    """Return the URL to redirect to after adding or deleting a note about this person."""
    if shown.sees(user):
        return reverse(shown.TAB.view_name, args=[key])
    return tabs.address_of(key, user=user) or reverse("admin:index")


PAGES = (
    Page("messaging/conversation/<int:pk>/note/", OnConversation.as_view(), "moderation_note_on_conversation"),
    Page("accounts/user/<int:pk>/note/", OnPerson.as_view(), "moderation_note_on_person"),
    Page("accounts/user/<int:pk>/notes/", NotesTab.as_view(), "moderation_notes_of_person"),
    Page("moderation/note/<int:pk>/delete/", DeleteNote.as_view(), "moderation_note_delete"),
)
