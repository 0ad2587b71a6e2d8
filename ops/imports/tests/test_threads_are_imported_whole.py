"""Properties: threads of any shape and order come in unchanged, once, and every loop is found."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.models import Conversation, Message
from messaging.tests.examples import examples
from ops.imports import steps, undoing
from ops.imports.checking.roots import Roots
from ops.imports.recording import ImportCounts
from ops.imports.storing import plan
from ops.imports.storing.order import in_order
from ops.imports.tests.files import imported, numbered, row, stored
from ops.imports.tests.importing import brought, do_despite_a_death, everything, rolled_back
from ops.jobs import pacing

# The fixtures create the same people for every example; each example is rolled back.
with_people = settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def forests(draw: st.DrawFn) -> list[int | None]:
    """Draw a forest: for each message, the number of an earlier one that it answers, or None."""
    size = draw(st.integers(1, 40))
    return [draw(st.none() | st.integers(0, number - 1)) if number else None for number in range(size)]


def beginning(parents: list[int | None], number: int) -> int:
    """Return the first message of the conversation of ``number``, the slow and obvious way."""
    parent = parents[number]
    return number if parent is None else beginning(parents, parent)


def assert_stored_as(parents: list[int | None]) -> None:
    """Assert that each message answers the right one, in the right conversation, and that the counts hold."""
    links = dict(Message.objects.values_list("external_id", "parent_message__external_id"))
    assert links == {f"m{number}": None if parent is None else f"m{parent}" for number, parent in enumerate(parents)}
    begun = dict(Message.objects.filter(parent_message=None).values_list("conversation_id", "external_id"))
    found = {message.external_id: begun[message.conversation_id] for message in Message.objects.all()}
    assert found == {f"m{number}": f"m{beginning(parents, number)}" for number in range(len(parents))}
    counts = Conversation.objects.order_by("id").values_list()
    before = list(counts)
    Conversation.objects.all().recount()
    assert list(counts) == before


@pytest.mark.django_db
@with_people
@given(parents=forests(), seed=st.integers(0, 1_000), cut=st.integers(0, 40))
def test_threads_are_imported_unchanged(alice: Any, bob: Any, parents: list[int | None], seed: int, cut: int) -> None:
    """They may come in two parts, the second answering the first; a third import adds nothing."""
    rows = [
        row(f"m{number}", "" if parent is None else f"m{parent}", timestamp=f"2026-01-05T10:00:{number:02}Z")
        for number, parent in enumerate(parents)
    ]
    first, second = rows[:cut], rows[:]
    shuffle = random.Random(seed).shuffle
    shuffle(first)
    shuffle(second)
    with rolled_back():
        for part in (first, second):
            if part:
                imported(numbered(*part))
        assert_stored_as(parents)
        before = stored()
        result, _ = imported(numbered(*second))
        assert (result.stored, result.unchanged, stored()) == (ImportCounts(), len(rows), before)


@pytest.mark.django_db
@with_people
@given(
    parents=forests(),
    seed=st.integers(0, 1_000),
    cut=st.integers(0, 40),
    size=st.integers(1, 9),
    death=st.integers(1, 9),
)
def test_a_job_that_dies_stores_the_same_and_its_undo_restores_the_state_before(
    folder: Any, alice: Any, bob: Any, parents: list[int | None], seed: int, cut: int, size: int, death: int
) -> None:
    """It dies once in the import and once in the undo, with batches of any size, and some threads stored before."""
    rows = [
        row(f"m{number}", "" if parent is None else f"m{parent}", timestamp=f"2026-01-05T10:00:{number:02}Z")
        for number, parent in enumerate(parents)
    ]
    first, second = rows[:cut], rows[:]
    random.Random(seed).shuffle(second)
    with rolled_back(), in_batches_of(size):
        if first:
            imported(numbered(*first))
        before = everything()
        import_ = brought(*second)
        for start in (steps.store, steps.undo):
            job = start(import_, by=None, kick=False)
            do_despite_a_death(job, batch=death, committed=seed % 2 == 0)
            if start is steps.store:
                assert_stored_as(parents)
        assert everything() == before


@contextmanager
def in_batches_of(size: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plan, "PIECE", size)
        patched.setattr(undoing, "PIECE", size)
        patched.setattr(pacing, "BATCH_SECONDS", 0)
        yield


@given(parents=st.lists(st.integers(0, 30), max_size=30))
def test_roots_and_loops_are_found_in_any_graph_of_replies(parents: list[int]) -> None:
    """Rows count from 1. 0 is no parent, and neither is a number beyond the last row."""
    links = {row: parent if parent <= len(parents) else 0 for row, parent in enumerate(parents, start=1)}
    roots = Roots(len(parents))
    for one, parent in links.items():
        roots.parents[one] = parent
    loops = [tuple(loop) for loop in roots.resolve()]

    def ancestors(one: int) -> list[int]:
        found = [one]
        while links[found[-1]] and links[found[-1]] not in found:
            found.append(links[found[-1]])
        return found

    looping = {one for one in links if links[ancestors(one)[-1]] == one}
    assert sorted(one for loop in loops for one in loop) == sorted(looping)
    for loop in loops:
        assert loop[0] == min(loop)
        assert [links[one] for one in loop] == [*loop[1:], loop[0]]
    for one, parent in links.items():
        if parent:
            assert looping & set(ancestors(one)) or roots.roots[one] == ancestors(one)[-1]


@given(parents=forests(), seed=st.integers(0, 1_000), size=st.integers(1, 12))
def test_rows_are_stored_in_pieces_of_whole_conversations_or_parents_first(
    parents: list[int | None], seed: int, size: int
) -> None:
    """The file may have them in any order."""
    rows = list(range(1, len(parents) + 1))
    random.Random(seed).shuffle(rows)
    roots = Roots(len(parents))
    for number, parent in enumerate(parents):
        roots.parents[rows[number]] = 0 if parent is None else rows[parent]
    assert not list(roots.resolve())
    order = in_order(roots, bytearray([0] + [1] * len(parents)), size)
    assert sorted(order.rows) == sorted(rows)
    pieces = order.pieces(0)
    assert [piece.start for piece in pieces] == [0, *(piece.end for piece in pieces[:-1])]
    assert pieces[-1].end == len(rows)
    for piece in pieces:
        here, before = order.rows[piece.start : piece.end], set(order.rows[: piece.start])
        assert all(roots.parents[row] in {0, *here, *before} for row in here)
        begun = {roots.roots[row] or row for row in here}
        continued = {root for root in begun if root in before}
        assert continued == ({piece.continued} if piece.continued else set())
        assert len(here) <= size
        # Only one conversation is ever split, and then it has the piece to itself.
        assert not continued or len(begun) == 1
