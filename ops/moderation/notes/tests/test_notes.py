"""Notes of staff: who reads, writes and deletes them, where they are shown, and whose erasure deletes them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messaging.models import Conversation, Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.accounts.refusals import Refused
from ops.audit.models import Entry
from ops.deletion.tests.deleting import erased as erase
from ops.deletion.tests.deleting import sam, sue
from ops.imports.tests.files import row
from ops.imports.tests.importing import stored_import, undone
from ops.moderation import erased, settling
from ops.moderation.models import Case, Note, NotePerson
from ops.moderation.notes import writing
from ops.moderation.tests.desk import reported, spam
from ops.tests.asking import make_staff, signed_in

__all__ = ["reported", "sam", "spam", "sue"]

pytestmark = pytest.mark.django_db

SECRET = "Two more accounts of his were closed"


def on(row: Any, page: str) -> str:
    return reverse(f"admin:{page}", args=[row.pk])


@pytest.fixture
def message(alice: Any, bob: Any) -> Message:
    return write(alice, bob, "Hello")


@pytest.fixture
def rita(db: Any) -> Any:
    return make_staff("rita")


@pytest.fixture
def browser(rita: Any) -> Client:
    return signed_in("rita")


def send(client: Client, about: Any, text: str = SECRET, **query: Any) -> Any:
    page = "moderation_note_on_conversation" if isinstance(about, Conversation) else "moderation_note_on_person"
    return client.post(reverse(f"admin:{page}", args=[about.pk], query=query), {"text": text})


class TestWriting:
    def test_a_note_on_a_conversation_is_read_beside_it_and_on_its_case(
        self, browser: Client, message: Message, reported: Any, spam: Any
    ) -> None:
        case = reported(spam, message=message).case
        beside = on(message.conversation, "messaging_conversation_change")
        assert send(browser, message.conversation)["Location"] == beside
        of_case = on(case, "moderation_case_change")
        assert send(browser, message.conversation, "Another", case=case.pk)["Location"] == f"{of_case}#notes"
        for page in (beside, of_case):
            shown = browser.get(page).content.decode()
            assert shown.index("Another") < shown.index(SECRET)
            assert "by <bdi>rita</bdi>" in shown

    def test_a_note_about_a_person_is_read_on_their_page_and_wherever_they_wrote(
        self, browser: Client, message: Message, reported: Any, spam: Any, alice: Any
    ) -> None:
        case = reported(spam, message=message).case
        tab = on(alice, "moderation_notes_of_person")
        assert send(browser, alice)["Location"] == tab
        assert SECRET in browser.get(tab).content.decode()
        assert "1 note by staff." in browser.get(on(alice, "accounts_user_conversations")).content.decode()
        for page in (on(message.conversation, "messaging_conversation_change"), on(case, "moderation_case_change")):
            shown = browser.get(page).content.decode()
            assert SECRET in shown
            assert "about <bdi>alice</bdi>" in shown

    def test_a_note_is_not_shown_on_other_conversations(
        self, browser: Client, message: Message, charlie: Any, bob: Any
    ) -> None:
        send(browser, charlie)
        other = write(bob, charlie, "Else")
        send(browser, other.conversation, "On the other one")
        shown = browser.get(on(message.conversation, "messaging_conversation_change")).content.decode()
        assert SECRET not in shown
        assert "On the other one" not in shown

    @pytest.mark.parametrize(("text", "says"), [("  ", "Enter the note."), ("x" * 2_001, "at most 2000 characters")])
    def test_an_empty_or_long_note_is_refused_and_the_form_keeps_its_text(
        self, browser: Client, message: Message, text: str, says: str
    ) -> None:
        page = send(browser, message.conversation, text)
        assert says in page.content.decode()
        assert text.strip() in page.content.decode()
        assert not Note.objects.exists()

    def test_the_trail_names_the_note_and_none_of_its_words(self, browser: Client, message: Message, rita: Any) -> None:
        send(browser, message.conversation)
        note = Note.objects.get()
        browser.post(on(note, "moderation_note_delete"))
        added, deleted = Entry.objects.filter(event__startswith="moderation.note_").order_by("pk")
        assert (added.target_type, added.target_id) == ("messaging.conversation", str(message.conversation_id))
        assert added.details == {"note": note.pk}
        assert deleted.details == {"note": note.pk, "author": rita.pk}
        words = Entry.objects.filter(event__startswith="moderation.note_").values("details", "reason", "target_label")
        assert "accounts" not in str(words)
        assert not Note.objects.exists()

    def test_an_unknown_case_leads_to_the_conversation(self, browser: Client, message: Message) -> None:
        for case in ("7", "x", "9" * 40):
            at = send(browser, message.conversation, case=case)["Location"]
            assert at == on(message.conversation, "messaging_conversation_change")

    def test_html_stays_text(self, browser: Client, message: Message) -> None:
        send(browser, message.conversation, "<script>alert(1)</script>")
        shown = browser.get(on(message.conversation, "messaging_conversation_change")).content.decode()
        assert "&lt;script&gt;alert(1)" in shown
        assert "<script>alert" not in shown


class TestWhoMay:
    def test_participants_never_see_it(self, browser: Client, message: Message, alice: Any, client: Client) -> None:
        send(browser, message.conversation)
        send(browser, alice)
        client.force_login(alice)
        for page in ("/messages/", f"/messages/{message.conversation_id}/", "/messages/reports/"):
            assert SECRET not in client.get(page).content.decode()

    def test_roles_without_notes_see_neither_notes_nor_a_form(self, browser: Client, message: Message) -> None:
        send(browser, message.conversation)
        make_staff("dan")
        shown = signed_in("dan").get(on(message.conversation, "messaging_conversation_change")).content.decode()
        assert SECRET not in shown
        assert "Add note" not in shown

    def test_readers_without_the_permission_to_add_get_no_form(
        self, browser: Client, message: Message, rita: Any
    ) -> None:
        send(browser, message.conversation)
        group = rita.groups.get()
        group.permissions.remove(group.permissions.get(codename="add_note"))
        shown = signed_in("rita").get(on(message.conversation, "messaging_conversation_change")).content.decode()
        assert SECRET in shown
        assert "Add note" not in shown
        assert "Delete<" not in shown

    def test_authors_and_leads_delete_notes_and_others_do_not(self, message: Message, rita: Any) -> None:
        note = writing.add("Mine", message.conversation, by=rita)
        ron = make_user("ron", is_staff=True)
        ron.groups.set(rita.groups.all())
        address = on(note, "moderation_note_delete")
        assert signed_in("ron").post(address).status_code == 403
        assert Note.objects.exists()
        beside = signed_in("ron").get(on(message.conversation, "messaging_conversation_change"))
        assert "Delete<" not in beside.content.decode()
        assert "Mine" in signed_in("rita").get(address).content.decode()
        make_staff("lena")
        assert signed_in("lena").post(address).status_code == 302
        assert not Note.objects.exists()

    def test_invisible_and_unknown_people_are_both_not_found(self, browser: Client) -> None:
        stranger = make_user("stranger")
        unknown = on(stranger, "moderation_note_on_person").replace(str(stranger.pk), "987654")
        for address in (on(stranger, "moderation_note_on_person"), unknown):
            assert browser.get(address).status_code == 404
            assert browser.post(address, {"text": "x"}).status_code == 404


class TestErasure:
    def test_erasing_a_person_deletes_notes_about_them(
        self, message: Message, rita: Any, alice: Any, bob: Any, sue: Any, sam: Any
    ) -> None:
        writing.add("about alice", alice, by=rita)
        writing.add("about both", message.conversation, by=rita)
        kept = writing.add("about bob", bob, by=rita)
        erase(alice, by=sue, approver=sam)
        assert list(Note.objects.all()) == [kept]
        assert not NotePerson.objects.exists()

    def test_erasing_a_person_deletes_notes_on_a_conversation_that_stays(
        self, message: Message, rita: Any, alice: Any
    ) -> None:
        writing.add("about both", message.conversation, by=rita)
        assert erased.forget(alice.pk)
        assert Conversation.objects.exists()
        assert not Note.objects.exists()

    def test_notes_of_an_erased_author_lose_the_name(self, message: Message, rita: Any, bob: Any) -> None:
        note = writing.add("about bob", bob, by=rita)
        rita.delete()
        note.refresh_from_db()
        assert (note.author_id, note.author_name, note.text) == (None, "", "about bob")
        lena = make_staff("lena")
        shown = signed_in(lena.username).get(on(bob, "moderation_notes_of_person")).content.decode()
        assert "by an erased account" in shown

    def test_settling_deletes_notes_of_conversations_deleted_without_signals(self, message: Message, rita: Any) -> None:
        writing.add("about both", message.conversation, by=rita)
        Message.objects.all().delete()
        Conversation.objects.all()._raw_delete("default")
        settling.settle_erased()
        assert not Note.objects.exists()


class TestJoinedConversations:
    """An answer was imported before its parent: the notes on its conversation move to the one that it joins."""

    def by_save(self, bob: Any, charlie: Any) -> None:
        write(bob, charlie, "A question", external_id="1")

    def by_import(self, bob: Any, charlie: Any) -> None:
        stored_import(row("1"))

    @pytest.mark.parametrize("arrive", [by_save, by_import])
    def test_notes_follow(self, rita: Any, alice: Any, bob: Any, charlie: Any, arrive: Any) -> None:
        stored_import(row("2", "1"), start_conversations=True)
        before = Message.objects.get(external_id="2").conversation
        note = writing.add(SECRET, before, by=rita)
        arrive(self, bob, charlie)
        settling.settle_erased()
        note.refresh_from_db()
        joined = Message.objects.get(external_id="1").conversation_id
        assert note.conversation_id == joined == Message.objects.get(external_id="2").conversation_id
        assert not Conversation.objects.filter(pk=before.pk).exists()

    def test_undoing_the_import_moves_notes_back(self, rita: Any, alice: Any, bob: Any, charlie: Any) -> None:
        write(bob, charlie, "A greeting", external_id="0")
        parents = Message.objects.get(external_id="0").conversation
        stored_import(row("2", "1"), start_conversations=True)
        before = Message.objects.get(external_id="2").conversation
        theirs, other = writing.add(SECRET, before, by=rita), writing.add("Of another one", parents, by=rita)
        arrived = stored_import(row("1", "0"))
        joined = Note.objects.filter(conversation=parents)
        assert set(joined) == {theirs, other}
        undone(arrived)
        settling.settle_erased()
        assert list(Note.objects.filter(conversation=before.pk)) == [theirs]
        assert list(joined.all()) == [other]

    def test_none_is_written_on_a_conversation_that_was_joined(
        self, rita: Any, alice: Any, bob: Any, charlie: Any
    ) -> None:
        orphan = write(alice, bob, awaited_parent_external_id="1")
        before = orphan.conversation
        self.by_save(bob, charlie)
        with pytest.raises(Refused, match="joined"):
            writing.add(SECRET, before, by=rita)
        assert not Note.objects.exists()


def test_the_database_refuses_empty_notes_and_such_about_two_things(message: Message, alice: Any, rita: Any) -> None:
    note = writing.add("A note", message.conversation, by=rita)
    for change in ({"text": ""}, {"person": alice.pk}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Note.objects.filter(pk=note.pk).update(**change)


@pytest.mark.parametrize("page", ["conversation", "case", "person"])
def test_pages_cost_the_same_with_twice_the_notes(
    browser: Client, message: Message, rita: Any, alice: Any, reported: Any, spam: Any, page: str
) -> None:
    case: Case = reported(spam, message=message).case
    address = {
        "conversation": on(message.conversation, "messaging_conversation_change"),
        "case": on(case, "moderation_case_change"),
        "person": on(alice, "moderation_notes_of_person"),
    }[page]
    counts: list[int] = []
    for _ in range(2):
        for number in range(4):
            writing.add(f"Note {number}", message.conversation, by=rita)
            writing.add(f"Note {number}", alice, by=rita)
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).content.decode().count("Note 3") == (len(counts) + 1) * (1 + (page != "person"))
        counts.append(len(queries))
        asked = [one for one in queries.captured_queries if "moderation_note" in one["sql"]]
        assert len(asked) == (2 if page == "person" else 1)
    assert counts[0] == counts[1]
