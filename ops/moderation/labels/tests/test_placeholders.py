"""Placeholders of canned reasons are filled in once, and nothing is sent while one is left."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from ops.moderation.labels.placeholders import fill, refusal, unfilled, validate_braces

TEXT = "Your message of {date} breaks {rule}. {date}!"


def test_unfilled_placeholders_are_listed_once_in_order() -> None:
    assert unfilled(TEXT) == ["date", "rule"]
    assert unfilled("Nothing to fill in.") == []


def test_values_replace_their_placeholders() -> None:
    filled = fill(TEXT, {"date": "1 May", "rule": "rule 3", "other": "ignored"})
    assert (filled, unfilled(filled), refusal(filled)) == ("Your message of 1 May breaks rule 3. 1 May!", [], "")


@pytest.mark.parametrize(
    "values", [{"date": "1 May"}, {"date": "1 May", "rule": ""}, {"date": "1 May", "rule": "  \n"}]
)
def test_placeholders_without_a_value_stay_unfilled(values: dict[str, str]) -> None:
    assert unfilled(fill(TEXT, values)) == ["rule"]


def test_a_value_is_text_and_is_not_filled_in_again() -> None:
    assert fill("{date} {rule}", {"date": "{rule}", "rule": "{date.__class__}"}) == "{rule} {date.__class__}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("You broke {rule}.", "Fill in {rule} before this is sent."),
        (TEXT, "Fill in {date} and {rule} before this is sent."),
        ("{a} {b} {c}", "Fill in {a}, {b} and {c} before this is sent."),
        ("Of {date, as {Written}", ""),  # a text that somebody typed may hold any brace
    ],
)
def test_a_text_with_something_left_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    assert refusal(text) == sentence


@pytest.mark.parametrize("text", ["{date", "date}", "{{date}}", "{}", "{ date }", "{Date}", "{1st}", "{a b}", "}{"])
def test_braces_that_are_no_placeholder_are_refused_when_a_reason_is_saved(text: str) -> None:
    with pytest.raises(ValidationError, match="belongs to no placeholder"):
        validate_braces(f"Some {text} text")


def test_placeholders_and_texts_without_any_are_accepted() -> None:
    validate_braces(TEXT)
    validate_braces("")
