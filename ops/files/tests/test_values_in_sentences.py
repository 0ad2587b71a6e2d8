"""A value quoted in a sentence reads as it does in the file."""

from __future__ import annotations

import pytest

from ops.files.problems import LONGEST_LABEL, label


@pytest.mark.parametrize(
    "value", ["lp2", "Lp2", "DOMAIN\\alice", "a'b", 'a"b', "ein Name", "jürgen", "1.17895E+18", "📎"]
)
def test_a_short_visible_value_is_not_changed(value: str) -> None:
    assert label(value) == value
    assert label(value, quoted=True)[1:-1] == value
    assert label(value, quoted=True)[0] == label(value, quoted=True)[-1] in ("'", '"')


@pytest.mark.parametrize(
    ("value", "shown"), [(" a ", "' a '"), ("", "''"), ("a\u200bb", "'a\\u200bb'"), ("a\nb", "'a\\nb'")]
)
def test_invisible_characters_are_quoted_or_spelled_out(value: str, shown: str) -> None:
    assert label(value) == shown


def test_a_long_value_is_cut() -> None:
    assert label("x" * 500) == "x" * (LONGEST_LABEL - 1) + "…"
