"""Numbers and names in texts."""

from __future__ import annotations

import pytest
from django.utils import translation

from messaging.languages.wording import grouped, listed, numbered


def test_numbers_are_grouped_as_the_language_writes_them() -> None:
    assert grouped(1_234_567) == "1,234,567"
    with translation.override("de"):
        assert grouped(1_234_567) == "1.234.567"


@pytest.mark.parametrize(("number", "expected"), [(1, "1 of 2 rows"), (1200, "1,200 of 2 rows")])
def test_a_number_is_inserted_in_its_place(number: int, expected: str) -> None:
    assert numbered("%(number)s of %(all)s rows", number, all=2) == expected


@pytest.mark.parametrize(
    ("names", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_listed_as_a_sentence_has_them(names: list[str], expected: str) -> None:
    assert listed(names) == expected
