"""XLSX exports are made to be worked with: dates, logical values, a header to filter by; and can be imported again."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from messaging.models import Message
from ops.exports.columns import MessageTable
from ops.exports.models import Export
from ops.exports.tests.exporting import NOW, exported, make_exporter, some_messages
from ops.exports.tests.test_round_trip import empty, import_file

COLUMNS = [*("timestamp (UTC)" if name == "timestamp" else name for name in MessageTable.columns()), "timestamp_exact"]


@pytest.fixture
def emma(db: Any, folder: Any) -> Any:
    """Emma exports and imports."""
    return make_exporter("emma", "view_message", "view_conversation", "import_messages")


@pytest.fixture
def stored(db: Any) -> list[Message]:
    return some_messages()


def sheet_of(by: Any, **asked: Any) -> Worksheet:
    return load_workbook(io.BytesIO(exported(by, format=Export.Format.XLSX, **asked)))["messages"]


def column(sheet: Worksheet, name: str) -> list[Any]:
    """Return the cells of a column below the header."""
    headers = [cell.value for cell in sheet[1]]
    return [row[headers.index(name)] for row in sheet.iter_rows(min_row=2)]


def test_texts_and_ids_are_formatted_as_text(emma: Any, stored: list[Message]) -> None:
    sheet = sheet_of(emma)
    assert [cell.value for cell in sheet[1]] == COLUMNS
    assert [cell.value for cell in column(sheet, "content")] == ["=1+1", "+hello back", "'quoted'"]
    for name in ("external_id", "sender", "receiver", "content"):
        assert {(cell.data_type, cell.number_format) for cell in column(sheet, name)} == {("s", "@")}


def test_times_are_dates_in_utc_with_a_column_of_exact_times(emma: Any, stored: list[Message]) -> None:
    sheet = sheet_of(emma)
    first, reply, other = column(sheet, "timestamp (UTC)")
    assert first.is_date and first.number_format == "yyyy-mm-dd hh:mm:ss.000"
    assert [first.value, other.value] == [one.timestamp.replace(tzinfo=None) for one in (stored[0], stored[2])]
    assert reply.value == stored[1].timestamp.replace(tzinfo=None, microsecond=0)
    exact = [cell.value for cell in column(sheet, "timestamp_exact")]  # only if there is a fraction
    assert exact == [None, "2026-01-05T10:00:00.000005+00:00", None]


def test_flags_are_logical_and_figures_are_numbers(emma: Any, stored: list[Message]) -> None:
    sheet = sheet_of(emma, columns=["read", "edits", "content"])
    assert [cell.value for cell in column(sheet, "read")] == [False, True, False]
    assert {cell.data_type for cell in column(sheet, "read")} == {"b"}
    assert [(cell.value, cell.data_type) for cell in column(sheet, "edits")] == [(0, "n"), (2, "n"), (0, "n")]


def test_the_header_is_bold_stays_in_view_and_filters(emma: Any, stored: list[Message]) -> None:
    sheet = sheet_of(emma)
    assert all(cell.font.bold for cell in sheet[1])
    assert not any(cell.font.bold for cell in sheet[2])
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:K4")
    widths = {name: sheet.column_dimensions[letter].width for name, letter in zip(COLUMNS, "ABCDEFGHIJK", strict=True)}
    assert widths["content"] > 60 > widths["sender"] > widths["read"] > 5


def test_the_properties_say_who_exported_it_and_when(emma: Any, stored: list[Message]) -> None:
    book = load_workbook(io.BytesIO(exported(emma, format=Export.Format.XLSX)))
    assert (book.properties.creator, book.properties.created) == ("emma", NOW.replace(tzinfo=None))


MOMENTS = [
    datetime(1, 1, 3, 12, 30, 0, 120, UTC),
    datetime(1899, 12, 31, tzinfo=UTC),
    datetime(1900, 2, 28, 23, 59, 59, 999_999, UTC),
    datetime(1900, 3, 1, 0, 0, 0, 1, UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(2026, 1, 5, 10, 0, 0, 500_000, UTC),
    datetime(2026, 1, 5, 10, 0, 0, 500_001, UTC),
    datetime(9998, 12, 31, 23, 59, 59, 999_999, UTC),
    *(datetime(2026, 1, 5, tzinfo=UTC) + timedelta(milliseconds=86_399_999 * part / 97) for part in range(98)),
]


def test_every_time_survives_the_round_trip_to_the_microsecond(emma: Any, stored: list[Message]) -> None:
    first = stored[0]
    same = {"sender": first.sender, "receiver": first.receiver, "conversation_id": first.conversation_id}
    Message.objects.bulk_create(
        Message(content=str(number), timestamp=moment, external_id=f"m{number}", **same)
        for number, moment in enumerate(MOMENTS)
    )
    content = exported(emma, format=Export.Format.XLSX)
    empty()
    import_ = import_file(content, "xlsx", emma)
    found = dict(Message.objects.values_list("external_id", "timestamp"))
    assert [found[f"m{number}"] for number in range(len(MOMENTS))] == MOMENTS
    assert import_.counts["notices"] == 0
    assert exported(emma, format=Export.Format.XLSX) == content
