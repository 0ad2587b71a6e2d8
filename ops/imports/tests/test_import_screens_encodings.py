"""A file that is not UTF-8: its likely encoding is suggested, and nothing is read in it before that is chosen."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from messaging.models import Message
from ops.imports.tests.screens import address, bring, csv_of, decide, message, page, text

SUGGESTED = "The file is probably in Windows-1252 (Western Europe)."


def offered(client: Client, import_: Any) -> str:
    """The encoding that the form has chosen already."""
    return str(client.get(address(import_)).context["checks_form"]["encoding"].value())


def test_the_likely_encoding_is_suggested_and_cures_what_is_wrong(importing: Client, people: Any) -> None:
    rows = [message(str(number), content="où est-il déjà allé, à côté du café") for number in range(3)]
    import_ = bring(importing, csv_of(*rows).decode().encode("cp1252"))
    said = page(importing, import_)
    assert "Row 2 is not valid UTF-8 (byte 0xF9)" in said
    assert SUGGESTED in said
    assert "Import 3 messages" not in said
    assert offered(importing, import_) == "Windows-1252"
    said = text(decide(importing, import_, "check/"))
    assert "Import 3 messages" in said
    assert SUGGESTED not in said
    assert not Message.objects.exists()
    decide(importing, import_, "store/")
    assert {one.content for one in Message.objects.all()} == {"où est-il déjà allé, à côté du café"}


def test_the_suggestion_is_not_taken_for_what_was_chosen(importing: Client, people: Any) -> None:
    """Checking a file again as it was checked reads it as it was read."""
    import_ = bring(importing, csv_of(message(content="déjà")).decode().encode("cp1252"))
    assert offered(importing, import_) == "Windows-1252"
    assert dict(importing.get(address(import_)).context["same_choices"])["encoding"] == ""


def test_a_header_that_is_not_utf_8_has_a_suggestion_too(importing: Client, people: Any) -> None:
    header = ("external_id", "parent_external_id", "expéditeur", "receiver", "timestamp", "content")
    import_ = bring(importing, csv_of(message(), header=header).decode().encode("cp1252"))
    assert SUGGESTED in page(importing, import_)
    assert "Which column is which?" in text(decide(importing, import_, "check/"))


@pytest.mark.parametrize("content", [csv_of(message(content="déjà")), csv_of(message(sender="nobody"))])
def test_nothing_is_suggested_where_nothing_is_wrong_with_the_encoding(
    importing: Client, people: Any, content: bytes
) -> None:
    import_ = bring(importing, content)
    assert "probably" not in page(importing, import_)
    assert offered(importing, import_) == ""


def test_nothing_is_suggested_once_an_encoding_was_chosen(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message(content="déjà")).decode().encode("cp1252"))
    said = text(decide(importing, import_, "check/", encoding="Shift_JIS"))
    assert "is not valid Shift_JIS" in said
    assert "probably" not in said
    assert offered(importing, import_) == "Shift_JIS"
