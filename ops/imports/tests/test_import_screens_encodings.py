"""A file that is not UTF-8: its likely encoding is suggested, and not used before it is chosen."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from messaging.models import Message
from ops.imports import erased
from ops.imports.models import SavedEncoding
from ops.imports.pages import previews
from ops.imports.tests.files import SHARED
from ops.imports.tests.screens import address, bring, csv_of, decide, message, page, text

SUGGESTED = "The file is probably in Windows-1252 (Western Europe)."


def offered(client: Client, import_: Any) -> str:
    """Return the encoding that is selected in the form."""
    return str(client.get(address(import_)).context["checks_form"]["encoding"].value())


def test_the_likely_encoding_is_suggested_and_fixes_the_problems(importing: Client, people: Any) -> None:
    rows = [message(str(number), content="où est-il déjà allé, à côté du café") for number in range(3)]
    import_ = bring(importing, csv_of(*rows).decode().encode("cp1252"))
    page_text = page(importing, import_)
    assert "Row 2 is not valid UTF-8 (byte 0xF9)" in page_text
    assert SUGGESTED in page_text
    assert "Import 3 messages" not in page_text
    assert offered(importing, import_) == "Windows-1252"
    page_text = text(decide(importing, import_, "check/"))
    assert "Import 3 messages" in page_text
    assert SUGGESTED not in page_text
    assert not Message.objects.exists()
    decide(importing, import_, "store/")
    assert {one.content for one in Message.objects.all()} == {"où est-il déjà allé, à côté du café"}


def test_a_suggested_encoding_is_not_stored_as_the_choice(importing: Client, people: Any) -> None:
    """Checking a file again with the same choices reads it the same way."""
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
    page_text = text(decide(importing, import_, "check/", encoding="Shift_JIS"))
    assert "is not valid Shift_JIS" in page_text
    assert "probably" not in page_text
    assert offered(importing, import_) == "Shift_JIS"


def test_one_click_takes_the_suggested_encoding_shown_with_samples(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message(content="où est-il déjà allé")).decode().encode("cp1252"))
    page_text = page(importing, import_)
    assert "o\\xF9 est-il d\\xE9j\\xE0 all\\xE9" in page_text
    assert "où est-il déjà allé" in page_text
    page_text = text(decide(importing, import_, "take/", suggestion="0"))
    assert "Import 1 message" in page_text
    assert import_.get_reading().encoding == "Windows-1252"


def test_a_chosen_encoding_is_remembered_and_erased_with_its_user(importing: Client, people: Any, dan: Any) -> None:
    first = bring(importing, csv_of(message(content="café £5")).decode().encode("latin-1"))
    decide(importing, first, "check/", encoding="Latin-9")
    assert SavedEncoding.objects.get().user == dan
    second = bring(importing, csv_of(message(content="café £6")).decode().encode("latin-1"))
    page_text = page(importing, second)
    assert "The file is probably in Latin-9 (ISO 8859-15, with €), which you chose last time." in page_text
    assert offered(importing, second) == "Latin-9"
    erased.erase(SimpleNamespace(user_id=dan.pk, username="dan", names=["dan"]), None)
    assert not SavedEncoding.objects.exists()


FIELD = SHARED / "field"


def tried(importing: Client, name: str) -> tuple[Any, list[Any]]:
    """Upload a field file; return its import and its suggestions."""
    if not (FIELD / name).is_file():
        pytest.skip(f"the shared test data is not at {FIELD}")
    import_ = bring(importing, (FIELD / name).read_bytes())
    return import_, (previews.load(import_) or {})["suggestions"]


def test_the_field_file_with_two_encodings_is_read_row_by_row(importing: Client, people: Any) -> None:
    import_, suggestions = tried(importing, "40-mixed-encodings.csv")
    assert [(one["option"], one["value"]) for one in suggestions] == [("fallback_encoding", "Windows-1252")]
    assert suggestions[0]["samples"] == [{"row": 3, "written": "caf\\xE9 cp1252", "read": "café cp1252"}]
    assert "Row 3 is not valid UTF-8" in page(importing, import_)
    decide(importing, import_, "take/", suggestion="0")
    decide(importing, import_, "store/")
    assert dict(Message.objects.values_list("external_id", "content")) == {"me1": "café utf8", "me2": "café cp1252"}


def test_the_field_file_in_gb18030_is_suggested_so(importing: Client, people: Any) -> None:
    import_, suggestions = tried(importing, "40b-gb18030.csv")
    assert [(one["option"], one["value"]) for one in suggestions] == [("encoding", "GB18030")]
    decide(importing, import_, "take/", suggestion="0")
    decide(importing, import_, "store/")
    assert Message.objects.get().content == (FIELD / "40b-gb18030.csv").read_text("gb18030").rstrip().rpartition(",")[2]


def test_the_field_file_with_the_end_mark_of_dos_is_read_as_it_is(importing: Client, people: Any) -> None:
    import_, suggestions = tried(importing, "42-ctrl-z.csv")
    assert (suggestions, import_.counts["errors"]) == ([], 0)
    assert "The file ends with Ctrl-Z (U+001A), the end mark of DOS; it is ignored." in page(importing, import_)
    decide(importing, import_, "store/")
    assert Message.objects.get().content == "dos"


def test_the_field_file_with_backslashes_is_read_so_by_one_click(importing: Client, people: Any) -> None:
    import_, suggestions = tried(importing, "33-backslash.csv")
    assert [(one["option"], one["value"]) for one in suggestions] == [("escapes", "quotes")]
    decide(importing, import_, "take/", suggestion="0")
    decide(importing, import_, "store/")
    assert dict(Message.objects.values_list("external_id", "content")) == {
        "bs1": 'Foo "Bar" said',
        "bs2": "ends with backslash\\",
        "bs3": "fine",
    }
