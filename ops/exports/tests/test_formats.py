"""The contents of exported files: every row once, exact, the same on both databases, and no formulas."""

from __future__ import annotations

import csv
import gc
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.exports import requests
from ops.exports.formats import csv_lines
from ops.exports.formats.workbook import MOST_CHARACTERS
from ops.exports.models import Export
from ops.exports.selections import ExportRefused
from ops.exports.tests.exporting import NOW, exported, some_messages, unzipped
from ops.imports import own_ids

NAUGHTY = ["=1+1", "+1", "-1", "@x", "\ttab", "\rreturn", "'quoted'", "''", '"', ",", "a\nb", "a\r\nb", "\u202egnp.exe"]


@pytest.fixture
def stored(db: Any) -> list[Message]:
    return some_messages()


def test_a_csv_file_holds_each_message_on_its_line(dora: Any, stored: list[Message]) -> None:
    _, reply, other = stored
    own = own_ids.prefix()
    lines = [
        "external_id,parent_external_id,sender,receiver,timestamp,edited,read,hidden,redacted,'threadward',content",
        '"a1","","alice","bob",2026-01-05T10:00:00+00:00,false,false,false,false,,"\'=1+1"',
        f'"{own}{reply.pk}","a1","bob","alice",2026-01-05T10:00:00.000005+00:00,true,true,false,false,,"\'+hello back"',
        f'"{own}{other.pk}","","bob","alice",2026-01-05T10:09:00+00:00,false,false,false,false,,"\'\'quoted\'"',
    ]
    assert exported(dora).decode() == "".join(f"{line}\n" for line in lines)


def test_a_json_lines_file_holds_texts_as_they_are(dora: Any, stored: list[Message]) -> None:
    _, reply, _ = stored
    lines = exported(dora, format=Export.Format.JSON_LINES).decode().splitlines()
    assert len(lines) == 3
    assert json.loads(lines[1]) == {
        "external_id": f"{own_ids.prefix()}{reply.pk}",
        "parent_external_id": "a1",
        "sender": "bob",
        "receiver": "alice",
        "timestamp": "2026-01-05T10:00:00.000005+00:00",
        "edited": True,
        "read": True,
        "hidden": False,
        "redacted": False,
        "content": "+hello back",
    }


def test_csv_cells_are_guarded_and_the_texts_can_be_restored(dora: Any) -> None:
    alice = make_user("-alice")
    bob = make_user("@bob")
    for number, text in enumerate(NAUGHTY):
        write(alice, bob, text, external_id=f"={number}")
    rows = list(csv.reader(io.StringIO(exported(dora).decode(), newline="")))[1:]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert [row[-1].removeprefix("'") if row[-1][:1] == "'" else row[-1] for row in rows] == NAUGHTY
    assert {(row[2], row[3]) for row in rows} == {("'-alice", "'@bob")}
    assert rows[0][0] == "'=0"


@pytest.mark.parametrize("format", Export.Format.values)
def test_the_same_messages_give_the_same_bytes(dora: Any, stored: list[Message], format: str) -> None:
    first, second = (exported(dora, format=format, histories=True) for _ in range(2))
    assert first == second


def test_chosen_columns_come_in_the_order_of_the_table(dora: Any, stored: list[Message]) -> None:
    first, _, _ = stored
    lines = exported(dora, columns=["replies", "edits", "sender", "conversation"]).decode().splitlines()
    assert lines[0] == "sender,conversation,edits,'threadward',replies"
    assert lines[1] == f'"alice",{first.conversation_id},0,,1'
    assert lines[2] == f'"bob",{first.conversation_id},2,,0'


def test_unknown_columns_are_not_exported(dora: Any, stored: list[Message]) -> None:
    assert (
        exported(dora, columns=["sender", "password", "sender__password"]).decode().splitlines()[0]
        == "'threadward',sender"
    )


@pytest.mark.parametrize("format", Export.Format.values)
def test_older_texts_come_as_a_second_file(dora: Any, stored: list[Message], format: str) -> None:
    _, reply, _ = stored
    files = unzipped(exported(dora, format=format, histories=True))
    assert list(files) == [f"messages.{format}", f"histories.{format}"]
    assert files[f"messages.{format}"] == exported(dora, format=format)
    if format == Export.Format.CSV:
        rows = list(csv.DictReader(io.StringIO(files["histories.csv"].decode(), newline="")))
        assert [row["old_content"] for row in rows] == ["hello, “back”\nand more", "hello, back"]
        assert {row["external_id"] for row in rows} == {f"{own_ids.prefix()}{reply.pk}"}


def test_older_texts_are_those_of_the_messages_in_the_file(dora: Any, stored: list[Message]) -> None:
    _, _, other = stored
    other.content = "new"
    other.save()
    files = unzipped(exported(dora, ids=[other.pk], histories=True))
    rows = list(csv.DictReader(io.StringIO(files["histories.csv"].decode(), newline="")))
    assert [row["old_content"] for row in rows] == ["''quoted'"]


