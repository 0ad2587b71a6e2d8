"""Rows that need a decision: changed texts, missing parents, faulty rows among valid ones."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.conversations import write
from ops.files import private_files
from ops.imports import steps
from ops.imports.models import Import
from ops.imports.recording import ImportCounts
from ops.imports.tests.files import imported, numbered, row, stored
from ops.imports.tests.importing import brought, checked, do, everything, preview, problems, stored_import
from ops.jobs.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
BEGINS = "the message begins a conversation."


def rejected(import_: Import) -> bytes:
    """Return the file of the rows that were left out."""
    return private_files.path(private_files.beside(import_.upload, "rejected.csv")).read_bytes()


def test_a_changed_text_is_an_edit_with_history_if_that_is_chosen(alice: Any, bob: Any, rita: Any) -> None:
    imported(numbered(row("1"), row("2", "1", read="1"), row("3")))
    result, found = imported(numbered(row("1", content="new"), row("2", "1"), row("4")), existing="edit", by=rita)
    assert (result.changed, result.unchanged, result.stored.messages, found) == (1, 1, 1, [])
    message = Message.objects.get(external_id="1")
    assert (message.content, message.edited) == ("new", True)
    history = MessageHistory.objects.get()
    assert (history.message, history.old_content, history.edited_by) == (message, "hello", rita)
    assert history.by_staff
    again, _ = imported(numbered(row("1", content="new"), row("2", "1"), row("4")), existing="edit")
    assert (again.changed, again.unchanged, MessageHistory.objects.count()) == (0, 3, 1)


def test_a_change_imported_by_its_sender_or_without_a_user_is_not_by_staff(alice: Any, bob: Any) -> None:
    imported(numbered(row("1"), row("2")))
    imported(numbered(row("1", content="new")), existing="edit", by=alice)
    imported(numbered(row("2", content="new")), existing="edit")
    assert list(MessageHistory.objects.order_by("pk").values_list("edited_by", "by_staff")) == [
        (alice.pk, False),
        (None, False),
    ]


def test_a_changed_text_is_left_out_if_that_is_chosen(alice: Any, bob: Any) -> None:
    imported(numbered(row("1")))
    before = stored()
    result, found = imported(numbered(row("1", content="new")), existing="skip")
    assert (result.changed, result.unchanged, found, stored()) == (0, 1, [], before)
    assert not MessageHistory.objects.exists()


def test_other_differences_are_never_a_choice(alice: Any, bob: Any) -> None:
    imported(numbered(row("1")))
    for choice in ("edit", "skip", "refuse"):
        result, found = imported(numbered(row("1", sender="bob", content="new")), existing=choice)
        remedy = "correct the row, or give it another id."
        assert found == [f"row 2, external_id: message 1 is already stored with different sender, content: {remedy}"]
        assert result.refused


def test_edited_and_read_of_stored_messages_are_left_alone(alice: Any, bob: Any) -> None:
    imported(numbered(row("1", edited="yes")))
    before = stored()
    result, _ = imported(numbered(row("1", read="yes")))
    assert (result.unchanged, stored()) == (1, before)


def test_the_preview_shows_the_text_before_and_after(alice: Any, bob: Any) -> None:
    imported(numbered(row("1")))
    message = Message.objects.get()
    change = {"row": 2, "external_id": "1", "message_id": message.pk, "before": "hello", "after": "new", "cut": False}
    for choice, errors, changed in (("refuse", 1, 1), ("edit", 0, 1), ("skip", 0, 0)):
        import_ = checked(row("1", content="new"), existing=choice)
        assert preview(import_)["changed"] == [change]
        assert (import_.counts["errors"], import_.counts["changed"]) == (errors, changed)
    assert checked(row("1", content="new")).counts["cures"] == {"existing": 1}


def test_a_missing_parent_begins_a_conversation_if_that_is_chosen(alice: Any, bob: Any) -> None:
    rows = numbered(row("2", "1"), row("3", "2"))
    result, found = imported(rows, start_conversations=True)
    assert found == [f"row 2, parent_external_id: parent 1 is neither in the file nor stored: {BEGINS}"]
    assert result.stored == ImportCounts(messages=2, replies=1, conversations=1, users=0)
    before = stored()
    again, _ = imported(rows, start_conversations=True)
    assert (again.unchanged, stored()) == (2, before)
    assert problems(checked(row("2", "1"), row("3", "2"))) == []
    # Messages that were stored before this column existed have no value in it.
    Message.objects.update(awaited_parent_external_id=None)
    without = checked(row("2", "1"), row("3", "2"))
    assert problems(without) == [
        "row 2, parent_external_id: message 2 is already stored, as the beginning of a conversation, and its parent "
        "is not: choose that such messages begin one, or leave parent_external_id empty."
    ]
    assert without.counts["cures"] == {"start_conversations": 1}


def test_valid_rows_are_imported_and_the_others_are_returned(alice: Any, bob: Any) -> None:
    import_ = stored_import(
        row("1"),
        row("2", "1", content=""),
        row("3", "2"),
        row("4", "3"),
        row("5", "1"),
        row("6", sender="nobody"),
        row("7"),
        row("7", content="other"),
        row("8", "9"),
        row("9", "8"),
        only_valid=True,
    )
    assert set(Message.objects.values_list("external_id", flat=True)) == {"1", "5"}
    assert (import_.counts["rejected"], import_.outcome["rejected"]) == (8, 8)
    lines = rejected(import_).decode().splitlines()
    assert len(lines) == 9
    assert lines[0].endswith(""","content","'threadward'","problem\"""")
    whys = [line.split(',"hello","",')[-1].strip('"') for line in lines[1:]]
    assert whys[1] == "its parent, row 3, is left out: correct that row, and import both."
    assert whys[2] == "its parent, row 4, is left out: correct that row, and import both."
    assert whys[3] == "no user 'nobody': correct the name, or choose to create missing users."
    assert whys[4].startswith("rows 8 and 9 share external_id 7 with different content")
    assert whys[6].startswith("replies in a loop: 8 → 9 → 8 (rows 10–11)")
    assert whys[7] == whys[6]
    assert private_files.path(private_files.beside(import_.upload, "rejected.csv")).stat().st_mode & 0o777 == 0o600


