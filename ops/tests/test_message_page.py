"""The list and the page of messages: their context, their edits, and corrections by people who may make them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.conftest import READING, make_staff
from ops.console.limits.uploads import MOST_OF_A_TEXT, ROOM_FOR_A_FORM

LIST = reverse("admin:messaging_message_changelist")


@pytest.fixture
def lea(db: Any) -> Any:
    """Lea may also correct messages."""
    return make_staff("lea", *READING, "change_message")


def address(message: Message) -> str:
    return reverse("admin:messaging_message_change", args=[message.pk])


def shown(client: Client, query: str) -> list[int]:
    return [row.pk for row in client.get(f"{LIST}?{query}").context["cl"].result_list]


def test_the_list_is_narrowed_to_unread_edited_and_answered(reviewing: Client, alice: Any, bob: Any) -> None:
    answered = write(alice, bob, read=True, minute=1)
    reply = answer(answered, minute=2)
    edited = write(alice, bob, read=True, minute=3)
    Message.objects.filter(pk=edited.pk).update(content="changed")

    assert shown(reviewing, "unread=yes") == [reply.pk] == list(Message.unread.values_list("pk", flat=True))
    assert shown(reviewing, "unread=no") == [edited.pk, answered.pk]
    assert shown(reviewing, "edited=yes") == [edited.pk]
    assert shown(reviewing, "edited=no") == [reply.pk, answered.pk]
    assert shown(reviewing, "replies=yes") == [answered.pk]
    assert shown(reviewing, "replies=no") == [edited.pk, reply.pk]
    assert shown(reviewing, f"participant={alice.pk}&unread=yes") == [reply.pk]
    assert shown(reviewing, "since=365d&q=changed") == [edited.pk]


def test_a_row_counts_replies_and_edits(reviewing: Client, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    answer(message)
    for text in ("once", "twice"):
        message.content = text
        message.save()
    row = next(row for row in reviewing.get(LIST).context["cl"].result_list if row == message)
    assert (row.reply_count, row.history_count) == (1, 2)


def test_a_page_of_the_list_costs_the_same_queries_however_many_rows(
    reviewing: Client, alice: Any, bob: Any, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        write(alice, bob, minute=number)
    reviewing.get(LIST)  # the theme is read once per process
    with django_assert_max_num_queries(9) as queries:
        reviewing.get(LIST)
    few = len(queries)
    for number in range(60):
        answer(write(make_user(f"person {number}"), bob, minute=number))
    reviewing.get(LIST)  # records what is new
    with django_assert_num_queries(few):
        reviewing.get(LIST)


def test_the_page_shows_ancestors_and_replies(reviewing: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob, "the first", minute=0)
    second = answer(first, "the second", minute=1)
    third = answer(second, "the third", minute=2)
    answer(third, "the fourth", minute=3)
    answer(first, "somewhere else", minute=4)

    response = reviewing.get(address(second))

    around = response.context["around"]
    assert [row.message.content for row in around.ancestors] == ["the first"]
    assert [row.message.content for row in around.replies] == ["the third"]
    assert f"?message={second.pk}#m{second.pk}" in response.content.decode()


def test_the_nearest_ancestors_and_replies_are_shown_and_the_rest_counted(
    reviewing: Client, alice: Any, bob: Any
) -> None:
    message = write(alice, bob)
    for minute in range(1, 16):
        message = answer(message, minute=minute)
    for minute in range(16, 70):
        answer(message, minute=minute)
    page = reviewing.get(address(message))
    assert len(page.context["around"].ancestors) == 10
    assert "5 earlier messages above these." in page.content.decode()
    assert "And 4 more direct replies" in page.content.decode()


def test_the_page_costs_the_same_at_any_depth(
    reviewing: Client, alice: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    short = answer(write(alice, bob))
    answer(short)
    Message.objects.update(content="edited")
    reviewing.get(address(short))  # the theme is read once per process
    with django_assert_num_queries(17):
        reviewing.get(address(short))
    message = write(alice, bob)
    for minute in range(1, 12):
        message = answer(message, minute=minute)
    for minute in range(12, 20):
        answer(message, minute=minute)
    Message.objects.update(content="edited twice")
    reviewing.get(address(message))  # records the reading, once an hour
    with django_assert_num_queries(17):
        reviewing.get(address(message))


def test_every_edit_is_shown_with_its_editor(reviewing: Client, alice: Any, bob: Any, client: Client) -> None:
    message = write(alice, bob, "red")
    message.content = "green"
    message.save()
    message.histories.update(edited_by=alice)
    page = reviewing.get(address(message)).content.decode()
    assert "by <bdi>alice</bdi>" in page
    assert "[removed: </span>red" in page
    assert "[added: </span>green" in page


def test_an_edit_without_permission_is_not_offered_and_is_refused(reviewing: Client, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "as it was")
    assert "Edit text…" not in reviewing.get(address(message)).content.decode()
    assert reviewing.post(address(message), {"content": "as it never was"}).status_code == 403
    message.refresh_from_db()
    assert message.content == "as it was"


def test_a_correction_is_kept_with_its_editor(client: Client, lea: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "as it was")
    client.force_login(lea)
    response = client.post(address(message), {"content": "as it should be", "reason": "a typo"}, follow=True)
    message.refresh_from_db()
    assert (message.content, message.edited, message.read) == ("as it should be", True, False)
    assert list(message.histories.values_list("old_content", "edited_by__username")) == [("as it was", "lea")]
    assert "Text corrected" in response.content.decode()


@pytest.mark.parametrize("stored", ["two\nlines", "two\r\nlines", " blanks around "])
def test_saving_without_a_change_keeps_no_history(client: Client, lea: Any, alice: Any, bob: Any, stored: str) -> None:
    """Browsers send line ends of their own."""
    message = write(alice, bob, stored)
    client.force_login(lea)
    response = client.post(
        address(message), {"content": stored.replace("\r\n", "\n").replace("\n", "\r\n")}, follow=True
    )
    message.refresh_from_db()
    assert (message.content, message.edited, message.histories.count()) == (stored, False, 0)
    assert "Nothing was changed." in response.content.decode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Enter the corrected text."),
        ("  \n ", "Enter the corrected text."),
        ("a\x00b", "The text holds a character that cannot be stored (U+0000): remove it."),
    ],
)
def test_a_text_that_cannot_be_stored_is_refused_with_a_sentence(
    client: Client, lea: Any, alice: Any, bob: Any, text: str, sentence: str
) -> None:
    message = write(alice, bob, "as it was")
    client.force_login(lea)
    page = client.post(address(message), {"content": text}).content.decode()
    assert sentence in page
    assert "Not saved." in page
    message.refresh_from_db()
    assert message.content == "as it was"


# Characters that take 1, 6 and 12 bytes in a form, parsed slowly: 2.5 MB of the first, a tenth of that for the others.
@pytest.mark.parametrize(
    ("sign", "words", "most"),
    [("a", 300_000, 2_621_440), ("é", 10_000, 262_144), ("\U0001f600", 10_000, 262_144)],
    ids=["one", "six", "twelve"],
)
def test_a_text_of_any_length_can_be_corrected(
    client: Client, lea: Any, alice: Any, bob: Any, settings: Any, sign: str, words: int, most: int
) -> None:
    """Other pages take forms of 2.5 MB at most. The text has many words: PostgreSQL takes seconds to cut a huge one."""
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == 2_621_440
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = most
    text = f"{sign * 8} " * words + sign
    message = write(alice, bob, text)
    client.force_login(lea)
    form = urlencode({"content": f"{message.content}!", "reason": "a sign was missing"})
    assert len(form) > most
    response = client.post(address(message), form, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 302
    message.refresh_from_db()
    assert message.content == f"{text}!"
    assert message.histories.get().old_content == text


def test_a_form_that_is_larger_than_any_text_is_refused_unread(client: Client, lea: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(lea)
    kind = "application/x-www-form-urlencoded"
    length = str(MOST_OF_A_TEXT + ROOM_FOR_A_FORM + 1)
    response = client.post(address(message), "content=a", content_type=kind, CONTENT_LENGTH=length)
    assert response.status_code == 413
    assert "larger than 120" in response.content.decode()
    assert Message.objects.get().content == message.content


def test_without_permission_to_correct_the_usual_form_limit_applies(reviewing: Client, alice: Any, bob: Any) -> None:
    kind = "application/x-www-form-urlencoded"
    response = reviewing.post(address(write(alice, bob)), f"content={'a' * 3_000_000}", content_type=kind)
    assert response.status_code == 413


def test_only_the_text_can_be_changed(client: Client, lea: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(lea)
    client.post(
        address(message),
        {"content": "new", "reason": "a typo", "read": "on", "sender": bob.pk, "timestamp_0": "2020-01-01"},
    )
    message.refresh_from_db()
    assert (message.sender, message.read, message.timestamp.year) == (alice, False, 2026)


def test_messages_are_neither_added_nor_deleted_here(client: Client, rosa: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(rosa)
    assert client.get(reverse("admin:messaging_message_add")).status_code == 403
    delete = reverse("admin:messaging_message_delete", args=[message.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403


def test_histories_and_notifications_are_only_looked_at(client: Client, rosa: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "<i>before</i>")
    message.content = "after"
    message.save()
    client.force_login(rosa)
    for name, key in (
        ("messagehistory", message.histories.get().pk),
        ("notification", message.notifications.get().pk),
    ):
        page = client.get(reverse(f"admin:messaging_{name}_changelist")).content.decode()
        assert "alice" in page
        assert "<i>before" not in page
        change = reverse(f"admin:messaging_{name}_change", args=[key])
        assert client.get(change)["Location"].startswith(address(message))
        assert client.post(change).status_code in (302, 403)
        assert client.get(reverse(f"admin:messaging_{name}_add")).status_code == 403
        delete = reverse(f"admin:messaging_{name}_delete", args=[key])
        assert client.post(delete, {"post": "yes"}).status_code == 403
    assert message.histories.count() == message.notifications.count() == 1
