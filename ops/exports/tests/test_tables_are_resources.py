"""The tables are Resources: ``export()`` returns what files contain, and nothing is imported through them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import tablib
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Upper
from django.test import Client
from django.test.utils import CaptureQueriesContext
from import_export.fields import Field
from openpyxl import load_workbook

from messaging.models import Message, MessageHistory
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer
from ops.exports import requests
from ops.exports.checks import message_table_can_be_exported
from ops.exports.columns import (
    FLAG,
    NUMBER,
    Column,
    HistoryTable,
    MessageTable,
    NotificationTable,
    ReadOnlyTable,
    Table,
    message_table,
)
from ops.exports.contents import File
from ops.exports.models import Export
from ops.exports.rows import values
from ops.exports.selections import newest_id
from ops.exports.tests.exporting import MESSAGES, WHY, confirmed, exported, some_messages

TABLES = (MessageTable, HistoryTable, NotificationTable)
HERE = "ops.exports.tests.test_tables_are_resources"
ALL = list(MessageTable.fields)


class PlatformTable(MessageTable):
    """A platform's table with two more columns; ``reason`` is named like a field of the form, and sometimes null."""

    reason = Column(F("parent_message__external_id"), help_text="what a platform wants")
    shout = Column(Upper("content"), help_text="the text in capitals")


@pytest.fixture
def stored(db: Any) -> list[Message]:
    """Edited by a moderator, unread, a reply to an own id, a text that looks like a formula, a time with a fraction."""
    messages = some_messages()
    MessageHistory.objects.filter(pk=MessageHistory.objects.earliest("pk").pk).update(edited_by=make_user("lea"))
    return [*messages, answer(messages[2], '@“quoted”, "twice"', read=True)]


@pytest.fixture
def platform(settings: Any) -> None:
    settings.EXPORT_MESSAGE_TABLE = f"{HERE}.PlatformTable"


def rows_of(table: type[Table]) -> list[tuple[Any, ...]]:
    """Return the rows that files are written from, with every column."""
    columns = table.columns(list(table.fields))
    last = newest_id(table._meta.model)
    return [row for some in values(table().get_queryset(), columns, after=0, up_to=last) for row in some]


def lines_of(table: type[Table], format: str) -> str:
    columns, last = table.columns(list(table.fields)), newest_id(table._meta.model)
    return b"".join(File("rows", format, table().get_queryset(), columns, last).stream()).decode()


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell


# --- Exporting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_a_dataset_has_the_values_of_the_files(stored: list[Message], table: type[Table]) -> None:
    dataset = table().export(table().get_queryset())
    assert dataset.headers == list(table.fields)
    assert [list(row) for row in dataset] == [[str(value) for value in row] for row in rows_of(table)]
    cells = [[*row[:-2], row[-1]] for row in csv.reader(io.StringIO(lines_of(table, "csv"), newline=""))]
    assert [dataset.headers, *map(list, dataset)] == [
        cells[0],
        *([unguarded(cell) for cell in row] for row in cells[1:]),
    ]


@pytest.mark.parametrize("table", TABLES)
def test_native_values_are_those_of_json_lines(stored: list[Message], table: type[Table]) -> None:
    dataset = table().export(table().get_queryset(), force_native_type=True)
    assert dataset.dict == [json.loads(line) for line in lines_of(table, "jsonl").splitlines()]


def test_values_are_exact_and_unguarded(stored: list[Message]) -> None:
    first, reply, other, last = MessageTable().export().dict
    assert (first["content"], first["replies"], first["read"]) == ("=1+1", "1", "false")
    assert (reply["edits"], reply["edited"], reply["parent_external_id"]) == ("2", "true", "a1")
    assert other["content"] == "'quoted'"
    assert last["parent_external_id"] == other["external_id"] != ""
    assert [row["edited_by"] for row in HistoryTable().export().dict] == ["lea", ""]


