"""An answer is imported before its question: both join in one conversation, and undoing separates them again."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.models import Conversation, Message
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.imports import steps
from ops.imports.models import Joined
from ops.imports.tests.files import imported, numbered, row
from ops.imports.tests.importing import (
    brought,
    checked,
    do,
    do_despite_a_death,
    everything,
    problems,
    rolled_back,
    stored_import,
    undone,
)
from ops.imports.tests.test_threads_are_imported_whole import assert_stored_as, forests, in_batches_of, with_people

pytestmark = pytest.mark.django_db


def orphans() -> dict[str | None, str | None]:
    waiting = Message.objects.exclude(awaited_parent_external_id=None)
    return dict(waiting.values_list("external_id", "awaited_parent_external_id"))


def test_a_reply_joins_its_parent_once_that_is_imported(alice: Any, bob: Any) -> None:
    stored_import(row("2", "1"), row("3", "2"), start_conversations=True)
    assert orphans() == {"2": "1"}
    before, ids = everything(), list(Conversation.objects.values_list())
    import_ = checked(row("1"), row("2", "1"))
    assert (import_.counts["new"], import_.counts["joined"], import_.counts["unchanged"]) == (1, 1, 1)
    do(steps.store(import_, by=None, kick=False))
    import_.refresh_from_db()
    links = dict(Message.objects.values_list("external_id", "parent_message__external_id"))
    assert links == {"1": None, "2": "1", "3": "2"}
    assert (Conversation.objects.count(), import_.outcome["joined"], orphans()) == (1, 1, {})
    assert Entry.objects.filter(event="import.made").latest("pk").details["joined"] == 1
    undone(import_)
    assert everything() == before
    assert list(Conversation.objects.values_list()) == ids
    assert orphans() == {"2": "1"}
    assert not Joined.objects.exists()
    stored_import(row("1"))
    assert orphans() == {}


def test_a_reply_joins_an_excluded_parent_once_that_is_corrected(alice: Any, bob: Any) -> None:
    stored_import(row("1", content=""), row("2", "1"), only_valid=True, start_conversations=True)
    stored_import(row("1"))
    assert (orphans(), Conversation.objects.count()) == ({}, 1)


def test_the_same_file_again_changes_nothing(alice: Any, bob: Any) -> None:
    rows = numbered(row("2", "1"))
    imported(rows, start_conversations=True)
    result, found = imported(rows)
    assert (result.unchanged, found) == (1, [])


def test_a_loop_through_stored_messages_is_refused(alice: Any, bob: Any) -> None:
    stored_import(row("2", "1"), row("4", "3"), start_conversations=True)
    loop = "answers a stored message that answers it, directly or not: correct this parent."
    assert problems(checked(row("1", "2"))) == [f"row 2, parent_external_id: replies in a loop: 1 {loop}"]
    assert [one.partition("loop: ")[2] for one in problems(checked(row("1", "4"), row("3", "2")))] == [f"3 {loop}"]
    stored_import(row("1", "4"), row("3"))
    assert dict(Message.objects.values_list("external_id", "parent_message__external_id")) == {
        "1": "4", "2": "1", "3": None, "4": "3",
    }  # fmt: skip


def test_a_reply_written_since_keeps_the_parent_and_the_join(alice: Any, bob: Any) -> None:
    stored_import(row("2", "1"), start_conversations=True)
    import_ = stored_import(row("1"))
    question = Message.objects.get(external_id="1")
    answer(question, "since")
    undone(import_)
    assert Message.objects.get(external_id="2").parent_message == question
    assert import_.outcome["undo"]["kept"] == 1


def test_undoing_moves_later_replies_with_their_parent(alice: Any, bob: Any) -> None:
    stored_import(row("2", "1"), start_conversations=True)
    import_ = stored_import(row("1"))
    since = answer(Message.objects.get(external_id="2"), "since")
    undone(import_)
    since.refresh_from_db()
    assert since.conversation_id == Message.objects.get(external_id="2").conversation_id
    assert Conversation.objects.count() == 1


def test_undoing_replies_keeps_the_parent_that_others_await(alice: Any, bob: Any) -> None:
    write(alice, bob, awaited_parent_external_id="1")
    undone(stored_import(row("2", "1"), start_conversations=True))
    assert orphans() == {None: "1"}


def test_undoing_a_parent_and_a_reply_to_its_reply_restores_the_state_before(alice: Any, bob: Any) -> None:
    stored_import(row("2", "1"), start_conversations=True)
    before = everything()
    undone(stored_import(row("1"), row("3", "2")))
    assert everything() == before


@with_people
@given(
    parents=forests(),
    seed=st.integers(0, 1_000),
    size=st.integers(1, 9),
    death=st.integers(1, 9),
)
def test_two_files_in_any_order_give_the_conversations_of_one(
    folder: Any, alice: Any, bob: Any, parents: list[int | None], seed: int, size: int, death: int
) -> None:
    """A worker may die at any moment; undoing the second file restores the state after the first."""
    rows = [
        row(f"m{number}", "" if parent is None else f"m{parent}", timestamp=f"2026-01-05T10:00:{number:02}Z")
        for number, parent in enumerate(parents)
    ]
    chance = random.Random(seed)
    chance.shuffle(rows)
    parts: tuple[list[Any], list[Any]] = ([], [])
    for one in rows:
        parts[chance.random() < 0.5].append(one)
    first, second = (parts[0], parts[1]) if all(parts) else (rows, [])
    with rolled_back(), in_batches_of(size):
        stored_import(*first, start_conversations=True)
        before, waiting = everything(), orphans()
        if second:
            import_ = brought(*second, start_conversations=True)
            for start in (steps.store, steps.undo):
                job = start(import_, by=None, kick=False)
                do_despite_a_death(job, batch=death, committed=seed % 2 == 0)
                if start is steps.store:
                    assert_stored_as(parents)
                    began = {row[0]: row[1] for row in everything()["conversations"]}
                    times = dict(Message.objects.filter(parent_message=None).values_list("external_id", "timestamp"))
                    assert began == times
            assert (everything(), orphans()) == (before, waiting)
        else:
            assert_stored_as(parents)
