"""Files as people have them: headers, columns and shapes of ../shared/data/field are read as its README states."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from messaging.models import Message
from messaging.tests.cast import make_user
from ops.imports.models import Import
from ops.imports.options import as_argument
from ops.imports.pages import previews
from ops.imports.tests.files import SHARED, all_problems, result_of
from ops.imports.tests.importing import brought, checked
from ops.imports.tests.screens import address, bring, decide, page, text

FIELD = SHARED / "field"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("folder"),
    pytest.mark.skipif(not FIELD.is_dir(), reason=f"the shared test data is not at {FIELD}"),
]


@pytest.fixture(autouse=True)
def cast(db: None) -> None:
    for username in ("alice", "bob", "carol", "dave"):
        make_user(username)


def content(name: str) -> bytes:
    return (FIELD / name).read_bytes()


def stored_texts(name: str, **options: Any) -> tuple[list[str], list[str]]:
    """Return the texts that a file stores, and its problems."""
    result, problems = result_of(brought(content=content(name), **options))
    assert not result.refused, problems
    return list(Message.objects.order_by("id").values_list("content", flat=True)), problems


def suggestions(import_: Import) -> list[dict[str, Any]]:
    """Return the suggestions of the check."""
    found: list[dict[str, Any]] = (previews.load(import_) or {})["suggestions"]
    return found


def suggestion(import_: Import) -> dict[str, Any]:
    """Return the only suggestion."""
    (one,) = suggestions(import_)
    return one


BLANK = "columns 7, 8, 9, 10 and 11 (G, H, I, J and K) have neither a name nor values: left out."


@pytest.mark.parametrize(
    ("name", "texts", "notices"),
    [
        ("01-sep-line.csv", ["one; and two"], []),
        ("02b-double-bom.csv", ["hé"], []),
        ("06b-space-columns.xlsx", ["spaces behind"], [BLANK]),
        (
            "06c-trailing-commas.csv",
            ["trailing commas"],
            ["columns 7, 8 and 9 (G, H and I) have neither a name nor values: left out."],
        ),
        ("26-headers.csv", ["x"], []),
        (
            "38-raw-controls.json",
            ["bell\x07 and back\x08"],
            ["texts hold control characters as they are, first in row 1: they are kept."],
        ),
        ("50-title-row.xlsx", ["m"], ["the header is row 3; row 1 above it is left out."]),
        ("50b-title-row.csv", ["m"], ["the header is row 2; row 1 above it is left out."]),
        ("53-jsonl-array-lines.json", ["a", "a", "a"], ["a comma behind the last object is read over."]),
        (
            "55-pandas-index.csv",
            ["first", "second"],
            ["column 1 (A) has no name and counts the rows: left out."],
        ),
    ],
)
def test_each_file_is_imported_with_its_texts_and_notices(name: str, texts: list[str], notices: list[str]) -> None:
    assert stored_texts(name) == (texts, notices)


def test_friendly_names_are_offered_with_three_sample_values(importing: Client) -> None:
    import_ = bring(importing, content("26b-friendly.csv"))
    one = suggestion(import_)
    assert one["value"] == {
        "external_id": "Message ID",
        "parent_external_id": "Reply To",
        "sender": "From",
        "receiver": "To",
        "timestamp": "Date",
        "content": "Message",
    }
    page_text = page(importing, import_)
    assert "The columns go by other names: 'Message ID' is external_id, 'Reply To' is parent_external_id" in page_text
    form = importing.get(address(import_)).context["columns_form"]
    assert form.of_the_file == [
        ("Message ID", ["h2"]),
        ("Reply To", []),
        ("From", ["alice"]),
        ("To", ["bob"]),
        ("Date", ["2026-01-05T10:00:00+00:00"]),
        ("Message", ["x"]),
    ]
    decide(importing, import_, "columns/")
    decide(importing, import_, "store/")
    assert Message.objects.get().external_id == "h2"


def test_the_suggested_columns_work_as_command_options() -> None:
    one = suggestion(checked(content=content("26b-friendly.csv")))
    assert as_argument(one).startswith("--column 'external_id=Message ID' --column 'parent_external_id=Reply To'")
    assert stored_texts("26b-friendly.csv", columns=one["value"]) == (["x"], [])


def test_a_file_without_a_header_never_loses_its_first_message(importing: Client) -> None:
    import_ = bring(importing, content("27-no-header.csv"))
    page_text = page(importing, import_)
    assert "The file has no header: its first row holds values like the others." in page_text
    decide(importing, import_, "columns/")
    decide(importing, import_, "store/")
    texts = list(Message.objects.order_by("external_id").values_list("external_id", "sender__username", "content"))
    assert texts == [
        ("nh1", "alice", "first message"),
        ("nh2", "bob", "second"),
        ("nh3", "alice", "third"),
    ]
    assert Message.objects.get(external_id="nh2").parent_message == Message.objects.get(external_id="nh1")


def test_the_suggested_options_import_a_file_without_a_header() -> None:
    one = suggestion(checked(content=content("27-no-header.csv")))
    assert as_argument(one) == (
        "--column 'external_id=column 1' --column 'parent_external_id=column 2' --column 'sender=column 3' "
        "--column 'receiver=column 4' --column 'timestamp=column 5' --column 'content=column 6' --header-row 0"
    )
    assert stored_texts("27-no-header.csv", columns=one["value"], **one["also"])[0] == [
        "first message",
        "second",
        "third",
    ]


def test_nothing_of_a_file_without_a_header_outlives_it() -> None:
    import_ = checked(content=content("27-no-header.csv"))
    assert import_.understood["headers"] == [f"column {number}" for number in range(1, 7)]


def test_merged_cells_are_offered_as_their_first_one() -> None:
    import_ = checked(content=content("49-merged.xlsx"))
    one = suggestion(import_)
    assert (one["option"], one["value"]) == ("fill_merged", True)
    assert one["samples"] == [{"row": 2, "written": "C2:C4", "read": "alice for rows 2–4"}]
    assert import_.counts["errors"] == 2
    texts, notices = stored_texts("49-merged.xlsx", fill_merged=True)
    assert (texts, notices) == (["m0", "m1", "m2"], ["merged cells are read as their first cell."])
    assert set(Message.objects.values_list("sender__username", flat=True)) == {"alice"}


def test_a_telegram_export_is_named_and_its_list_offered() -> None:
    import_ = checked(content=content("12-telegram-root.json"))
    (problem,) = all_problems(import_)
    assert problem.startswith("this is a Telegram export: readers for it come later.")
    one = suggestion(import_)
    assert (one["option"], one["value"]) == ("list_under", "messages")
    import_ = checked(content=content("12-telegram-root.json"), list_under="messages")
    one = suggestion(import_)
    assert (one["option"], one["samples"][0]["read"]) == ("join_pieces", "look: this!")
    texts, said_then = stored_texts("12-telegram-root.json", list_under="messages", join_pieces=True)
    assert texts == ["look: this!", "plain"]
    assert said_then[0] == "what is read is the list under 'messages'; the rest of the file is left out."


def test_a_list_of_pieces_is_offered_joined() -> None:
    one = suggestion(checked(content=content("12b-telegram-list.json")))
    assert one["sentence"] == "One value is a list of pieces of text, as Telegram writes them."
    assert stored_texts("12b-telegram-list.json", join_pieces=True)[0] == ["look: this!", "plain"]


@pytest.mark.parametrize(
    ("name", "column", "chosen"),
    [("56-unnamed-content.csv", "content", "column 6"), ("56b-unnamed-read.csv", "read", "column 6")],
)
def test_a_full_column_without_a_name_is_asked_for_and_used(
    importing: Client, name: str, column: str, chosen: str
) -> None:
    import_ = bring(importing, content(name))
    assert not Message.objects.exists()
    assert suggestions(import_) == []
    assert "Without a name, but with values: column 6." in page(importing, import_)
    form = importing.get(address(import_)).context["columns_form"]
    assert "5" not in {form[name].value() for name in form.fields}
    page_text = text(decide(importing, import_, "columns/", **{column: "5"}))
    assert f"{chosen} as {column}" in page_text
    decide(importing, import_, "store/")
    message = Message.objects.get()
    assert message.content == "the text"
    again = importing.get(address(bring(importing, content(name)))).context["columns_form"]
    assert again[column].value() == "5"


def test_a_control_character_is_marked_in_the_preview(importing: Client) -> None:
    assert "bellbell (U+0007) and backbackspace (U+0008)" in page(
        importing, bring(importing, content("38-raw-controls.json"))
    )
