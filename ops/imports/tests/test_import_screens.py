"""Importing through the console: upload a file, see what is in it, decide, import."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from messaging.differences import MOST_EFFORT, Compared, Effort, compare
from messaging.models import Message, MessageHistory, Notification
from messaging.tests.clients import signed_in
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.files.tests.files import row
from ops.files.tests.workbooks import as_ods, as_xls, as_xlsb
from ops.imports.columns import COLUMNS
from ops.imports.events import ImportEvent
from ops.imports.jobs.files import nothing_read
from ops.imports.models import Import
from ops.imports.pages import page as import_page
from ops.imports.tests.screens import (
    ADD,
    LIST,
    address,
    bring,
    csv_of,
    decide,
    message,
    page,
    state_token,
    text,
)
from ops.jobs.models import Job

State = Import.State


def test_an_empty_list_says_what_to_do(importing: Client) -> None:
    page_text = text(importing.get(LIST))
    assert (
        "Nothing was imported yet. “Import messages…” takes a CSV, JSON or Excel file and shows what is in it."
        in page_text
    )


def test_the_upload_page_names_formats_and_the_size_limit(importing: Client, settings: Any) -> None:
    settings.MOST_UPLOADED = 3 * 2**20
    page_text = text(importing.get(ADD))
    formats = "JSON, JSON Lines, Excel (XLSX, XLS, XLSB) or OpenDocument (ODS)"
    assert f"CSV (separated by commas, semicolons or tabs), {formats}, at most 3 MB." in page_text


def test_the_upload_explains_every_column(importing: Client) -> None:
    terms = re.findall(r"<dt [^>]*>([^<]*)</dt>", importing.get(ADD).content.decode())
    assert {name for term in terms for name in term.split(", ")} == set(COLUMNS)


def test_the_sample_can_be_imported(importing: Client, people: Any) -> None:
    sample = importing.get(f"{LIST}sample.csv")
    assert sample["Content-Disposition"] == 'attachment; filename="sample.csv"'
    import_ = bring(importing, sample.content)
    assert "Import 2 messages" in page(importing, import_)


def test_a_file_is_shown_as_it_was_understood_and_nothing_is_stored_yet(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1"), message("2", "1", "hello yourself"), message("3")))
    page_text = page(importing, import_)
    assert import_.state == State.CHECKED
    assert "? needs a decision" in page_text
    assert "read as UTF-8, separated by commas" in page_text
    assert "3 new messages 0 problems 2 new conversations" in page_text
    assert "Import 3 messages" in page_text
    assert "Notifies nobody. You can undo it afterwards." in page_text
    assert "Row 3 + new alice →to bob 2026-01-05 10:00:00 UTC id 2 answers 1" in page_text
    assert "hello yourself" in page_text
    assert not Message.objects.exists()


def test_first_rows_are_shown_with_their_state_and_unread_values(importing: Client, people: Any) -> None:
    rows = csv_of(message("1"), message("1"), message("2", timestamp="05/01/2026"), message("3", content="café"))
    page_text = page(importing, bring(importing, rows.replace("é".encode(), b"\xe9")))
    assert "Row 2 + new alice" in page_text
    assert "Row 3 = repeated alice" in page_text
    assert "05/01/2026 id 2" in page_text  # not "05/01/2026 UTC", as if it had been understood
    assert "caf\\xE9" in page_text


def test_a_confirmed_import_is_stored_and_its_results_are_shown(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1"), message("2", "1")))
    page_text = text(decide(importing, import_, "store/"))
    assert import_.state == State.STORED
    assert "2 new messages 1 is a reply 1 new conversation" in page_text
    assert str(import_.pk) in page_text
    assert Message.objects.count() == 2
    assert not Notification.objects.exists()
    assert "messages.csv 2 new messages ✓ imported dan" in text(importing.get(LIST))


def test_its_file_is_deleted_with_its_preview(importing: Client, people: Any, folder: Any) -> None:
    decide(importing, bring(importing, csv_of(message())), "store/")
    assert [file.name for file in folder.iterdir()] == []


def test_uploading_the_same_file_again_names_the_earlier_import(importing: Client, people: Any) -> None:
    content = csv_of(message("1"), message("2", "1"))
    first = bring(importing, content)
    decide(importing, first, "store/")
    page_text = page(importing, bring(importing, content, "again.csv"))
    assert "This exact file was already imported: the import of messages.csv" in page_text
    assert "Everything in this file is stored already: there is nothing to import." in page_text
    assert "2 stored already" in page_text


def test_problems_name_row_column_and_remedy_and_prevent_the_import(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1"), message("2", sender="nobody-here")))
    page_text = page(importing, import_)
    assert "One problem must be fixed first." in page_text
    assert (
        "✕ problem People without an account RowColumnWhat is wrong, and what to do "
        "3 sender No user 'nobody-here': correct the name, or choose to create missing users. Create missing users"
    ) in page_text
    assert "Download it (CSV)" in page_text
    assert "Import 1 message" not in page_text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("header-only.csv", csv_of(), "The file has a header and no rows"),
        ("nothing.json", b"[", "The file is cut off in its first row"),
        ("open.csv", csv_of() + b'"', "The quote opened in row 2 is never closed"),
    ],
)
def test_a_file_without_a_single_row_shows_a_reason(importing: Client, name: str, content: bytes, reason: str) -> None:
    import_ = bring(importing, content, name)
    assert import_.job is not None and import_.job.state == "finished"
    assert reason in page(importing, import_)


def test_an_import_with_problems_cannot_be_stored(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1"), message("2", sender="nobody-here")))
    decide(importing, import_, "store/")
    assert import_.state == State.CHECKED
    assert not Message.objects.exists()


def test_the_choice_that_cures_a_problem_stands_out_and_cures_it(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1"), *(message(str(key), sender=f"new-{key}") for key in range(2, 6))))
    page_text = page(importing, import_)
    assert "✕ problem 4 × People without an account" in page_text
    page_text = text(decide(importing, import_, "take/", cure="create_users:0"))
    assert "Import 5 messages" in page_text
    assert "Creates 4 users and notifies nobody. You can undo it afterwards." in page_text
    decide(importing, import_, "store/")
    assert Message.objects.count() == 5


def test_a_missing_parent_can_begin_a_conversation(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1", "999")))
    assert "or choose that it begins a conversation. Row 2, parent_external_id Begin conversations" in page(
        importing, import_
    )
    decide(importing, import_, "take/", cure="start_conversations:0")
    decide(importing, import_, "store/")
    assert Message.objects.get().parent_message is None


def test_an_encoding_can_be_chosen(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message(content="café")).decode().encode("latin-1"))
    page_text = importing.get(address(import_)).content.decode()
    # With a suggestion, the list of all choices may stay closed.
    assert (">Read as Windows-1252</button>" in page_text, "<details open>" in page_text) == (True, False)
    decide(importing, import_, "check/", encoding="Windows-1252")
    decide(importing, import_, "store/")
    assert Message.objects.get().content == "café"


def test_a_time_zone_can_be_chosen_and_must_be_one(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message(timestamp="2026-07-01 12:00:00")))
    assert "i notice The time has no zone; taken as UTC" in page(importing, import_)
    page_text = text(decide(importing, import_, "check/", time_zone="Berlin"))
    assert "“Berlin” is no time zone: name one of the IANA list, such as Europe/Berlin." in page_text
    assert "The file was not checked again." in page_text
    decide(importing, import_, "check/", time_zone="Europe/Berlin")
    decide(importing, import_, "store/")
    assert Message.objects.get().timestamp.isoformat() == "2026-07-01T10:00:00+00:00"


def test_valid_rows_are_imported_and_the_others_are_returned_as_a_file(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1"), message("2", content=""), message("3")))
    page_text = text(decide(importing, import_, "check/", only_valid="on"))
    assert "Import 2 messages" in page_text
    assert "Leaves out 1 row and notifies nobody." in page_text
    both = bring(importing, csv_of(message("8", sender="new"), message("9", content="")), "both.csv")
    page_text = text(decide(importing, both, "check/", only_valid="on", create_users="on"))
    assert "Creates 1 user, leaves out 1 row and notifies nobody." in page_text
    page_text = text(decide(importing, import_, "store/"))
    assert "1 row was left out. Download it (CSV), correct what the last column says, and import the file." in page_text
    rejected: Any = importing.get(address(import_, "rejected.csv"))
    assert rejected["Content-Disposition"] == 'attachment; filename="messages-left-out.csv"'
    assert rejected["X-Content-Type-Options"] == "nosniff"
    corrected = b"".join(rejected.streaming_content).replace(b'10:00:00+00:00","",', b'10:00:00+00:00","now there",')
    again = bring(importing, corrected, "corrected.csv")
    decide(importing, again, "store/")
    assert set(Message.objects.values_list("external_id", "content")) == {
        ("1", "hello"),
        ("2", "now there"),
        ("3", "hello"),
    }


def test_all_problems_can_be_downloaded(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(*(message(str(key), "gone") for key in range(150))))
    page_text = page(importing, import_)
    assert "Download all 150 (CSV)" in page_text
    assert "and 145 more" in page_text
    response: Any = importing.get(address(import_, "problems.csv"))
    assert response["Content-Disposition"] == 'attachment; filename="messages-problems.csv"'
    assert response["Content-Type"] == "text/csv"
    assert b"".join(response.streaming_content).count(b"parent gone is neither in the file nor stored") == 150


def test_an_unreadable_file_cannot_be_imported(importing: Client) -> None:
    page_text = page(importing, bring(importing, b"PK\x03\x04 not really a table"))
    assert "Nothing can be imported before the file can be read." in page_text
    assert "Import 0" not in page_text


def test_read_errors_stand_above_the_choices_and_offer_another_upload(importing: Client) -> None:
    page_text = page(importing, bring(importing, csv_of() + b'"'))
    assert page_text.index("The quote opened in row 2 is never closed") < page_text.index("Change how the file is read")
    assert "Upload another file" in page_text
    assert page_text.count("never closed") == 1
    assert "The file holds no row that could be imported" in page(importing, bring(importing, csv_of()))


def test_a_check_that_was_stopped_can_be_made_again_at_once(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message()))
    Import.objects.update(understood={}, counts=nothing_read())
    Job.objects.update(state=Job.State.CANCELLED)
    page_text = page(importing, import_)
    assert "The check was stopped before its end: check the file again." in page_text
    assert "problem" not in page_text
    form = dict(importing.get(address(import_)).context["same_choices"])
    response = importing.post(
        address(import_, "check/"), {"state_token": state_token(importing, import_), **form}, follow=True
    )
    assert "Import 1 message" in text(response)


@pytest.fixture
def stored(people: Any) -> Message:
    alice, bob = people
    return write(alice, bob, "We meet at noon.", external_id="1")


def test_a_changed_text_is_shown_word_by_word_and_asked_about(importing: Client, stored: Message) -> None:
    import_ = bring(importing, csv_of(message("1", content="We meet at eleven."), message("2")))
    page_text = page(importing, import_)
    assert "1 changed text" in page_text
    assert "We meet at [removed: noon][added: eleven]." in page_text.replace("] [", "][")
    page_text = text(decide(importing, import_, "store/"))
    assert "Say what happens to the stored texts: record the edits, or leave them." in page_text
    assert import_.state == State.CHECKED


@pytest.mark.parametrize(
    ("choice", "content", "histories"), [("edit", "We meet at eleven.", 1), ("skip", "We meet at noon.", 0)]
)
def test_a_changed_text_is_recorded_as_an_edit_or_left_as_chosen(
    importing: Client, dan: Any, stored: Message, choice: str, content: str, histories: int
) -> None:
    import_ = bring(importing, csv_of(message("1", content="We meet at eleven."), message("2")))
    decide(importing, import_, "store/", existing=choice)
    stored.refresh_from_db()
    assert (stored.content, MessageHistory.objects.filter(edited_by=dan).count()) == (content, histories)
    assert Message.objects.count() == 2


def test_many_long_changed_texts_do_not_keep_their_page_waiting(
    importing: Client, stored: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share one limit on the work of comparing, and each shows that it was cut."""
    long = "All that was said before noon. " * 400
    rows = [message(str(key), content=long) for key in range(2, 27)]
    decide(importing, bring(importing, csv_of(*rows)), "store/")
    granted: list[Effort] = []

    def counted(before: str, after: str, effort: Effort) -> Compared:
        granted.append(effort)
        return compare(before, after, effort)

    monkeypatch.setattr(import_page, "compare", counted)
    page_text = page(importing, bring(importing, csv_of(*((*row[:-1], long.replace("noon", "one")) for row in rows))))
    assert len(granted) == 20
    assert {one.whole for one in granted} == {granted[0].whole}
    assert granted[0].whole is not None
    assert granted[0].whole.left + sum(one.spent for one in granted) == MOST_EFFORT
    assert page_text.count("… and so on") == 20 + 20  # of the changed texts, and of the first rows
    assert "The first 20 of 25." in page_text


