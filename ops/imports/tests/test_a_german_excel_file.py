"""A CSV file saved by German Excel is imported with few clicks: every deviation from our format has a suggestion."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from messaging.models import Message
from ops.imports.tests.clicking import Person
from ops.imports.tests.screens import LIST, text

MOST_CLICKS = 8  # from the list of imports to the imported file
HEADER = "Nachrichten-ID;Antwort auf;Absender;Empfänger;Datum;Gelesen;Bearbeitet;Text"
ROWS = (
    "1;;alice;bob;05.01.2026 14:30;ja;nein;Schöne Grüße – bis morgen",
    "2;1;bob;alice;05.01.2026 15:00;nein;ja;Danke, für 5 € dabei",
    "3;;alice;bob;31.12.2025 23:59;ja;nein;„Guten Rutsch“",
)
JOHN = "4;;john;bob;01.02.2026 08:05;nein;nein;Grüße von einem Fremden"


@pytest.mark.parametrize(("rows", "cures"), [(ROWS, []), ((*ROWS, JOHN), ["Create missing users"])], ids=len)
def test_a_german_excel_file_is_imported_with_few_clicks(
    importing: Client, people: Any, rows: tuple[str, ...], cures: list[str]
) -> None:
    content = "\r\n".join((HEADER, *rows, "")).encode("cp1252")
    person = Person(importing, LIST)
    person.follow("Import messages…")
    person.press("Check the file", file=SimpleUploadedFile("Nachrichten.csv", content))
    person.press("Read as Windows-1252")
    person.press("Check again with these columns")
    person.press("Take all 2 suggestions")
    for words in cures:
        person.press(words)
    person.press(f"Import {len(rows)} messages")
    assert "✓ imported" in text(person.response)
    assert len(person.clicks) == 6 + len(cures) <= MOST_CLICKS
    stored = Message.objects.order_by("external_id").values_list(
        "content", "sender__username", "receiver__username", "read", "edited", "parent_message__external_id"
    )
    assert list(stored[:3]) == [
        ("Schöne Grüße – bis morgen", "alice", "bob", True, False, None),
        ("Danke, für 5 € dabei", "bob", "alice", False, True, "1"),
        ("„Guten Rutsch“", "alice", "bob", True, False, None),
    ]
    times = Message.objects.order_by("external_id").values_list("timestamp", flat=True)
    assert [f"{time:%d.%m.%Y %H:%M}" for time in times] == [row.split(";")[4] for row in rows]
