"""One person's data: everything that they may ask for, and other people's words only if they received them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from messaging.texts.hiding import hide
from ops.exports import requests
from ops.exports.selections import ExportRefused
from ops.exports.tests.exporting import NOW, WHY, make_exporter, some_messages, unzipped
from ops.files import private_files
from ops.files.formulas import MARK


@pytest.fixture
def emma(db: Any, folder: Path) -> Any:
    """Emma answers people who ask for their data."""
    return make_exporter("emma", "view_user")


@pytest.fixture
def stored(db: Any) -> list[Message]:
    messages = some_messages()
    write(messages[0].sender, make_user("charlie"), "for Charlie alone", minute=20)
    return messages


def files(user: Any, by: Any) -> dict[str, bytes]:
    export = requests.person_zip(user, by=by, reason=WHY, now=NOW)
    return unzipped(private_files.path(export.file).read_bytes())


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_the_zip_has_all_data_of_the_person_and_an_explanation(emma: Any, stored: list[Message]) -> None:
    bob = stored[0].receiver
    zipped = files(bob, emma)
    assert list(zipped) == [
        "README.txt", "account.json", "messages-sent.csv", "messages-received.csv", "histories.csv",
        "notifications.csv",
    ]  # fmt: skip
    assert [row["content"] for row in rows(zipped["messages-sent.csv"])] == ["'+hello back", "''quoted'"]
    assert [row["content"] for row in rows(zipped["messages-received.csv"])] == ["'=1+1"]
    older = [row["old_content"] for row in rows(zipped["histories.csv"])]
    assert older == ["hello, “back”\nand more", "hello, back"]
    assert [row["external_id"] for row in rows(zipped["notifications.csv"])] == ["a1"]
    assert b"Charlie" not in b"".join(zipped.values())
    explained = zipped["README.txt"].decode()
    assert "The personal data of bob, exported on 2026-11-22 21:30 (UTC) by emma." in explained
    assert all(name in explained for name in list(zipped)[1:])


def test_a_hidden_text_is_exported_only_for_its_sender(emma: Any, stored: list[Message]) -> None:
    """The receiver must not get it this way; its sender has a right to their own words."""
    message = stored[0]
    hide([message.pk])
    (received,) = rows(files(message.receiver, emma)["messages-received.csv"])
    assert (received["content"], received["hidden"]) == ("removed by moderators", "true")
    sent = rows(files(message.sender, emma)["messages-sent.csv"])
    assert [(row["content"], row["hidden"]) for row in sent] == [("'=1+1", "true"), ("for Charlie alone", "false")]


def test_the_account_is_exported_without_its_password(emma: Any, stored: list[Message]) -> None:
    bob = stored[0].receiver
    type(bob).objects.filter(pk=bob.pk).update(email="bob@example.org", date_joined=NOW)
    zipped = files(bob, emma)
    assert json.loads(zipped["account.json"]) == {
        "username": "bob", "email": "bob@example.org", "joined": "2026-11-22T21:30:00+00:00", "last_signed_in": None,
        "active": True, "staff": False, "superuser": False, "roles": [],
    }  # fmt: skip
    assert bob.password.encode() not in b"".join(zipped.values())


def test_histories_do_not_name_the_editor(emma: Any, stored: list[Message]) -> None:
    assert list(rows(files(stored[0].receiver, emma)["histories.csv"])[0]) == [
        "external_id",
        "edited_at",
        MARK,
        "old_content",
    ]


def test_the_same_data_gives_the_same_bytes(emma: Any, stored: list[Message]) -> None:
    made = [requests.person_zip(stored[0].receiver, by=emma, reason=WHY, now=NOW) for _ in range(2)]
    first, second = (private_files.path(export.file).read_bytes() for export in made)
    assert first == second


def test_a_person_without_messages_gets_empty_tables(emma: Any) -> None:
    zipped = files(make_user("dave"), emma)
    assert json.loads(zipped["account.json"])["username"] == "dave"
    assert rows(zipped["messages-sent.csv"]) == []


def test_a_username_like_a_formula_or_a_path_is_harmless(emma: Any, folder: Path) -> None:
    zipped = files(make_user("../=x{0}"), emma)
    assert "The personal data of ../=x{0}" in zipped["README.txt"].decode()
    assert [file.suffix for file in folder.iterdir()] == [".zip"]


def test_exporting_a_person_needs_the_permission_to_see_users(stored: list[Message], dora: Any) -> None:
    with pytest.raises(ExportRefused):
        requests.person_zip(stored[0].receiver, by=dora, reason=WHY)