def test_a_text_too_long_to_compare_by_words_shows_a_note(
    importing: Client, stored: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = "Too long to compare word by word: whole passages are marked."
    assert note not in page(importing, bring(importing, csv_of(message("1", content="We meet at eleven."))))
    monkeypatch.setattr(import_page, "Effort", lambda: Effort(0))
    assert note in page(importing, bring(importing, csv_of(message("1", content="Nobody comes, at any time."))))


def test_the_button_counts_changed_texts_when_nothing_is_new(importing: Client, stored: Message) -> None:
    import_ = bring(importing, csv_of(message("1", content="We meet at eleven.")))
    assert "Apply to 1 changed text" in page(importing, import_)
    decide(importing, import_, "store/", existing="edit")
    stored.refresh_from_db()
    assert stored.content == "We meet at eleven."


def test_seeing_a_stored_text_in_the_preview_is_recorded_as_reading(
    importing: Client, dan: Any, stored: Message
) -> None:
    import_ = bring(importing, csv_of(message("1", content="We meet at eleven.")))
    page(importing, import_)
    page(importing, import_)
    entry = Entry.objects.get(event=ImportEvent.IMPORT_READ)
    assert (entry.actor_id, entry.target_id) == (dan.pk, str(import_.pk))
    assert entry.details == {"messages": [[stored.pk, stored.pk]]}


def test_stored_texts_are_hidden_from_users_who_may_neither_read_nor_export(ina: Any, stored: Message) -> None:
    client = signed_in(ina)
    import_ = bring(client, csv_of(message("1", content="We meet at eleven.")))
    page_text = page(client, import_)
    assert "What is stored is shown to people who may read or export messages." in page_text
    assert "noon" not in page_text
    assert Entry.objects.get(event=ImportEvent.IMPORT_READ).details == {}


@pytest.mark.parametrize(("write", "format"), [(as_ods, "ODS"), (as_xls, "XLS"), (as_xlsb, "XLSB")])
def test_workbooks_of_other_programs_are_imported(importing: Client, people: Any, write: Any, format: str) -> None:
    rows = [row("1", content="hello"), row("2", "1", content="hi", timestamp="2026-01-05 10:01")]
    import_ = bring(importing, write(*rows), name="messages.xlsx")
    page_text = page(importing, import_)
    assert f"read as {format}, sheet Sheet1" in page_text
    assert f"In {format} files formulas count as the values they were saved with" in page_text
    assert "Import 2 messages" in page_text
    decide(importing, import_, "store/")
    assert [message.content for message in Message.objects.order_by("timestamp")] == ["hello", "hi"]
