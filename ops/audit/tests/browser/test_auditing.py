"""An auditor's work in a real browser: who did what, what else the same click changed, and an export of it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import (
    OpenPage,
    check_in_each_look,
    click_in_each_look,
    open_filters,
    open_from_menu,
    sign_in,
)
from messaging.tests.cast import make_user
from ops.audit.context import Facts, one_action
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.recording import record
from ops.audit.tests.trail import EXPORT, LIST, make_auditor
from ops.events import ConsoleEvent
from ops.imports.events import ImportEvent

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


@pytest.fixture
def otto(transactional_db: Any) -> Any:
    """Otto is an auditor, and may export the trail."""
    return make_auditor("otto", "export_entry")


@pytest.fixture
def click(transactional_db: Any) -> Any:
    """Sue deleted three accounts with one click, after Rita had read a conversation and an import had run."""
    sue, rita = make_user("sue"), make_user("rita", is_superuser=True)
    with one_action(Facts("req-1", "192.0.2.7", CHROME)):
        record(
            ConsoleEvent.CONVERSATION_READ, actor=rita, target=("messaging.conversation", 12), label="Conversation 12"
        )
    with one_action():
        record(ImportEvent.IMPORT_MADE, actor=None, details={"stored": 44_082, "refused": 3})
    with one_action(Facts("req-2", "2001:db8::7", CHROME, uuid4())) as facts:
        for key in (101, 102, 103):
            details = {"messages": 120, "histories": 4, "before": {"is_staff": False, "groups": [1, 2]}}
            gone, why = ("accounts.user", key), "They asked for it, in ticket 4711."
            record(Event.ACCOUNT_DELETED, actor=sue, target=gone, label=f"left-{key}", details=details, reason=why)
    return facts.action


def test_an_auditor_filters_opens_and_exports_entries(page: Page, otto: Any, click: Any, tmp_path: Path) -> None:
    sign_in(page, otto)
    page.goto("/console/")
    open_from_menu(page, "Audit")
    expect(page.get_by_role("heading", name="Audit trail")).to_be_visible()
    check_in_each_look(page)
    open_filters(page)
    page.get_by_label("User", exact=True).fill("sue")
    page.get_by_label("What").select_option("Deleted an account with its data")
    click_in_each_look(page, page.get_by_role("button", name="Filter", exact=True))
    expect(page.get_by_role("status")).to_contain_text("3 entries")
    expect(page.get_by_role("status")).to_contain_text("User: sue")
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Deleted an account with its data", exact=True).first)
    expect(page.get_by_text("ticket 4711")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="2 other entries of the same action"))
    expect(page.get_by_role("status")).to_contain_text("3 entries")
    click_in_each_look(page, page.get_by_role("link", name="Export…"))
    confirm(page)
    expect(page.get_by_role("heading", name="Export the audit trail")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Export 3 entries"))
    expect(page.get_by_role("alert")).to_contain_text("Enter a reason")
    check_in_each_look(page)
    page.get_by_label("Reason for export").fill("Yearly review")
    with page.expect_download() as download:
        click_in_each_look(page, page.get_by_role("button", name="Export 3 entries"))
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    with file.open(newline="", encoding="utf-8") as stored:
        assert {row["target_label"] for row in csv.DictReader(stored)} == {"left-101", "left-102", "left-103"}
    assert Entry.objects.get(event=Event.AUDIT_EXPORTED).reason == "Yearly review"


def test_the_trail_can_be_used_by_keyboard_alone(page: Page, otto: Any, click: Any) -> None:
    sign_in(page, otto)
    page.goto(LIST)
    reach(page, "#narrow-person")
    page.keyboard.type("rita")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("User: rita")
    reach(page, "tbody th a")
    page.keyboard.press("Enter")
    expect(page.get_by_text("messaging.conversation:12")).to_be_visible()
    reach(page, ".facts a[href*='target=']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("About: Conversation 12")


def confirm(page: Page) -> None:
    page.get_by_label("Your password").fill("otto's password")
    click_in_each_look(page, page.get_by_role("button", name="Confirm"))


def reach(page: Page, selector: str) -> None:
    """Press Tab until an element that matches ``selector`` has the focus, which must be visible at every step."""
    for _ in range(80):
        page.keyboard.press("Tab")
        outline, found = page.evaluate(
            "selector => [getComputedStyle(document.activeElement).outlineStyle,"
            " document.activeElement.matches(selector)]",
            selector,
        )
        assert outline != "none", f"no visible focus on the way to {selector}"
        if found:
            return
    raise AssertionError(f"{selector} cannot be reached with the Tab key")


def test_the_trail_can_be_filtered_without_javascript(open_page: OpenPage, otto: Any, click: Any) -> None:
    page = open_page(javascript=False)
    sign_in(page, otto)
    page.goto(LIST)
    open_filters(page)
    page.get_by_label("User", exact=True).fill("sue")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_role("link", name="left-101")).to_be_visible()
    page.goto(EXPORT)
    confirm(page)
    expect(page.get_by_role("button", name="Export")).to_be_visible()
