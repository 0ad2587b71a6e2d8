"""Choices about the values of a file: on its page, by the command, and after a worker resumes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from messaging.models import Conversation, Message
from ops.imports import steps
from ops.imports.models import Import
from ops.imports.tests.files import as_csv, refusal, row, stored
from ops.imports.tests.importing import Death, at_batch, brought, checked, do, preview, problems, stored_import
from ops.imports.tests.screens import address, bring, csv_of, decide, message, page, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]

SHORTENED = "a spreadsheet has shortened these ids"
HEADER = "external_id,parent_external_id,sender,receiver,timestamp,content"


def without_read(*ids: str) -> bytes:
    """Return a file without a column ``read``."""
    return csv_of(*(message(one) for one in ids))


def suggested(import_: Import) -> list[tuple[str, Any]]:
    return [(one["option"], one["value"]) for one in preview(import_)["suggestions"]]


# --- Ids


def test_long_numbers_that_all_end_in_zeros_are_never_merged(people: Any) -> None:
    rows = [row("1178950000000000000"), row("1178950000000000000"), row("2", "1178950000000000000")]
    import_ = checked(*rows)
    assert [problem for problem in problems(import_) if SHORTENED not in problem] == []
    assert (import_.counts["repeated"], import_.counts["rejected"]) == (0, 3)
    assert suggested(import_) == [("ids", "none"), ("ids", "keep")]
    stored_import(row("1178950000000000000"), row("3", "1178950000000000000"), ids="keep")
    assert [(one[0], one[7]) for one in stored()] == [
        ("1178950000000000000", None),
        ("3", "1178950000000000000"),
    ]


def test_long_numbers_that_do_not_all_end_in_zeros_are_ids(people: Any) -> None:
    stored_import(
        row("1178950000000000000"), row("1178951234567890123"), row("1234567890123450", "1178950000000000000")
    )
    assert Message.objects.count() == 3


@pytest.mark.parametrize("value", ["1.17895E+18", "1,17895E+18", "1.17895e+18", "7E+17"])
def test_a_number_in_the_notation_of_a_spreadsheet_is_refused_for_ids_and_parents(people: Any, value: str) -> None:
    found = refusal(row(value), row("2", value), ids="keep")
    assert [problem.partition(": ")[0] for problem in found] == ["row 2, external_id", "row 3, parent_external_id"]
    assert all(SHORTENED in problem for problem in found)


@pytest.mark.parametrize("value", ["1e5", "12E5", "a+b", "+49 170", "1.5", "E+5"])
def test_other_ids_are_left_as_they_are(people: Any, value: str) -> None:
    stored_import(row(value), row("x", value))
    assert {one[0] for one in stored()} == {value, "x"}


def test_ids_with_point_zero_stay_where_others_are_no_numbers_or_both_exist(people: Any) -> None:
    stored_import(row("1.0"), row("1.1"), row("7"))
    assert {one[0] for one in stored()} == {"1.0", "1.1", "7"}
    stored_import(row("20"), row("20.0", content="another"))
    assert {"20", "20.0"} <= {one[0] for one in stored()}


def test_ids_with_point_zero_are_whole_numbers_after_a_worker_died_too(people: Any) -> None:
    import_ = brought(row("12"), row("13.0", "12.0"), row("14", "13.0"))
    job = steps.store(import_, by=None, kick=False)
    with pytest.raises(Death), at_batch(2, Death()):
        do(job)
    do(job)
    assert [(one[0], one[7]) for one in stored()] == [("12", None), ("13", "12"), ("14", "13")]


def test_words_for_none_are_ids_unless_chosen_as_empty(people: Any) -> None:
    rows = [row("1", "NULL"), row("-", "None")]
    import_ = checked(*rows)
    assert suggested(import_) == [("nothing", ["NULL", "-", "None"])]
    stored_import(*rows, nothing=["NULL", "-", "None"])
    assert [(one[0], one[7]) for one in stored()] == [("1", None), (None, None)]


def test_zero_is_no_suggestion_where_a_message_has_that_id(people: Any) -> None:
    assert suggested(checked(row("0"), row("1", "0"))) == []


# --- Messages without a column "read"


def test_messages_of_a_file_without_read_marks_count_as_read(people: Any) -> None:
    stored_import(content=without_read("1", "2"))
    assert Conversation.objects.filter(unread_count=0).count() == 2


def test_messages_of_a_file_without_read_marks_are_unread_by_choice(people: Any) -> None:
    stored_import(content=without_read("1"), unread=True)
    assert not Message.objects.get().read


def test_an_empty_value_of_the_column_is_unread(people: Any) -> None:
    stored_import(row("1", read=""))
    assert not Message.objects.get().read


@pytest.mark.parametrize(("answer", "read"), [("read", True), ("unread", False)])
def test_the_page_asks_before_it_imports(importing: Client, people: Any, answer: str, read: bool) -> None:
    import_ = bring(importing, without_read("1"))
    assert "The file does not say which messages were read" in page(importing, import_)
    decide(importing, import_, "store/", unread=answer)
    assert Message.objects.get().read is read


def test_the_page_does_not_ask_when_the_file_has_read_marks(importing: Client, people: Any) -> None:
    import_ = bring(importing, as_csv(row("1")))
    assert "does not say which messages were read" not in page(importing, import_)


# --- On the page


def test_an_ambiguous_file_asks_once_and_one_click_answers(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("lp2", timestamp="3/8/2021 10:00")))
    page_text = page(importing, import_)
    assert "3 August 2021, 10:00 UTC" in page_text
    assert "8 March 2021, 10:00 UTC" in page_text
    page_text = text(decide(importing, import_, "take/", suggestion="1"))
    assert import_.reading["dates"] == "month-first"
    assert "month first (12/31/2026" in page_text
    assert "Import 1 message" in page_text


def test_words_are_chosen_in_the_form_and_shown_as_they_will_be(importing: Client, people: Any) -> None:
    import_ = bring(importing, as_csv(row("1", "keine", edited="gewiss", read="mitnichten")))
    assert import_.counts["cures"] == {"yes": 2, "start_conversations": 1}
    decide(importing, import_, "check/", yes="gewiss, sicher", no="Mitnichten", nothing="keine")
    assert (import_.reading["yes"], import_.reading["no"]) == (["gewiss", "sicher"], ["Mitnichten"])
    page_text = page(importing, import_)
    assert "edited" in page_text and "unread" in page_text and "answers keine" not in page_text
    form = importing.get(address(import_)).context["checks_form"]
    assert form["yes"].value() == "gewiss, sicher"
    decide(importing, import_, "store/")
    assert [(one[5], one[6], one[7]) for one in stored()] == [(True, False, None)]


def test_an_id_is_shown_as_it_is_written(importing: Client, people: Any) -> None:
    stored_import(row("lp2"))
    import_ = bring(importing, as_csv(row("lp2", sender="bob", receiver="alice")))
    page_text = page(importing, import_)
    assert "lp2 is already stored with different sender" in page_text
    assert "Lp2" not in page_text


# --- By the command


def run(path: Path, *arguments: str) -> str:
    out = io.StringIO()
    call_command("import_messages", str(path), *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_takes_the_same_choices(tmp_path: Path, people: Any) -> None:
    path = tmp_path / "messages.csv"
    path.write_bytes(
        as_csv(
            row("1", "NULL", timestamp="29.10.2023 02:30", edited="ja", read="nein"),
            row("2", "1", timestamp="1.1.24 7:00"),
        )
    )
    arguments = ["--dates", "day-first", "--time-zone", "Europe/Berlin", "--repeated-times", "second"]
    run(path, *arguments, "--yes", "ja", "--no", "nein", "--nothing", "NULL", "\\N")
    assert [(one[0], f"{one[3]:%Y-%m-%d %H:%M}", one[5], one[6]) for one in stored()] == [
        ("1", "2023-10-29 01:30", True, False),
        ("2", "2024-01-01 06:00", False, False),
    ]


def test_the_command_leaves_out_ids_and_marks_as_unread(tmp_path: Path, people: Any) -> None:
    path = tmp_path / "messages.csv"
    path.write_bytes(without_read("7E+17", "7E+17"))
    run(path, "--ids", "none", "--unread")
    assert [(one[0], one[6]) for one in stored()] == [(None, False)] * 2


@pytest.mark.parametrize("zone", ["+02:00", "GMT+2", "UTC+2"])
def test_an_offset_is_a_time_zone(tmp_path: Path, people: Any, zone: str) -> None:
    path = tmp_path / "messages.csv"
    path.write_bytes(as_csv(row("1", timestamp="2026-01-05 10:00")))
    run(path, "--time-zone", zone)
    assert f"{Message.objects.get().timestamp:%H:%M}" == "08:00"
