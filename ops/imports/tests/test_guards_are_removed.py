"""The ' that our CSV files put before formulas is removed from files that are marked as ours, and from no others."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.models import Message
from messaging.tests.cast import make_user
from ops.files import private_files
from ops.files.formulas import MARK, MARK_WITHOUT_GUARD
from ops.files.tests.files import COLUMNS, as_marked_csv
from ops.imports.tests.files import SHARED, as_csv, as_json, as_xlsx, row
from ops.imports.tests.importing import checked, preview, problems, stored_import

APOSTROPHES = SHARED / "field" / "59-apostrophes.csv"
# What our exports write for ["=1+1", "'tis", "\tx", "+1", "hello"].
GUARDED = ["'=1+1", "''tis", "'\tx", "'+1", "hello"]


def texts() -> dict[str | None, str]:
    return dict(Message.objects.values_list("external_id", "content"))


@pytest.fixture(autouse=True)
def cast(alice: Any, bob: Any) -> None:
    """Create Alice and Bob, the senders and receivers."""


def test_guards_of_our_exports_are_removed_with_a_notice() -> None:
    rows = [row(f"'-{number}", content=text) for number, text in enumerate(GUARDED)]
    import_ = stored_import(content=as_marked_csv(*rows))
    assert texts() == {"-0": "=1+1", "-1": "'tis", "-2": "\tx", "-3": "+1", "-4": "hello"}
    again = checked(content=as_marked_csv(*rows))
    assert problems(again) == ["A leading ' was taken off 9 values, as exports put it there."]
    assert [one["content"] for one in preview(again)["first"]] == ["=1+1", "'tis", "\tx", "+1", "hello"]
    assert import_.counts["notices"] == 1


@pytest.mark.parametrize("write", [as_csv, as_xlsx, as_json])
@pytest.mark.parametrize("beside", ["hello", "-1", "=1", "''also''"])
def test_a_foreign_text_keeps_its_apostrophes(write: Any, beside: str) -> None:
    rows = [row(f"'-{number}", content=text) for number, text in enumerate(GUARDED)]
    stored_import(content=write(*rows, row("9", content=beside)))
    assert texts() == {f"'-{number}": text for number, text in enumerate(GUARDED)} | {"9": beside}


def test_a_foreign_column_called_problem_changes_nothing() -> None:
    content = "id,parent_id,sender,receiver,timestamp,content,problem\n1,,alice,bob,2026-01-05T10:00:00Z,''x'',none\n"
    stored_import(content=content.encode())
    assert texts() == {"1": "''x''"}


@pytest.mark.skipif(not APOSTROPHES.is_file(), reason=f"the shared test data is not at {APOSTROPHES}")
def test_the_field_file_with_apostrophes_is_exact() -> None:
    stored_import(content=APOSTROPHES.read_bytes())
    assert texts() == {"ap1": "''This'' is in italics", "ap2": "plain answer"}


def test_a_program_that_took_every_apostrophe_off_took_it_off_the_mark_too() -> None:
    """Google Sheets does this; the remaining texts are the original ones."""
    rows = [row(str(number), content=text.removeprefix("'")) for number, text in enumerate([*GUARDED, "''x"])]
    content = as_marked_csv(*rows).replace(MARK.encode(), MARK_WITHOUT_GUARD.encode())
    stored_import(content=content)
    assert texts() == {"0": "=1+1", "1": "'tis", "2": "\tx", "3": "+1", "4": "hello", "5": "'x"}


def test_a_guarded_carriage_return_may_have_become_a_line_feed() -> None:
    """LibreOffice does this; a text that begins with ' has a second one, its guard."""
    stored_import(content=as_marked_csv(row("1", content="'\nreturn"), row("2", content="''\nx")))
    assert texts() == {"1": "\nreturn", "2": "'\nx"}


def test_our_file_may_have_become_a_workbook() -> None:
    rows = [(*row("1", content="'=1")[:-1], "", "'=1")]
    headers = [*COLUMNS[:-1], MARK, "content"]
    stored_import(content=as_xlsx(*rows, headers=headers))
    assert texts() == {"1": "=1"}


def test_the_length_of_a_value_is_checked_without_its_guard() -> None:
    longest = "=" + "x" * 254
    exported = checked(content=as_marked_csv(row(f"'{longest}"), row("2", f"'{longest}")))
    assert [problem for problem in problems(exported) if "shorten" in problem] == []
    assert [one["external_id"] for one in preview(exported)["first"]] == [longest, "2"]
    from_elsewhere = checked(row(f"'{longest}"), row("2"))
    assert problems(from_elsewhere) == ["row 2, external_id: the external_id has 256 characters: shorten it to 255."]
    assert from_elsewhere.counts["rejected"] == 1


def test_excluded_rows_of_a_foreign_file_are_returned_guarded_and_imported_exactly() -> None:
    written = ["=1", "''x''", "'-'", "hello"]
    rows = [row(str(number), sender="carol", content=text) for number, text in enumerate(written)]
    import_ = stored_import(row("9"), *rows, only_valid=True)
    rejected = private_files.path(private_files.beside(import_.upload, "rejected.csv")).read_bytes()
    make_user("carol")
    stored_import(content=rejected)
    assert texts() == {"9": "hello"} | {str(number): text for number, text in enumerate(written)}
