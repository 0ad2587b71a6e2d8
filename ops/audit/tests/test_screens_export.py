"""Exporting the audit trail: it needs a reason, is recorded before it is sent, and is exact and harmless."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from messaging.tests.cast import make_user
from ops.accounts.events import AccountEvent
from ops.audit.details import Key
from ops.audit.events import Event
from ops.audit.models import ACTOR_COPIES, Entry, Seal
from ops.audit.screens.exporting import CHUNK_SIZE, COLUMNS, lines
from ops.audit.sealing import chain
from ops.audit.tests.trail import EXPORT, LIST, happened, make_auditor, recording_fails
from ops.conftest import confirm
from ops.events import ConsoleEvent
from ops.files.formulas import guarded

WHY = {"reason": "Yearly review"}


@pytest.fixture
def otto(db: Any) -> Any:
    """Otto is an auditor, and may export the trail."""
    return make_auditor("otto", "export_entry")


@pytest.fixture
def exporting(client: Client, otto: Any) -> Client:
    client.force_login(otto)
    return confirm(client, "otto")


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    """Return the rows of the file that the browser receives."""
    response: Any = client.post(f"{EXPORT}{query}", WHY)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    content = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_the_form_shows_the_number_of_entries_and_the_filters(exporting: Client, rita: Any) -> None:
    for _ in range(3):
        happened(ConsoleEvent.MESSAGE_READ, rita)
    page = exporting.get(f"{EXPORT}?event=message.read&actor={rita.pk}&q=rita").content.decode()
    assert "What: <bdi>Read a message</bdi>" in page
    assert "User: <bdi>rita</bdi>" in page
    assert "Matching “<bdi>rita</bdi>”" in page
    assert "Export 3 entries</button>" in page


def test_an_unfiltered_export_is_called_the_full_trail(exporting: Client) -> None:
    assert "<strong>the full audit trail</strong>" in exporting.get(EXPORT).content.decode()


@pytest.mark.parametrize("reason", ["", "   ", "\x00"])
def test_an_export_needs_a_reason(exporting: Client, rita: Any, reason: str) -> None:
    response = exporting.post(EXPORT, {"reason": reason})
    assert response.status_code == 200
    assert "Nothing was exported." in response.content.decode()
    assert not Entry.objects.filter(event=Event.AUDIT_EXPORTED).exists()


def test_the_export_has_the_filtered_entries_newest_first(exporting: Client, rita: Any) -> None:
    wanted = [str(happened(ConsoleEvent.MESSAGE_EDITED, rita).pk) for _ in range(2)]
    happened(ConsoleEvent.MESSAGE_READ, rita)
    assert [row["id"] for row in exported(exporting, "?event=message.edited")] == wanted[::-1]


def test_a_row_has_all_fields_of_an_entry(exporting: Client, rita: Any) -> None:
    entry = happened(
        Event.ROLES_CHANGED, rita, ("accounts.user", 7), label="zoë", reason="Why, “then”?\r\nSo.", ip="192.0.2.7",
        details={"added": [Key("Ä")]}, request_id="req-1",
    )  # fmt: skip
    chain.seal()
    seal = Seal.objects.get(entry=entry)
    (row,) = exported(exporting, "?target=accounts.user:7")
    assert row == {
        "id": str(entry.pk), "at": entry.at.isoformat(), "actor": str(rita.pk), "actor_name": "rita", "actor_role": "",
        "event": "account.roles_changed", "what": entry.get_event_display(), "target_type": "accounts.user",
        "target_id": "7", "target_label": "zoë", "reason": "Why, “then”?\r\nSo.", "details": '{"added": ["Ä"]}',
        "action": str(entry.action), "request_id": "req-1", "ip": "192.0.2.7", "user_agent": entry.user_agent,
        "scrubbed_at": "", "seal_position": str(seal.position), "seal_hash": seal.hash,
    }  # fmt: skip


def test_the_scrubbing_is_exported_as_a_day_without_a_time(exporting: Client, rita: Any) -> None:
    """The exact time is that of a receipt, and would connect the receipt with the account."""
    entry = happened(ConsoleEvent.MESSAGE_READ, rita)
    moment = datetime(2031, 5, 6, 17, 8, 49, 123456, tzinfo=UTC)
    Entry.objects.filter(pk=entry.pk).empty_copies(("actor_salt", *ACTOR_COPIES), at=moment)
    (row,) = exported(exporting, "?event=message.read")
    assert row["scrubbed_at"] == "2031-05-06"


def test_only_listed_columns_are_exported(exporting: Client, rita: Any) -> None:
    happened(ConsoleEvent.MESSAGE_READ, rita)
    header = set(exported(exporting)[0])
    assert header == set(COLUMNS)
    assert not {name for name in header if "salt" in name}


def test_the_export_is_recorded_and_does_not_contain_its_own_entry(exporting: Client, otto: Any) -> None:
    happened(ConsoleEvent.MESSAGE_READ, otto)
    rows = exported(exporting, f"?actor={otto.pk}")
    entry = Entry.objects.get(event=Event.AUDIT_EXPORTED)
    assert (entry.actor_id, entry.reason) == (otto.pk, "Yearly review")
    assert entry.details["filters"] == {"actor": str(otto.pk)}
    assert entry.details["rows"] == len(rows)
    assert str(entry.pk) not in {row["id"] for row in rows}


def test_search_terms_are_recorded_in_the_label(exporting: Client, rita: Any) -> None:
    happened(ConsoleEvent.MESSAGE_READ, rita)
    exported(exporting, "?q=rita")
    entry = Entry.objects.get(event=Event.AUDIT_EXPORTED)
    assert entry.target_label == "rita"
    assert "rita" not in json.dumps(entry.details)


def test_the_export_is_recorded_before_it_is_sent(exporting: Client) -> None:
    response = exporting.post(EXPORT, WHY)  # nothing has been read from it yet
    assert Entry.objects.filter(event=Event.AUDIT_EXPORTED).exists()
    response.close()


def test_an_export_that_cannot_be_recorded_is_not_sent(exporting: Client, rita: Any) -> None:
    happened(ConsoleEvent.MESSAGE_READ, rita)
    with recording_fails():
        response = exporting.post(EXPORT, WHY)
    assert response.status_code == 503
    assert not response.streaming


def test_the_file_name_has_the_user_and_the_time(exporting: Client) -> None:
    entry_time = exporting.post(EXPORT, WHY)["Content-Disposition"]
    at = Entry.objects.get(event=Event.AUDIT_EXPORTED).at
    assert entry_time == f'attachment; filename="audit-trail-otto-{at:%Y-%m-%d-%H%M}.csv"'


def test_a_strange_username_makes_a_harmless_file_name(client: Client, db: None) -> None:
    client.force_login(make_auditor('../"x"/é', "export_entry"))
    confirm(client, '../"x"/é')
    disposition = client.post(EXPORT, WHY)["Content-Disposition"]
    assert "/" not in disposition.replace("utf-8''", "")
    assert disposition.endswith(".csv")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "'"])
def test_no_cell_is_a_formula(exporting: Client, begin: str) -> None:
    mallory = make_user("mallory")
    happened(AccountEvent.PERSON_READ, mallory, mallory, label=f"{begin}cmd|' /C calc'!A0")
    (row,) = exported(exporting, f"?target=accounts.user:{mallory.pk}")
    assert row["target_label"] == f"'{begin}cmd|' /C calc'!A0"


@given(st.text())
def test_removing_one_leading_quote_restores_the_text(text: str) -> None:
    cell = guarded(text)
    assert (cell[1:] if cell.startswith("'") else cell) == text


def test_the_password_is_confirmed_first(client: Client, otto: Any) -> None:
    client.force_login(otto)
    for answer in (client.get(EXPORT), client.post(EXPORT, WHY)):
        assert answer["Location"].startswith(reverse("confirm"))
    assert not Entry.objects.filter(event=Event.AUDIT_EXPORTED).exists()


def test_exporting_needs_its_own_permission(client: Client, db: None) -> None:
    client.force_login(make_auditor("olga"))
    assert client.get(EXPORT).status_code == 403
    assert client.post(EXPORT, WHY).status_code == 403
    assert "Export…" not in client.get(LIST).content.decode()


def test_the_list_links_to_the_export_with_the_same_filters(exporting: Client, rita: Any) -> None:
    happened(ConsoleEvent.MESSAGE_READ, rita)
    page = exporting.get(f"{LIST}?event=message.read&q=rita").content.decode()
    assert f'<a href="{EXPORT}?event=message.read&amp;q=rita">Export…</a>' in page


def test_an_empty_export_is_reported(exporting: Client) -> None:
    page = exporting.get(f"{EXPORT}?event=import.made").content.decode()
    assert "there is nothing to export" in page
    assert "<button" not in page.partition('id="content-main"')[2]


def test_an_unknown_filter_exports_nothing_and_returns_to_the_list(exporting: Client) -> None:
    response = exporting.post(f"{EXPORT}?colour=red", WHY)
    assert response["Location"] == LIST
    assert not Entry.objects.filter(event=Event.AUDIT_EXPORTED).exists()


def peak_memory(number: int) -> int:
    """Return the peak memory, in bytes, of producing the lines of so many entries."""
    tracemalloc.start()
    size = sum(len(part) for part in lines(Entry.objects.filter(actor_name="rita")[:number]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > number * 900
    return peak


def test_memory_does_not_grow_with_the_entries(rita: Any) -> None:
    Entry.objects.bulk_create(
        Entry(event=ConsoleEvent.MESSAGE_READ, actor=rita, actor_name="rita", reason="x" * 900)
        for _ in range(6 * CHUNK_SIZE)
    )
    assert peak_memory(6 * CHUNK_SIZE) < 1.2 * peak_memory(2 * CHUNK_SIZE)


def test_an_export_takes_one_query(rita: Any, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        happened(ConsoleEvent.MESSAGE_READ, rita)
    with django_assert_num_queries(1):
        assert len(list(lines(Entry.objects.all()))) == 1
