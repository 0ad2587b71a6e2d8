"""Imports, undos and corrections number and announce texts like every other code path."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection  # noqa: F401 - the condition of needs_row_locks reads it
from django.test import Client
from django.urls import reverse

from messaging.models import Conversation, Message
from messaging.tests.concurrency import needs_row_locks, run_overlapping
from messaging.tests.conversations import write
from messaging.tests.test_texts_are_numbered import announced, numbers
from ops.conftest import make_staff
from ops.imports import steps
from ops.imports.storing import texts as editing
from ops.imports.tests.files import row
from ops.imports.tests.importing import at_batch, brought, do, stored_import, undone
from ops.jobs import pacing
from ops.jobs.run import JobFailed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use one text a batch."""
    monkeypatch.setattr(editing, "PIECE", 1)
    monkeypatch.setattr(pacing, "BATCH_SECONDS", 0)


@pytest.fixture
def stored(alice: Any, bob: Any) -> list[Message]:
    """Three messages: CHANGES edits two and repeats the third."""
    stored_import(*(row(number, content="first") for number in "123"))
    return list(Message.objects.order_by("external_id"))


CHANGES = [row("1", content="second"), row("2", content="second"), row("3", content="first"), row("4", content="new")]


def test_an_import_and_its_undoing_are_edits(stored: list[Message]) -> None:
    first, second, same = stored
    Message.objects.filter(pk=second.pk).update(content="meanwhile")
    with announced() as ids:
        import_ = stored_import(*CHANGES, existing="edit")
    assert sorted(ids) == [first.pk, second.pk]
    assert numbers(first) == (2, [(1, "first")])
    assert numbers(second) == (3, [(1, "first"), (2, "meanwhile")])
    assert numbers(same) == (1, [])
    assert numbers(Message.objects.get(external_id="4")) == (1, [])
    with announced() as ids:
        undone(import_)
    assert sorted(ids) == [first.pk, second.pk]
    assert numbers(first) == (3, [(1, "first"), (2, "second")])
    assert numbers(second) == (4, [(1, "first"), (2, "meanwhile"), (3, "second")])
    assert numbers(same) == (1, [])


def test_undoing_does_not_announce_messages_edited_since(stored: list[Message]) -> None:
    import_ = stored_import(*CHANGES, existing="edit")
    Message.objects.filter(pk=stored[0].pk).update(content="third")
    with announced() as ids:
        undone(import_)
    assert ids == [stored[1].pk]
    assert numbers(stored[0]) == (3, [(1, "first"), (2, "second")])


def test_a_number_of_an_import_that_failed_is_not_given_again(stored: list[Message]) -> None:
    """Somebody may have reported the text while it was stored."""
    first = stored[0]
    import_ = brought(*CHANGES, existing="edit")
    with at_batch(4, JobFailed("The disk is full.")), announced() as ids:
        do(steps.store(import_, by=None, kick=False))
    first.refresh_from_db()
    assert (first.content, first.edited) == ("first", False)
    # Once for the change, once for taking it back.
    assert ids.count(first.pk) == 2
    assert numbers(first) == (3, [])
    first.content = "third"
    first.save()
    assert numbers(first) == (4, [(3, "first")])


def test_an_edit_of_the_past_is_numbered_as_well(alice: Any, bob: Any) -> None:
    header = "external_id,parent_external_id,sender,receiver,timestamp,content,edited_at\n"
    line = "0,,alice,bob,2026-01-05T10:00:00Z,{}\n"
    stored_import(content=(header + line.format("one,2026-01-05T11:00:00Z")).encode())
    message = Message.objects.get()
    assert (message.edited, numbers(message)) == (True, (1, []))  # the earlier text is not known
    with announced() as ids:
        stored_import(content=(header + line.format("two,2026-01-06T10:00:00Z")).encode(), existing="edit")
    assert (ids, numbers(message)) == ([message.pk], (2, [(1, "one")]))


def test_a_correction_is_an_edit(client: Client, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    client.force_login(make_staff("lena", "view_message", "change_message"))
    with announced() as ids:
        form = {"content": "second", "reason": "a typo", "revision": 1}
        client.post(reverse("admin:messaging_message_change", args=[message.pk]), form)
    assert (ids, numbers(message)) == ([message.pk], (2, [(1, "first")]))


class TestAtOnce:
    pytestmark = needs_row_locks

    def test_an_import_waits_for_the_conversation_before_it_locks_the_message(self, stored: list[Message]) -> None:
        first = stored[0]

        def look() -> None:
            assert Message.objects.select_for_update(nowait=True).get(pk=first.pk).content == "first"

        run_overlapping(
            Conversation.objects.filter(pk=first.conversation_id).lock,
            lambda: stored_import(row("1", content="second"), existing="edit"),
            then=look,
        )
        assert numbers(first) == (2, [(1, "first")])
