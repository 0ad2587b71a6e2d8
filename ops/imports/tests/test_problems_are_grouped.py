"""Problems by kind: their number, the worst first, with the words that they share."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.files.problems import LEVELS, Problem
from ops.imports.checking.groups import FIRST, MOST_GROUPS, OTHERS, Groups
from ops.imports.tests.files import row
from ops.imports.tests.importing import checked, groups, preview

PROBLEMS = st.builds(
    Problem,
    st.integers(1, 99),
    st.sampled_from(["", "sender", "content"]),
    st.sampled_from(LEVELS),
    st.text(max_size=30),
    st.sampled_from(["", "people"]),
    st.sampled_from(["", "a kind"]),
)


def grouped(*problems: Problem) -> list[tuple[str, int, str]]:
    found = Groups()
    for problem in problems:
        found.add(problem)
    return [(one.level, one.count, one.sentence) for one in found.worst_first()]


def error(message: str, row: int = 2, **more: Any) -> Problem:
    return Problem(row, "sender", "error", message, **more)


def test_the_sentence_of_a_group_is_the_shared_text_of_its_messages() -> None:
    same = [error(f"no user '{name}': correct the name.") for name in ("a", "b: c", "it's")]
    assert grouped(*same) == [("error", 3, "no user …: correct the name.")]
    assert grouped(
        error("the sender is empty: give a username."), error("the receiver is empty: give a username.")
    ) == [("error", 2, "the … is empty: give a username.")]
    assert grouped(error("the text is empty."), error("the text is empty.")) == [("error", 2, "the text is empty.")]
    assert grouped(error("row 3 repeats row 2; skipped"), error("row 14 repeats row 2; skipped")) == [
        ("error", 2, "row … repeats row 2; skipped")
    ]


def test_the_kind_is_the_sentence_where_one_is_given() -> None:
    assert grouped(error("a: b.", kind="Names"), error("c: d.", kind="Names")) == [("error", 2, "Names")]


def test_errors_stand_before_warnings_and_many_before_few() -> None:
    warnings = [Problem(1, "", "warning", "old")] * 9
    found = grouped(Problem(1, "", "notice", "n"), *warnings, error("one."), error("two!"), error("two!"))
    assert found == [("error", 2, "two!"), ("error", 1, "one."), ("warning", 9, "old"), ("notice", 1, "n")]


def test_problems_with_different_cures_form_different_groups() -> None:
    assert len(grouped(error("x"), error("x", cure="people"))) == 2


def test_more_kinds_than_can_be_shown_are_one() -> None:
    letters = [chr(ord("a") + number % 26) * (1 + number // 26) for number in range(MOST_GROUPS + 50)]
    found = grouped(*(error(f"{one}.") for one in letters))
    assert (len(found), ("error", 50, OTHERS) in found) == (MOST_GROUPS + 1, True)


@given(st.lists(PROBLEMS, max_size=40))
def test_every_problem_is_counted_once(problems: list[Problem]) -> None:
    found = Groups()
    for problem in problems:
        found.add(problem)
    shown = found.worst_first()
    assert sum(group.count for group in shown) == len(problems)
    assert [LEVELS.index(group.level) for group in shown] == sorted(LEVELS.index(group.level) for group in shown)
    for group in shown:
        assert len(group.first) == min(group.count, FIRST) and sum(group.columns.values()) == group.count
        if group.count == 1 and not group.kind:
            assert group.sentence == group.first[0].message


@pytest.mark.django_db
def test_warnings_never_hide_a_problem(alice: Any, bob: Any) -> None:
    far = [row(str(number), timestamp="2222-01-01T00:00:00Z") for number in range(300)]
    import_ = checked(*far, row("last", content=""))
    assert groups(import_) == [
        ("error", 1, "the text is empty: give it one, or remove the row."),
        ("warning", 300, "the time lies in the future: is it right?"),
    ]
    assert [one["row"] for one in preview(import_)["groups"][1]["problems"]] == list(range(2, 2 + FIRST))


@pytest.mark.django_db
def test_rows_that_name_missing_parents_are_of_one_kind(alice: Any, bob: Any) -> None:
    import_ = checked(*(row(str(number), f"gone: {number}?") for number in range(12)))
    ((level, count, sentence),) = groups(import_)
    assert (level, count) == ("error", 12)
    assert sentence.startswith("parent") and sentence.endswith("or choose that it begins a conversation.")