def test_answers_refer_to_parents_without_external_ids(stored: list[Message]) -> None:
    Message.objects.update(external_id=None, awaited_parent_external_id=None)
    first, reply, other, last = MessageTable().export().dict
    assert reply["parent_external_id"] == first["external_id"] != last["parent_external_id"] == other["external_id"]


def test_all_rows_are_exported_in_file_order_by_default(stored: list[Message]) -> None:
    assert (
        MessageTable().export()["external_id"] == MessageTable().export(Message.objects.order_by("pk"))["external_id"]
    )
    assert len(MessageTable().export()) == len(stored)


@pytest.mark.parametrize(
    "choose",
    [
        lambda stored: Message.objects.filter(pk__in=[stored[0].pk, stored[2].pk]).order_by("-pk"),
        lambda stored: Message.objects.order_by("-pk")[1:4:2],
        lambda stored: [stored[2], stored[0]],
        lambda stored: iter([stored[2], stored[0]]),
        lambda stored: (
            Message.objects.filter(pk__in=[stored[0].pk, stored[2].pk])
            .order_by("-pk")
            .select_related("sender")
            .prefetch_related("histories")
        ),
    ],
    ids=["filtered", "sliced", "list", "iterator", "prefetched"],
)
def test_any_choice_of_rows_keeps_its_order(stored: list[Message], choose: Callable[[Any], Any]) -> None:
    assert MessageTable().export(choose(stored))["content"] == ["'quoted'", "=1+1"]


def test_chosen_columns_come_in_the_order_of_the_table(stored: list[Message]) -> None:
    dataset = MessageTable().export(Message.objects.all(), export_fields=["content", "replies", "sender"])
    assert dataset.headers == ["sender", "content", "replies"]
    assert [column.column_name for column in MessageTable().get_export_fields()] == ALL
    assert list(MessageTable().get_export_order()) == ALL


def test_the_order_of_a_subclass_is_that_of_its_files(stored: list[Message]) -> None:
    class Sorted(MessageTable):
        class Meta:
            export_order = ("content", "sender")

    assert list(Sorted.columns(["sender", "content", "read"])) == ["content", "sender", "read"]
    assert Sorted().export(export_fields=["sender", "content", "read"]).headers == ["content", "sender", "read"]


# One query for the rows, and one for the name of this database in each column of own ids.
@pytest.mark.parametrize(("table", "expected"), [(MessageTable, 3), (HistoryTable, 2), (NotificationTable, 2)])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    stored: list[Message], table: type[Table], expected: int
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            table().export(table().get_queryset())
        return len(asked)

    table().export()  # creates the name of this database
    before = queries()
    for number in range(30):
        reply = answer(stored[0], str(number))
        reply.content = "edited"
        reply.save()
    assert (before, queries()) == (expected, expected)


# --- Importing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_importing_through_a_table_is_refused_with_the_command_to_use(
    stored: list[Message], table: type[Table]
) -> None:
    dataset = tablib.Dataset(["a1", "forged"], headers=["external_id", "content"])
    for attempt in (
        lambda: table().import_data(dataset),
        lambda: table().import_data(dataset, dry_run=True, raise_errors=False),
        lambda: table().import_row({"external_id": "a1", "content": "forged"}, None),
    ):
        with pytest.raises(ReadOnlyTable, match=r"manage\.py import_messages FILE"):
            attempt()
    assert not Message.objects.filter(content="forged").exists()


def test_no_field_of_a_table_writes(stored: list[Message]) -> None:
    for field in MessageTable.fields.values():
        field.save(stored[0], {field.column_name: "forged"})
    assert MessageTable().get_import_fields() == []
    stored[0].save()
    assert Message.objects.get(pk=stored[0].pk).content == "=1+1"


# --- A platform's table ----------------------------------------------------------------------------------------------


def test_the_setting_names_the_table(platform: None) -> None:
    assert message_table() is PlatformTable
    assert list(PlatformTable.fields) == [*ALL, "reason", "shout"]
    assert message_table_can_be_exported(None) == []


