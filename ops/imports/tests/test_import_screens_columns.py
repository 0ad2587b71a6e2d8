"""Files of other programs use other names for columns: the user matches them once."""

from __future__ import annotations

from typing import Any

from django.test import Client

from messaging.models import Message
from messaging.tests.clients import signed_in
from ops.imports.tests.screens import HEADER, address, bring, csv_of, decide, message, page, text

OTHER = csv_of(
    ("alice", "bob", "2026-01-05T10:00:00Z", "hello", "inbox"), header=("From", "To", "When", "Text", "Folder")
)


def test_columns_of_another_program_are_asked_for_and_remembered(importing: Client, people: Any) -> None:
    import_ = bring(importing, OTHER)
    page_text = page(importing, import_)
    assert "Which column is which?" in page_text
    assert "Import 1 message" not in page_text
    page_text = text(decide(importing, import_, "columns/", timestamp="2", sender="0"))
    assert "Import 1 message" in page_text
    assert "From as sender" in page_text
    decide(importing, import_, "store/")
    assert Message.objects.get().content == "hello"
    swapped = csv_of(("alice", "bob", "2026-01-06T10:00:00Z", "bye"), header=("From", "To", "Text", "When"))
    form = importing.get(address(bring(importing, swapped))).context["columns_form"]
    assert (form["timestamp"].value(), form["content"].value()) == ("3", "2")


def test_chosen_columns_can_be_corrected(importing: Client, people: Any) -> None:
    """The preview shows that two columns were mixed up."""
    import_ = bring(importing, OTHER)
    page_text = text(decide(importing, import_, "columns/", timestamp="2", sender="1", receiver="0"))
    assert "bob →to alice" in page_text
    assert "Change which column is which" in page_text
    page_text = text(decide(importing, import_, "columns/", sender="0", receiver="0"))
    assert "The file was not checked again. Correct what is marked below." in page_text
    page_text = text(decide(importing, import_, "columns/", sender="0", receiver="1"))
    assert "alice →to bob" in page_text
    form = importing.get(address(bring(importing, OTHER))).context["columns_form"]
    assert (form["sender"].value(), form["receiver"].value()) == ("0", "1")


def test_a_file_with_our_columns_is_not_asked_for_them(importing: Client, people: Any) -> None:
    assert "column is which" not in page(importing, bring(importing, csv_of(message())))


def test_chosen_columns_are_remembered_for_their_user_only(importing: Client, ina: Any, people: Any) -> None:
    odd = csv_of(("alice", "bob", "2026-01-05T10:00:00Z", "hello"), header=("qui", "à qui", "quand", "quoi"))
    chosen = {"sender": "0", "receiver": "1", "timestamp": "2", "content": "3"}
    decide(importing, bring(importing, odd), "columns/", **chosen)
    for client, place in ((importing, "0"), (signed_in(ina), "")):
        form = client.get(address(bring(client, odd))).context["columns_form"]
        assert form["sender"].value() == place


def test_a_column_can_hold_one_thing_only(importing: Client, people: Any) -> None:
    import_ = bring(importing, OTHER)
    page_text = text(decide(importing, import_, "columns/", sender="0", receiver="0", timestamp="2"))
    assert "This column is chosen for sender already: choose another one." in page_text


def test_a_column_that_is_needed_must_be_chosen(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(("alice", "hello"), header=("From", "words")))
    page_text = text(decide(importing, import_, "columns/"))
    assert "Choose the column that holds receiver." in page_text


def test_repeated_columns_cannot_be_chosen_away(importing: Client) -> None:
    header = (*HEADER, *(f"more {number}" for number in range(20)), "sender", "content", "sender")
    page_text = page(importing, bring(importing, csv_of(message(), header=header)))
    assert "a name stands over more than one column, and only one of them can be meant:" in page_text
    assert "sender stands over columns 3, 27 and 29 (C, AA and AC)" in page_text
    assert "content stands over columns 6 and 28 (F and AB)" in page_text
    assert "Give the others other names, or delete these columns. Then upload the file again." in page_text
    assert "Which column holds what else is needed is asked then." in page_text
    assert "Upload the corrected file" in page_text
    assert "Check again with these columns" not in page_text


def test_a_header_too_long_to_keep_is_remembered_all_the_same(importing: Client, people: Any) -> None:
    long = "from " * 100
    content = csv_of(("alice", "bob", "2026-01-05T10:00:00Z", "a"), header=(f"{long}1", f"{long}2", "when", "text"))
    decide(importing, bring(importing, content), "columns/", sender="0", receiver="1", timestamp="2", content="3")
    form = importing.get(address(bring(importing, content))).context["columns_form"]
    assert (form["sender"].value(), form["receiver"].value()) == ("0", "1")