def test_rejected_rows_can_be_corrected_and_imported(alice: Any, bob: Any) -> None:
    first = stored_import(row("1"), row("2", "1", sender="nobody"), row("3", "2", content="=1"), only_valid=True)
    assert Message.objects.count() == 1
    corrected = rejected(first).replace(b'"nobody"', b'"bob"')
    import_ = stored_import(content=corrected)
    assert import_.outcome["messages"] == 2
    links = Message.objects.order_by("external_id").values_list("external_id", "parent_message__external_id", "content")
    assert list(links) == [("1", None, "hello"), ("2", "1", "hello"), ("3", "2", "=1")]


def test_a_correction_may_begin_as_a_formula_does(alice: Any, bob: Any) -> None:
    """The file's other texts lose only the guard that was added to them."""
    texts = ["=1+1", "'tis", "-", "hello"]
    faulty = [row(str(number), sender="Alice", content=text) for number, text in enumerate(texts)]
    came_back = rejected(stored_import(row("9"), *faulty, only_valid=True)).decode().replace("Alice", "alice")
    corrected = came_back.replace('''"'-"''', '"@bob as I said"').replace('"hello"', '''"'twas"''')
    again = brought(content=corrected.encode())
    do(steps.store(again, by=None, kick=False))
    found = dict(Message.objects.exclude(external_id="9").values_list("external_id", "content"))
    assert found == {"0": "=1+1", "1": "'tis", "2": "@bob as I said", "3": "'twas"}


def test_a_reply_to_an_excluded_row_begins_a_conversation_if_that_is_chosen(alice: Any, bob: Any) -> None:
    import_ = checked(row("1", content=""), row("2", "1"), row("3", "2"), only_valid=True, start_conversations=True)
    assert problems(import_)[1:] == [f"row 3, parent_external_id: its parent, row 2, is left out: {BEGINS}"]
    assert (import_.counts["new"], import_.counts["conversations"], import_.counts["rejected"]) == (2, 1, 1)
    do(steps.store(import_, by=None, kick=False))
    assert list(Message.objects.order_by("id").values_list("external_id", "parent_message__external_id")) == [
        ("2", None),
        ("3", "2"),
    ]


def test_excluded_rows_create_no_accounts(alice: Any, bob: Any) -> None:
    import_ = stored_import(
        row("1", sender="carol"), row("2", sender="dora", content=""), only_valid=True, create_users=True
    )
    assert (import_.outcome["users"], get_user_model().objects.filter(username="dora").exists()) == (1, False)


def test_a_reply_to_a_faulty_row_of_a_stored_message_is_imported(alice: Any, bob: Any) -> None:
    imported(numbered(row("1"), row("2", "1")))
    import_ = stored_import(row("1", content=""), row("2", "1"), row("3", "1"), only_valid=True)
    assert (import_.outcome["messages"], import_.counts["unchanged"], import_.counts["rejected"]) == (1, 1, 1)
    parent = Message.objects.get(external_id="3").parent_message
    assert parent is not None
    assert parent.external_id == "1"


def test_a_file_that_breaks_off_cannot_be_imported_partly(alice: Any, bob: Any) -> None:
    content = b"external_id,parent_external_id,sender,receiver,timestamp,content\n"
    content += b"1,,alice,bob,2026-01-05T10:00:00Z,hello\n" + b'2,,alice,bob,2026-01-05T10:00:00Z,"never closed\n'
    import_ = checked(content=content, only_valid=True)
    assert (import_.understood["complete"], import_.counts["new"]) == (False, 1)
    with pytest.raises(
        steps.NotNow, match=r"^The file could not be read to its end: correct it, and upload it again\.$"
    ):
        steps.store(import_, by=None)


