"""A divider marks the message from which on a person has read nothing; no message after it was read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ops.console.thread.unread import not_yet_read

THREADS = st.lists(st.tuples(st.sampled_from("ABC"), st.booleans()), max_size=30)


@given(THREADS)
def test_dividers_and_single_messages_say_exactly_what_is_unread(thread: list[tuple[str, bool]]) -> None:
    receivers, read = [receiver for receiver, _ in thread], [is_read for _, is_read in thread]
    found = not_yet_read(receivers, read)
    unread = set(found.single)
    for place, people in found.dividers.items():
        unread |= {index for index in range(place, len(thread)) if receivers[index] in people}
    assert unread == {index for index, is_read in enumerate(read) if not is_read}


@given(THREADS)
def test_each_divider_stands_where_something_is_unread_and_names_each_person_once(
    thread: list[tuple[str, bool]],
) -> None:
    found = not_yet_read([receiver for receiver, _ in thread], [is_read for _, is_read in thread])
    people = [person for names in found.dividers.values() for person in names]
    assert len(people) == len(set(people))
    assert all(not thread[place][1] and thread[place][0] in names for place, names in found.dividers.items())


def test_one_divider_serves_two_people_where_it_is_true_for_both() -> None:
    found = not_yet_read(["A", "B", "A", "B"], [True, True, False, False])
    assert (found.dividers, found.single) == ({2: ["A", "B"]}, set())


def test_a_message_before_one_that_was_read_is_marked_by_itself() -> None:
    found = not_yet_read(["A", "A", "A"], [False, True, False])
    assert (found.dividers, found.single) == ({2: ["A"]}, {0})
