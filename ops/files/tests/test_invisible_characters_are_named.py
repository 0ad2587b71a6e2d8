"""Characters that are invisible, or that make a text look like another one, are found and named."""

from __future__ import annotations

import pytest

from ops.files.invisible import Part, parts


@pytest.mark.parametrize("text", ["a\u202eb", "a\u200bb", "\ufeff", "a\x07", "a\x1b[31m", "\u2066", "\x85"])
def test_invisible_and_control_characters_are_named(text: str) -> None:
    assert any(part.name for part in parts(text))


@pytest.mark.parametrize("text", ["hello\r\n\tworld", "👩‍🚀", "naïve", "日本", ""])
def test_visible_characters_are_not_named(text: str) -> None:
    assert not any(part.name for part in parts(text))


def test_the_text_around_them_stays_as_it_is() -> None:
    assert parts("a\u202eb\x00") == [
        Part("a", ""),
        Part("\u202e", "right-to-left override (U+202E)"),
        Part("b", ""),
        Part("\x00", "null (U+0000)"),
    ]
