"""Suggesting the header that most likely holds a column, if a file uses other names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ops.files.tests.files import TABLE
from ops.imports.checks import header_names_can_be_used
from ops.imports.columns import COLUMNS, MESSAGE_COLUMNS
from ops.imports.guessing import NAMES, names_of_columns, places_of, suggest


def test_readers_are_tested_with_the_columns_of_messages() -> None:
    """Those tests do without the three columns that only imports have."""
    assert MESSAGE_COLUMNS.names == (*TABLE.names, "edited_at", "hidden", "redacted")
    assert MESSAGE_COLUMNS.may_be_missing == (*TABLE.may_be_missing, "edited_at", "hidden", "redacted")
    assert (MESSAGE_COLUMNS.aliases, MESSAGE_COLUMNS.always_ignored) == (TABLE.aliases, TABLE.always_ignored)


@pytest.mark.parametrize(
    ("headers", "suggested"),
    [
        (
            ["ID", "Parent ID", "From", "To", "Date", "Text"],
            {
                "external_id": "ID",
                "parent_external_id": "Parent ID",
                "sender": "From",
                "receiver": "To",
                "timestamp": "Date",
                "content": "Text",
            },
        ),
        ([" External_ID", "SENDER", "is_read"], {"external_id": " External_ID", "sender": "SENDER", "read": "is_read"}),
        # The best name wins, and no header is suggested twice.
        (["message", "text"], {"content": "text"}),
        (["id", "message id"], {"external_id": "id"}),
        (["a", "b", "c"], {}),
    ],
)
def test_columns_are_suggested_for_other_headers(headers: list[str], suggested: dict[str, str]) -> None:
    assert suggest(headers) == suggested


@pytest.mark.parametrize(
    "headers",
    [
        ["Message-ID", "In-Reply-To", "Author", "Recipient", "Sent At", "Body"],
        ["Nachrichten-ID", "Antwort auf", "Absender", "Empfänger", "Gesendet am", "Nachricht"],
        ["NACHRICHTEN_ID", "antwort_auf", "Von", "An", "Datum", "Text"],
        ["Identifiant", "En réponse à", "Expéditeur", "Destinataire", "Date d'envoi", "Texte"],
        ["identifiant", "en reponse a", "De", "À", "date", "contenu"],
        ["Identificador", "En respuesta a", "Remitente", "Destinatario", "Fecha y hora", "Mensaje"],
    ],
)
def test_names_in_four_languages_are_known(headers: list[str]) -> None:
    names = ("external_id", "parent_external_id", "sender", "receiver", "timestamp", "content")
    assert suggest(headers) == dict(zip(names, headers, strict=True))


def test_every_name_of_the_table_leads_to_its_column() -> None:
    assert set(names_of_columns("")) == set(COLUMNS)
    for column, names in names_of_columns("").items():
        for _, name in names:
            assert suggest([name]) in [{column: name}, {"timestamp": name}, {"sender": name}], (column, name)


def test_a_team_adds_names_of_its_own(tmp_path: Path, settings: Any) -> None:
    own = tmp_path / "names.toml"
    own.write_text('[sender]\nours = ["Kund_in", "Text"]\n', encoding="utf-8")
    settings.IMPORT_HEADER_NAMES = str(own)
    assert suggest(["kund in", "Body"]) == {"sender": "kund in", "content": "Body"}
    assert suggest(["Text", "Body"]) == {"sender": "Text", "content": "Body"}
    assert header_names_can_be_used(None) == []


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (None, "No such file"),
        ("sender = 1", f"it is not like {NAMES.name}"),
        ("[", f"it is not like {NAMES.name}"),
        ('[from]\nours = ["x"]', "there is no column from; there are external_id, parent_external_id,"),
    ],
)
def test_a_file_of_names_that_cannot_be_used_is_found_at_start_up(
    written: str | None, why: str, tmp_path: Path, settings: Any
) -> None:
    own = tmp_path / "names.toml"
    if written is not None:
        own.write_text(written, encoding="utf-8")
    settings.IMPORT_HEADER_NAMES = str(own)
    (error,) = header_names_can_be_used(None)
    assert (error.id, why in error.msg) == ("imports.E001", True)


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        (
            [["a", "2026-01-05", "hi there", "bob", "alice"], ["b", "2026-01-06", "a b", "bob", "alice"]],
            {"timestamp": 1, "external_id": 0, "content": 2, "sender": 3, "receiver": 4},
        ),
        # A first row without a time is a header, whatever its names.
        ([["what", "when", "text", "who", "whom"], ["b", "2026-01-06", "a b", "bob", "alice"]], {}),
        ([["1", "2", "3"]], {}),
        ([], {}),
    ],
)
def test_columns_are_suggested_by_their_values(rows: list[list[str]], places: dict[str, int]) -> None:
    assert places_of(rows) == places