def test_an_added_column_is_in_the_form_and_can_be_chosen(
    platform: None, dora: Any, stored: list[Message], client: Client
) -> None:
    page = confirmed(client, dora).get(f"{MESSAGES}export/").content.decode()
    assert "what a platform wants" in page
    assert page.count('type="checkbox"') == len(PlatformTable.fields) + 2
    form = {"format": "csv", "reason": WHY, "platformtable_reason": "on", "platformtable_sender": "on"}
    assert client.post(f"{MESSAGES}export/", form).status_code == 302
    export = Export.objects.get()
    assert (export.columns, export.reason) == (["sender", "reason"], WHY)
    assert b"".join(requests.stream(export)).decode().splitlines()[:2] == ["sender,'threadward',reason", '"alice",,']


@pytest.mark.parametrize("format", Export.Format.values)
def test_an_added_column_is_in_every_format(platform: None, dora: Any, stored: list[Message], format: str) -> None:
    content = exported(dora, format=format, columns=["content", "reason", "shout"])
    if format == Export.Format.CSV:
        cells = list(csv.reader(io.StringIO(content.decode(), newline="")))[1:]
        rows = [[unguarded(cell) for cell in (*row[:-2], row[-1])] for row in cells]
    elif format == Export.Format.JSON_LINES:
        rows = [[value or "" for value in json.loads(line).values()] for line in content.decode().splitlines()]
    else:
        sheet = load_workbook(io.BytesIO(content))["messages"]
        rows = [[cell.value or "" for cell in row] for row in list(sheet.iter_rows(max_col=3))[1:]]
    assert rows[1] == ["+hello back", "a1", "+HELLO BACK"]
    assert rows[0] == ["=1+1", "", "=1+1"]


def test_an_added_column_is_preselected_unless_it_says_otherwise(platform: None, dora: Any, stored: Any) -> None:
    assert exported(dora).decode().splitlines()[0].endswith(",content,reason,'threadward',shout")


def test_personal_data_has_no_column_of_the_platform(
    platform: None, stored: list[Message], rosa: Any, folder: Any
) -> None:
    export = requests.person_zip(stored[0].sender, by=rosa, reason=WHY)
    assert export.rows
    files = {file.title: file for file in requests.contents.files_of(export)}
    assert list(files["messages-sent"].columns) == list(MessageTable.columns())


class NotATable:
    pass


class UnknownField(MessageTable):
    mood = Column(F("mood"))


class NoColumn(MessageTable):
    mood = Field(attribute="content")


class Dehydrated(MessageTable):
    mood = Column(Value(""), kind=NUMBER)

    def dehydrate_mood(self, message: Message) -> str:
        return "fine"


@pytest.mark.parametrize(
    ("path", "identity", "words"),
    [
        ("ops.nowhere.Table", "exports.E001", "EXPORT_MESSAGE_TABLE is 'ops.nowhere.Table', which cannot be imported"),
        ("nothing", "exports.E001", "which cannot be imported"),
        (f"{HERE}.NotATable", "exports.E001", "which is no MessageTable"),
        ("ops.exports.columns.HistoryTable", "exports.E001", "which is no MessageTable"),
        (f"{HERE}.UnknownField", "exports.E002", "The column “mood” of"),
        (f"{HERE}.NoColumn", "exports.E002", "declare it as a Column"),
        (f"{HERE}.Dehydrated", "exports.E002", "files would not have it"),
    ],
)
def test_an_invalid_table_is_reported_at_start_up(settings: Any, path: str, identity: str, words: str) -> None:
    settings.EXPORT_MESSAGE_TABLE = path
    (error,) = message_table_can_be_exported(None)
    assert (error.id, words in error.msg) == (identity, True)
    assert "EXPORT_MESSAGE_TABLE" in str(error.hint)


def test_flags_are_the_only_texts_that_json_changes() -> None:
    flags = [name for name, column in MessageTable.fields.items() if column.kind == FLAG]
    assert flags == ["edited", "read", "hidden", "redacted"]