def test_a_text_too_long_for_a_cell_is_refused_with_advice(dora: Any, stored: list[Message]) -> None:
    Message.objects.filter(pk=stored[0].pk).update(content="x" * (MOST_CHARACTERS + 1))
    with pytest.raises(ExportRefused) as refusal:
        exported(dora, format=Export.Format.XLSX)
    assert str(refusal.value) == (
        "An Excel cell holds at most 32,767 characters, and a text here is longer: export it as CSV."
    )
    assert exported(dora, format=Export.Format.XLSX, columns=["sender"])


def test_too_many_rows_for_a_sheet_are_refused_with_advice(
    dora: Any, stored: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.exports.formats.workbook.MOST_ROWS", 2)
    with pytest.raises(ExportRefused, match="and these are 3: export them as CSV"):
        exported(dora, format=Export.Format.XLSX)


def test_messages_come_in_the_order_of_their_ids(dora: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    # Keys start from 1: PostgreSQL's sequence continues from test to test, and ranges of 7 have to reach them.
    last = write(alice, bob, "0", minute=100, pk=1)
    for number in range(1, 60):
        last = answer(last, str(number), minute=100 - number, pk=number + 1)
    whole = exported(dora)
    monkeypatch.setattr("ops.exports.rows.FIRST_RANGE", 7)
    monkeypatch.setattr("ops.exports.rows.QUICK", 0.0)
    assert exported(dora) == whole
    assert [row["content"] for row in csv.DictReader(io.StringIO(whole.decode()))] == [str(n) for n in range(60)]


def test_messages_stored_after_the_request_are_not_exported(dora: Any, stored: list[Message]) -> None:
    export = requests.submit(requests.draft(by=dora, scope=Export.Scope.MESSAGES, reason="why"))
    write(stored[0].sender, stored[0].receiver, "later")
    assert b"later" not in b"".join(requests.stream(export))


def test_early_years_are_written_with_four_digits(dora: Any, stored: list[Message]) -> None:
    first = stored[0]
    Message.objects.filter(pk=first.pk).update(timestamp=first.timestamp.replace(year=1) + timedelta(microseconds=120))
    line = exported(dora, ids=[first.pk]).decode().splitlines()[1]
    assert "0001-01-05T10:00:00.000120+00:00" in line


@pytest.mark.parametrize("format", [Export.Format.CSV, Export.Format.JSON_LINES])
@pytest.mark.parametrize("fraction", [0, 1, 120, 500_000, 999_999])
def test_times_are_written_in_the_iso_format_of_python(
    dora: Any, stored: list[Message], format: str, fraction: int
) -> None:
    for year in (1, 1969, 1970, 9999):
        moment = stored[0].timestamp.replace(year=year, month=12, day=29, hour=23, minute=59, microsecond=fraction)
        Message.objects.filter(pk=stored[0].pk).update(timestamp=moment)
        assert moment.isoformat() in exported(dora, format=format, ids=[stored[0].pk]).decode()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL hands over line by line")
def test_lines_are_not_kept_as_python_objects(dora: Any, stored: list[Message]) -> None:
    """A few hundred of them trigger Python's garbage collector, which then takes as long as everything else."""
    alice, bob = stored[0].sender, stored[0].receiver
    first = stored[0].conversation_id
    Message.objects.bulk_create(
        Message(sender=alice, receiver=bob, content="text", timestamp=NOW, conversation_id=first) for _ in range(6_000)
    )
    export = requests.submit(requests.draft(by=dora, scope=Export.Scope.MESSAGES, reason="why"))
    lines = requests.stream(export)
    assert next(lines).startswith(b"external_id,")
    gc.collect()
    before = gc.get_stats()[0]["collections"]
    assert b"".join(lines).count(b"\n") == 6_003
    assert gc.get_stats()[0]["collections"] - before < 5


def queries(by: Any, format: str) -> int:
    """Return how many queries an export takes."""
    with CaptureQueriesContext(connection) as asked:
        exported(by, format=format)
    return len(asked)


@pytest.mark.parametrize("format", [Export.Format.CSV, Export.Format.JSON_LINES])
def test_the_number_of_queries_does_not_grow_with_the_rows(dora: Any, stored: list[Message], format: str) -> None:
    queries(dora, format)  # fills the cache of her permissions
    before = queries(dora, format)
    for number in range(30):
        write(stored[0].sender, stored[0].receiver, str(number))
    assert queries(dora, format) == before


class Slowly:
    """A COPY that returns lines one at a time, so that none waits in libpq, and its end by itself."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = iter([*lines, b""])
        self.connection = self.pgconn = self

    def read(self) -> bytes:
        return next(self.lines)

    def get_copy_data(self, _: int) -> tuple[int, bytes]:
        return 0, b""


def test_no_line_of_a_slow_server_is_lost() -> None:
    lines = [b"1,one\n", b"2,two\n", b"3,three\n"]
    pieces: Any = list(csv_lines._received(Slowly(lines)))  # type: ignore[arg-type]
    assert b"".join(piece for piece, _ in pieces) == b"".join(lines)
    assert sum(number for _, number in pieces) == 3
