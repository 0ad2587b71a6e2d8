"""Participants write new messages, replies and edits, and mark messages as read."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from messaging import views
from messaging.models import Draft, Message, MessageHistory, Notification
from messaging.participants import pages
from messaging.tests.conversations import answer, write

COMPOSE = reverse("messaging:compose")
EMPTY = "Enter a text."
UNSTORABLE = "The text holds a character that cannot be stored (U+0000): remove it."
TOO_LONG = "The text has 20001 characters: shorten it to 20,000."
BAD_TEXTS = [("", EMPTY), ("  \r\n ", EMPTY), ("a\x00b", UNSTORABLE), ("x" * 20_001, TOO_LONG)]


def reply_to(message: Message) -> str:
    return reverse("messaging:reply", args=[message.pk])


def edit_of(message: Message) -> str:
    return reverse("messaging:edit", args=[message.pk])


def notices(response: Any) -> list[str]:
    return [str(notice) for notice in get_messages(response.wsgi_request)]


# --- Replies ---


def test_a_reply_goes_to_the_sender_of_what_it_answers(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(bob)
    response = client.post(reply_to(message), {"content": "hello back"})
    sent = Message.objects.get(parent_message=message)
    assert (sent.sender, sent.receiver, sent.content) == (bob, alice, "hello back")
    assert sent.conversation_id == message.conversation_id
    assert response["Location"] == sent.get_absolute_url()
    assert notices(response) == ["Your reply was sent."]
    assert Notification.objects.filter(user=alice, message=sent).exists()


def test_a_reply_to_an_own_message_goes_to_its_receiver(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(alice)
    client.post(reply_to(message), {"content": "and another thing"})
    sent = Message.objects.get(parent_message=message)
    assert (sent.sender, sent.receiver) == (alice, bob)
    message.refresh_from_db()
    assert not message.read  # Bob has not read it yet


def test_replying_marks_only_the_parent_as_read(client: Any, alice: Any, bob: Any) -> None:
    answered, other = write(alice, bob), write(alice, bob, minute=1)
    client.force_login(bob)
    client.post(reply_to(answered), {"content": "hello back"})
    assert set(Message.objects.filter(receiver=bob, read=True)) == {answered}
    assert Message.unread.unread_for_user(bob).get() == other


def test_a_message_between_others_cannot_be_replied_to(client: Any, alice: Any, bob: Any, charlie: Any) -> None:
    """This holds even in a conversation in which the user has messages of their own."""
    message = write(alice, bob)
    answer(message, sender=charlie, receiver=bob)
    client.force_login(charlie)
    assert client.get(reply_to(message)).status_code == 404
    assert client.post(reply_to(message), {"content": "let me in"}).status_code == 404
    assert Message.objects.count() == 2


def test_writing_to_an_inactive_account_is_refused(client: Any, alice: Any, bob: Any) -> None:
    message = write(bob, alice)
    bob.is_active = False
    bob.save()
    client.force_login(alice)
    response = client.post(reply_to(message), {"content": "are you there?"})
    assert "bob cannot receive messages: the account is not active." in response.content.decode()
    assert Message.objects.count() == 1


def test_a_reply_leads_to_the_part_of_the_conversation_that_shows_it(
    client: Any, alice: Any, bob: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(pages, "PART_SIZE", 2)
    message = answer(write(alice, bob))
    client.force_login(alice)
    response = client.post(reply_to(message), {"content": "the third"})
    sent = Message.objects.get(content="the third")
    address = reverse("messaging:conversation", args=[message.conversation_id])
    assert response["Location"] == f"{address}?part=2#m{sent.pk}"


def test_a_message_that_was_deleted_meanwhile_is_in_the_first_part(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    Message.objects.all().delete()
    assert pages.part_of(alice, message) == 1


@pytest.mark.parametrize(("text", "sentence"), BAD_TEXTS, ids=["empty", "blank", "NUL", "too long"])
def test_a_text_that_cannot_be_sent_is_refused_with_a_sentence(
    client: Any, alice: Any, bob: Any, text: str, sentence: str
) -> None:
    message = write(alice, bob)
    client.force_login(alice)
    forms = [(reply_to(message), {}), (edit_of(message), {}), (COMPOSE, {"receiver": "bob"})]
    for address, fields in forms:
        response = client.post(address, {"content": text, **fields})
        assert response.status_code == 200
        assert sentence in response.content.decode()
    assert Message.objects.get().content == "hello"


def test_the_longest_text_can_be_sent_whatever_its_line_ends(client: Any, alice: Any, bob: Any) -> None:
    """Browsers send two characters for a line end; it counts as one."""
    message = write(alice, bob)
    client.force_login(bob)
    client.post(reply_to(message), {"content": "x" * 10_000 + "\r\n" + "y" * 9_999})
    assert Message.objects.get(parent_message=message).content == "x" * 10_000 + "\n" + "y" * 9_999


# --- New messages ---


def test_a_new_message_starts_a_conversation(client: Any, alice: Any, bob: Any) -> None:
    client.force_login(alice)
    response = client.post(COMPOSE, {"receiver": "bob", "content": "hello"})
    sent = Message.objects.get()
    assert (sent.sender, sent.receiver, sent.parent_message) == (alice, bob, None)
    assert response["Location"] == sent.get_absolute_url()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Bob", "Nobody here is called “Bob”: check the spelling; usernames are case-sensitive."),
        ("<b>", "Nobody here is called “&lt;b&gt;”: check the spelling; usernames are case-sensitive."),
        ("alice", "You cannot send a message to yourself."),
        ("charlie", "charlie cannot receive messages: the account is not active."),
        ("", "Enter the username of the receiver."),
        ("b\x00b", "The username contains an invisible character (U+0000): remove it."),
    ],
)
def test_a_receiver_who_cannot_be_written_to_is_refused_with_a_sentence(
    client: Any, alice: Any, bob: Any, charlie: Any, name: str, sentence: str
) -> None:
    charlie.is_active = False
    charlie.save()
    client.force_login(alice)
    response = client.post(COMPOSE, {"receiver": name, "content": "hello"})
    assert sentence in response.content.decode()
    assert not Message.objects.exists()


def test_a_receiver_whose_account_is_deleted_meanwhile_is_refused_with_a_sentence(
    client: Any, alice: Any, bob: Any, monkeypatch: Any
) -> None:
    message = write(bob, alice)
    client.force_login(alice)
    held = Message._lock_people
    monkeypatch.setattr(Message, "_lock_people", lambda self, using: (bob.delete(), held(self, using)))
    response = client.post(reply_to(message), {"content": "are you there?"})
    assert "The account of the receiver does not exist any more." in response.content.decode()


# --- Edits ---


def test_an_edit_keeps_the_text_before_and_names_the_editor(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "Friday")
    client.force_login(alice)
    response = client.post(edit_of(message), {"content": "Saturday"})
    message.refresh_from_db()
    assert (message.content, message.edited) == ("Saturday", True)
    history = MessageHistory.objects.get()
    assert (history.message, history.old_content, history.edited_by) == (message, "Friday", alice)
    assert response["Location"] == message.get_absolute_url()


@pytest.mark.parametrize("stored", ["one\ntwo", "one\r\ntwo", "  one\ntwo\n"])
def test_saving_a_text_unchanged_is_no_edit(client: Any, alice: Any, bob: Any, stored: str) -> None:
    """The browser changes line ends and the form strips white space: neither is an edit."""
    message = write(alice, bob, stored)
    client.force_login(alice)
    response = client.post(edit_of(message), {"content": stored.replace("\r\n", "\n").replace("\n", "\r\n")})
    message.refresh_from_db()
    assert (message.content, message.edited) == (stored, False)
    assert notices(response) == ["Nothing was changed: the text is the same as before."]


def test_an_edit_of_a_text_that_was_changed_meanwhile_is_refused_with_both(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "Friday")
    client.force_login(alice)
    seen = client.get(edit_of(message)).context["form"]["revision"].value()
    Message.objects.filter(pk=message.pk).update(content="Saturday <noon>")
    response = client.post(edit_of(message), {"content": "Sunday", "revision": seen})
    page = response.content.decode()
    assert "The text was changed after you opened it. Nothing was saved" in page
    assert "Saturday &lt;noon&gt;</p>" in page and "Sunday</textarea>" in page
    assert Message.objects.get().content == "Saturday <noon>"
    client.post(edit_of(message), {"content": "Sunday", "revision": response.context["form"]["revision"].value()})
    assert Message.objects.get().content == "Sunday"


@pytest.mark.parametrize("seen", ["0", "-1", "nonsense", "9" * 40])
def test_an_unknown_revision_counts_as_a_changed_text(client: Any, alice: Any, bob: Any, seen: str) -> None:
    message = write(alice, bob, "Friday")
    client.force_login(alice)
    assert (
        "The text was changed"
        in client.post(edit_of(message), {"content": "Sunday", "revision": seen}).content.decode()
    )
    assert Message.objects.get().content == "Friday"


def test_an_edit_to_the_current_text_changes_nothing_and_says_so(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "Friday")
    Message.objects.filter(pk=message.pk).update(content="Sunday")
    client.force_login(alice)
    response = client.post(edit_of(message), {"content": "Sunday", "revision": 1})
    assert notices(response) == ["Nothing was changed: the text is the same as before."]


def test_a_change_just_before_saving_is_found_as_well(client: Any, alice: Any, bob: Any, monkeypatch: Any) -> None:
    message = write(alice, bob, "Friday")
    client.force_login(alice)
    save = views._save_text

    def change_first(mine: Message, written: dict[str, Any]) -> Message:
        Message.objects.filter(pk=message.pk).update(content="Saturday")
        return save(mine, written)

    monkeypatch.setattr(views, "_save_text", change_first)
    page = client.post(edit_of(message), {"content": "Sunday", "revision": 1}).content.decode()
    assert "The text was changed after you opened it." in page
    assert "Saturday</p>" in page and "Sunday</textarea>" in page
    assert Message.objects.get().content == "Saturday"


def test_a_draft_of_an_older_text_does_not_overwrite_the_new_one(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "Friday")
    client.force_login(alice)
    Draft.objects.create(user=alice, to=bob, place=f"edit:{message.pk}", content="Sunday")
    assert client.get(edit_of(message)).context["form"]["revision"].value() == 1
    Message.objects.filter(pk=message.pk).update(content="Saturday")
    form = client.get(edit_of(message)).context["form"]
    typed = {name: form[name].value() for name in ("content", "revision")}
    assert typed["content"] == "Sunday"
    assert "The text was changed after you opened it." in client.post(edit_of(message), typed).content.decode()
    assert Message.objects.get().content == "Saturday"


def test_only_the_sender_can_edit(client: Any, alice: Any, bob: Any, charlie: Any) -> None:
    message = write(alice, bob)
    for other in (bob, charlie):
        client.force_login(other)
        assert client.get(edit_of(message)).status_code == 404
        assert client.post(edit_of(message), {"content": "changed"}).status_code == 404
    message.refresh_from_db()
    assert message.content == "hello"


def test_an_edit_does_not_undo_that_the_message_was_read_meanwhile(
    client: Any, alice: Any, bob: Any, monkeypatch: Any
) -> None:
    message = write(alice, bob)
    save = Message.save

    def read_first(self: Message, *args: Any, **options: Any) -> None:
        Message.objects.mark_read()
        save(self, *args, **options)

    monkeypatch.setattr(Message, "save", read_first)
    client.force_login(alice)
    client.post(edit_of(message), {"content": "changed"})
    message.refresh_from_db()
    assert (message.content, message.read) == ("changed", True)


def test_editing_a_message_that_is_deleted_meanwhile_does_not_bring_it_back(
    client: Any, alice: Any, bob: Any, monkeypatch: Any
) -> None:
    message = write(alice, bob)
    save = Message.save

    def delete_first(self: Message, *args: Any, **options: Any) -> None:
        Message.objects.filter(pk=self.pk).delete()
        save(self, *args, **options)

    monkeypatch.setattr(Message, "save", delete_first)
    client.force_login(alice)
    assert client.post(edit_of(message), {"content": "changed"}).status_code == 404
    assert not Message.objects.exists()


# --- Marking as read ---


def test_marking_as_read_affects_only_what_the_user_received_in_this_conversation(
    client: Any, alice: Any, bob: Any
) -> None:
    message = write(alice, bob)
    back, elsewhere = answer(message), write(alice, bob)
    client.force_login(bob)
    response = client.post(reverse("messaging:mark_read", args=[message.conversation_id]))
    assert response["Location"] == reverse("messaging:conversation", args=[message.conversation_id])
    assert notices(response) == ["1 message is marked as read."]
    assert set(Message.objects.filter(read=True)) == {message}
    assert set(Message.objects.filter(read=False)) == {back, elsewhere}


def test_messages_of_other_people_cannot_be_marked_as_read(client: Any, alice: Any, bob: Any, charlie: Any) -> None:
    message = write(alice, bob)
    client.force_login(charlie)
    assert client.post(reverse("messaging:mark_read", args=[message.conversation_id])).status_code == 404
    message.refresh_from_db()
    assert not message.read


def test_a_get_request_changes_nothing(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(bob)
    assert client.get(reverse("messaging:mark_read", args=[message.conversation_id])).status_code == 405
    assert client.get(reply_to(message), {"content": "by address"}).status_code == 200
    assert Message.objects.count() == 1


def test_forms_sent_from_elsewhere_are_refused(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    for address in (reply_to(message), COMPOSE, reverse("messaging:mark_read", args=[message.conversation_id])):
        assert client.post(address, {"content": "forged", "receiver": "alice"}).status_code == 403
    assert Message.objects.count() == 1


@pytest.mark.parametrize("name", ["conversation", "reply", "edit", "history", "mark_read"])
def test_a_stranger_is_asked_to_sign_in(client: Any, alice: Any, bob: Any, name: str) -> None:
    message = write(alice, bob)
    number = message.conversation_id if name in ("conversation", "mark_read") else message.pk
    for method in (client.get, client.post):
        response = method(reverse(f"messaging:{name}", args=[number]))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("login"))
