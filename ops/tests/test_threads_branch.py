"""Threads are indented only where they branch, and a reply names its parent unless it stands right below it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.reading import branching
from messaging.tests.cast import make_user
from messaging.tests.random_threads import MessageSpec, property_test, rolled_back, store, thread_specs
from ops.console.thread.parts import Thread
from ops.console.thread.rows import Row


@st.composite
def forests(draw: st.DrawFn, *, most: int = 40) -> tuple[list[int | None], list[int], list[int]]:
    """Draw parents, senders and depths of messages in reading order: each answers the last, its ancestor or none."""
    parents: list[int | None] = []
    for index in range(draw(st.integers(0, most))):
        line: list[int | None] = [None]
        above: int | None = index - 1 if index else None
        while above is not None:
            line.append(above)
            above = parents[above]
        parents.append(draw(st.sampled_from(line)))
    senders = [draw(st.integers(0, 2)) for _ in parents]
    depths: list[int] = []
    for parent in parents:
        depths.append(0 if parent is None else depths[parent] + 1)
    return parents, senders, depths


@given(forests())
def test_threads_are_indented_only_where_they_branch(forest: Any) -> None:
    parents, senders, depths = forest
    heads = branching.runs(parents, senders)
    levels = branching.levels(parents, depths, heads)
    branches = {parent for parent in parents if parent is not None and parents.count(parent) > 1}
    for index, parent in enumerate(parents):
        if parent is None:
            assert levels[index] == 0
        else:
            assert levels[index] - levels[parent] in ((0, 1) if parent in branches else (0,))
    assert 2 ** max(levels, default=0) <= len(parents) + 1  # branches of branches stay narrow
    for parent in branches:  # one of the runs is not indented
        assert any(levels[index] == levels[parent] for index, one in enumerate(parents) if one == parent)


@given(forests(), st.data())
def test_exactly_the_messages_not_below_their_parent_are_unclear(forest: Any, data: st.DataObject) -> None:
    parents, senders, _ = forest
    shown = [index for index in range(len(parents)) if data.draw(st.booleans())]
    clear = branching.right_below(shown, parents, branching.runs(parents, senders))
    assert [index for index, is_clear in zip(shown, clear, strict=True) if is_clear] == [
        index for place, index in enumerate(shown) if stands_right_below(shown[: place + 1], parents, senders)
    ]


def stands_right_below(shown: Sequence[int], parents: Sequence[int | None], senders: Sequence[int]) -> bool:
    """Return whether the last message, with its author's earlier replies to its parent, directly follows the parent."""
    *above, last = shown
    while above and above[-1] != parents[last]:
        one = above.pop()
        lines = range(one, last + 1)
        if any((parents[line], senders[line]) != (parents[last], senders[last]) for line in lines):
            return False
    return bool(above) and parents[last] is not None


@pytest.mark.django_db
@property_test
@given(thread_specs(most=15))
def test_every_message_is_shown_once_in_order_and_names_an_unclear_parent(
    specs: list[MessageSpec],
) -> None:
    with rolled_back():
        people = [make_user(f"person {number}") for number in range(3)]
        messages = store(specs, people)
        for conversation_id in {message.conversation_id for message in messages}:
            thread = Thread(conversation_id)
            rows = thread.rows
            assert sorted(row.message.pk for row in rows) == sorted(
                message.pk for message in messages if message.conversation_id == conversation_id
            )
            assert [row.position for row in rows] == list(range(1, len(rows) + 1))
            at = {row.message.pk: row.position for row in rows}
            for row in rows:
                parent = at.get(row.message.parent_message_id or 0)
                assert parent is None or parent < row.position
                assert (row.answered.position if row.answered else None) == (
                    parent if parent and not follows(rows, row, parent) else None
                )
            for before, row in pairwise(rows):
                assert row.begins or (before.sender, before.level) == (row.sender, row.level)


def follows(rows: list[Row], row: Row, parent: int) -> bool:
    """Return whether only replies by the same author to the same parent stand between a message and its parent."""
    between = rows[parent : row.position - 1]
    return all(
        (one.message.parent_message_id, one.sender) == (row.message.parent_message_id, row.sender) for one in between
    )