def test_receivers_are_notified_of_new_messages_only(alice: Any, bob: Any) -> None:
    imported(numbered(row("1")))
    imported(numbered(row("1", content="new"), row("2")), existing="edit", notify=True)
    assert list(Notification.objects.values_list("message__external_id", flat=True)) == ["2"]


def test_read_and_edited_marks_are_imported(alice: Any, bob: Any) -> None:
    imported(numbered(row("1", edited="True", read="1"), row("2", "1"), row("3", "1", read="yes")))
    assert [(one[5], one[6]) for one in stored()] == [(True, True), (False, False), (False, True)]
    conversation = Conversation.objects.get()
    assert (conversation.message_count, conversation.unread_count) == (3, 1)


def test_a_row_that_many_contradict_is_returned_with_one_reason(alice: Any, bob: Any) -> None:
    import_ = stored_import(*(row("1", content=f"text {number}") for number in range(500)), only_valid=True)
    first, *others = rejected(import_).decode().splitlines()[1:]
    assert first.count("share external_id 1 with different content: give each message an id of its own.") == 1
    assert len(others) == 499


def test_the_preview_keeps_only_the_shown_part_of_long_values(alice: Any, bob: Any) -> None:
    import_ = checked(row("1", content="x" * 900_000), row("2", parent="y" * 900_000))
    (first, second) = preview(import_)["first"]
    assert (len(first["content"]), first["cut"]) == (500, True)
    assert len(second["parent_external_id"]) == 500
    assert stored_import(row("1", content="x" * 900_000)).outcome["messages"] == 1
    assert len(Message.objects.get().content) == 900_000


def test_an_exported_message_without_an_id_is_found_again_by_its_number(alice: Any, bob: Any) -> None:
    first = write(alice, bob, "hello")
    sent = first.timestamp.isoformat()
    own = f"threadward:{first.pk}"
    import_ = stored_import(row(own, timestamp=sent), row("2", own))
    assert (import_.counts["unchanged"], import_.outcome["messages"]) == (1, 1)
    assert Message.objects.get(external_id="2").parent_message == first
    again = stored_import(row(own, timestamp=sent), row("2", own))
    assert (again.counts["unchanged"], again.outcome["messages"]) == (2, 0)


def test_the_number_of_another_database_is_a_new_message(alice: Any, bob: Any) -> None:
    first = write(alice, bob, "hello")
    own = f"threadward:{first.pk}"
    other = row(own, content="of somebody else", timestamp="2026-01-06T10:00:00Z")
    import_ = stored_import(other, row("2", own), row("threadward:007"))
    assert import_.outcome["messages"] == 3
    parent = Message.objects.get(external_id="2").parent_message
    assert parent is not None
    assert (parent.external_id, parent == first) == (own, False)
    assert checked(row("3", f"threadward:{first.pk + 900}")).counts["cures"] == {"start_conversations": 1}


def test_equal_messages_without_ids_are_stored_separately(alice: Any, bob: Any) -> None:
    """The first row without an id matches the first equal message, the second row the second."""
    imported(numbered(row("")))
    result, _ = imported(numbered(row(""), row(""), row("")))
    assert (result.unchanged, result.stored.messages, Message.objects.count()) == (1, 2, 3)
    again, _ = imported(numbered(row(""), row(""), row("")))
    assert (again.unchanged, again.stored.messages) == (3, 0)


def test_columns_times_and_encodings_are_read_as_chosen(alice: Any, bob: Any) -> None:
    content = "Nr,an,von,an wen,wann,was,egal\n1,,alice,bob,2026-07-05 10:00,Grüße,x\n".encode("cp1252")
    columns = {
        "external_id": "Nr", "parent_external_id": "an", "sender": "von", "receiver": "an wen", "timestamp": "wann",
        "content": "was",
    }  # fmt: skip
    options = {"columns": columns, "encoding": "Windows-1252", "time_zone": "Europe/Berlin", "ignore_unknown": True}
    import_ = stored_import(content=content, **options)
    message = Message.objects.get()
    assert (message.content, message.timestamp.hour) == ("Grüße", 8)
    assert import_.understood["time_zone"] == "Europe/Berlin"


def test_a_refused_import_leaves_nothing(alice: Any, bob: Any) -> None:
    before = everything()
    import_ = brought(row("1"), row("2", sender="nobody"))
    job = do(steps.store(import_, by=None, kick=False))
    import_.refresh_from_db()
    assert (job.state, import_.state, everything()) == (Job.State.FINISHED, Import.State.CHECKED, before)
