"""Leads manage labels and canned reasons in the console; files move them between installations."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ops.audit.events import Event
from ops.audit.models import Entry
from ops.moderation.models import CannedReason, Label
from ops.tests.asking import make_staff

pytestmark = pytest.mark.django_db

LABELS, REASONS = "/console/moderation/label/", "/console/moderation/cannedreason/"
FORMATS = {"csv": "0", "xlsx": "1", "json": "2"}
NEW = {"name": "Rude", "slug": "rude", "colour": "#DC2626", "severity": "low", "sort_order": "5", "active": "on"}
CHANGED = {**NEW, "colour": "#dc2626", "slug": "another", "name": "Rudeness", "meaning": "Not: plain words."}


@pytest.fixture(autouse=True)
def starting_set(settings: Any, tmp_path: Path) -> None:
    settings.PRIVATE_DIR = tmp_path / "private"
    call_command("load_labels")


@pytest.fixture
def lena() -> Client:
    return signed_in("lena")


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(make_staff(name))
    return client


def page_of(row: Any) -> str:
    return f"/console/{row._meta.label_lower.replace('.', '/')}/{row.pk}/change/"


def exported(client: Client, at: str, format: str, query: str = "") -> bytes:
    form = client.get(f"{at}export/{query}").content.decode()
    columns = re.findall(r'<input type="checkbox" name="(\w+)"', form)
    assert columns
    sent = {"format": FORMATS[format], "resource": "0", **dict.fromkeys(columns, "on")}
    return client.post(f"{at}export/{query}", sent).content


def check(client: Client, at: str, content: bytes, format: str) -> Any:
    file = SimpleUploadedFile(f"a.{format}", content)
    return client.post(f"{at}import/", {"import_file": file, "format": FORMATS[format], "resource": "0"})


def imported(client: Client, at: str, content: bytes, format: str) -> dict[str, int]:
    """Import a file, and return its counts."""
    page = check(client, at, content, format)
    assert page.context["problems"] == []
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))
    client.post(f"{at}process_import/", fields)
    counts: dict[str, int] = page.context["counts"]
    return counts


def policy() -> list[Any]:
    """Return what a file moves: all fields of the rows except their keys."""
    labels, reasons = Label.objects.order_by("slug").values(), CannedReason.objects.order_by("slug")
    return [
        [{name: value for name, value in row.items() if name != "id"} for row in labels],
        list(reasons.values("slug", "label__slug", "title", "text", "language", "active")),
    ]


# --- Forms ---------------------------------------------------------------------------------------------------------


def test_a_label_is_added_and_changed_and_both_are_recorded(lena: Client) -> None:
    lena.post(f"{LABELS}add/", NEW)
    rude = Label.objects.get(slug="rude")
    assert (rude.colour, rude.severity) == ("#dc2626", "low")
    lena.post(page_of(rude), CHANGED)
    rude.refresh_from_db()
    assert (rude.name, rude.slug, rude.meaning) == ("Rudeness", "rude", "Not: plain words.")
    entries = Entry.objects.filter(target_type="moderation.label", target_id=rude.pk).order_by("pk")
    assert [entry.event for entry in entries] == [Event.RECORD_ADDED, Event.RECORD_CHANGED]
    assert entries[1].details == {"fields": ["Name", "Meaning"]}


def test_a_reason_with_a_stray_brace_is_refused(lena: Client) -> None:
    reason = CannedReason.objects.get(slug="spam-removed")
    sent = {"title": "A", "label": reason.label_id, "language": "de", "text": "Am {date", "active": "on"}
    assert "A brace belongs to no placeholder." in lena.post(page_of(reason), sent).content.decode()
    lena.post(page_of(reason), {**sent, "text": "Am {date}."})
    reason.refresh_from_db()
    assert (reason.text, reason.language) == ("Am {date}.", "de")


@pytest.mark.parametrize("who", ["rita", "otto"])
def test_users_with_view_permission_see_swatches_and_no_form(who: str) -> None:
    client = signed_in(who)
    for row in (Label.objects.get(slug="threat"), CannedReason.objects.get(slug="threat-removed")):
        page = client.get(page_of(row)).content.decode()
        assert '<svg width="18"' in page and "<bdi>Threat</bdi>" in page
        assert 'name="_save"' not in page
        assert client.post(page_of(row), NEW).status_code == 403


@pytest.mark.parametrize("who", ["lena", "rosa"])
def test_labels_cannot_be_deleted(who: str) -> None:
    client, spam = signed_in(who), Label.objects.get(slug="spam")
    assert client.post(page_of(spam).replace("change", "delete"), {"post": "yes"}).status_code == 403
    client.post(LABELS, {"action": "delete_selected", "_selected_action": [spam.pk], "post": "yes"})
    assert Label.objects.filter(slug="spam").exists()


# --- Lists ---------------------------------------------------------------------------------------------------------


def slugs(client: Client, address: str) -> list[str]:
    return [row.slug for row in client.get(address).context["cl"].result_list]


def test_lists_are_filtered_and_searched(lena: Client) -> None:
    Label.objects.filter(slug="spam").update(active=False)
    assert slugs(lena, f"{LABELS}?active=no") == ["spam"]
    assert slugs(lena, f"{LABELS}?severity=imminent") == ["self-harm", "minors"]
    assert slugs(lena, f"{LABELS}?q=passwords") == ["scam"]
    assert slugs(lena, LABELS)[:2] == ["spam", "scam"]
    assert slugs(lena, f"{REASONS}?label=self-harm") == ["self-harm-removed", "self-harm-support"]
    assert slugs(lena, f"{REASONS}?q=helpline") == ["self-harm-support"]


def test_rows_show_targets_and_placeholders(lena: Client) -> None:
    page = lena.get(LABELS).content.decode()
    assert 'Imminent harm, <span class="quiet">within 15 minutes</span>' in page
    assert f'<a href="{REASONS}?label=harassment">2</a>' in page
    assert "To fill in: date, helpline, emergency_number" in lena.get(REASONS).content.decode()


@pytest.mark.parametrize("address", [LABELS, REASONS])
def test_a_list_costs_the_same_with_twice_the_rows(lena: Client, address: str) -> None:
    lena.get(address)  # the theme is read once per process
    with CaptureQueriesContext(connection) as few:
        lena.get(address)
    for number in range(15):
        label = Label.objects.create(name=f"label {number}", slug=f"label-{number}")
        CannedReason.objects.create(label=label, title="A", slug=f"reason-{number}", text="A")
    with CaptureQueriesContext(connection) as many:
        rows = lena.get(address).context["cl"].result_list
    assert len(rows) >= 26
    assert len(many) == len(few) <= 9


# --- Files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_a_policy_moves_to_another_installation_as_files(lena: Client, format: str) -> None:
    Label.objects.filter(slug="spam").update(meaning="=1+1", wording='"Quoted", ümlaut', active=False)
    CannedReason.objects.filter(slug="spam-removed").update(text="Two\nlines of {date}.", language="pt-br")
    before = policy()
    labels, reasons = (exported(lena, at, format) for at in (LABELS, REASONS))
    CannedReason.objects.all().delete()
    Label.objects.all().delete()
    assert imported(lena, LABELS, labels, format)["added"] == 11
    assert imported(lena, REASONS, reasons, format)["added"] == 13
    assert policy() == before
    assert imported(lena, LABELS, labels, format) == {"added": 0, "changed": 0, "deleted": 0, "unchanged": 11}


def test_rows_are_found_by_their_slug_and_others_stay(lena: Client) -> None:
    content = b"slug,name,colour\nspam,Junk,#64748B\nrude,Rude,#2563EB\n"
    assert imported(lena, LABELS, content, "csv") == {"added": 1, "changed": 1, "deleted": 0, "unchanged": 0}
    assert Label.objects.get(slug="spam").name == "Junk"
    assert Label.objects.get(slug="rude").colour == "#2563eb"
    assert Label.objects.count() == 12
    assert imported(lena, LABELS, b"slug,colour\nrude,#2563EB\n", "csv")["unchanged"] == 1


def test_an_import_and_an_export_are_recorded(lena: Client) -> None:
    imported(lena, LABELS, b"slug,name\nspam,Junk\n", "csv")
    exported(lena, LABELS, "json", "?severity=imminent")
    entry = Entry.objects.get(event=Event.RECORDS_IMPORTED, actor_name="lena")
    assert (entry.target_type, entry.details["changed"], entry.details["fields"]) == ("moderation.label", 1, ["name"])
    entry = Entry.objects.get(event=Event.RECORDS_EXPORTED)
    assert (entry.details["rows"], entry.details["filters"]) == (2, {"severity": "imminent"})


def test_an_export_contains_the_filtered_rows(lena: Client) -> None:
    rows = json.loads(exported(lena, REASONS, "json", "?label=self-harm"))
    assert [(row["slug"], row["label"]) for row in rows] == [
        ("self-harm-removed", "self-harm"),
        ("self-harm-support", "self-harm"),
    ]


@pytest.mark.parametrize(
    ("at", "content", "problem"),
    [
        (LABELS, b"slug,name,severity\nnew,New,extreme\n", "severity"),
        (LABELS, b"slug,name,colour\nnew,New,red\n", "colour"),
        (LABELS, b"slug,name\nTwo Words,New\n", "slug"),
        (LABELS, b"slug,name\nnew,Spam\n", "name"),
        (REASONS, b"slug,label,title,text\nnew,nowhere,New,Because.\n", "label"),
        (REASONS, b"slug,label,title,text\nnew,spam,New,Of {date\n", "text"),
        (REASONS, b"slug,label,title,text,language\nnew,spam,New,Because.,xx-yy\n", "language"),
    ],
)
def test_a_file_with_a_fault_changes_nothing_and_names_row_and_column(
    lena: Client, at: str, content: bytes, problem: str
) -> None:
    before = policy()
    [sentence] = check(lena, at, content, "csv").context["problems"]
    assert sentence.startswith("Data row 1") and problem in sentence
    assert policy() == before
