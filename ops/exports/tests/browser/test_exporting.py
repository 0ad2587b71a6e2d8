"""Exporting a list and one person's data in a real browser, in every look, and by keyboard."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import OpenPage, check_in_each_look, click_in_each_look, open_filters, sign_in
from ops.exports import requests
from ops.exports.models import Export
from ops.exports.tests.exporting import EXPORTS, MESSAGES, WHY, make_exporter, some_messages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def emma(transactional_db: Any, folder: Path) -> Any:
    """Emma exports messages, and answers people who ask for their data."""
    return make_exporter("emma", "view_message", "view_conversation", "view_user")


@pytest.fixture
def stored(transactional_db: Any) -> list[Message]:
    return some_messages()


def confirm(page: Page) -> None:
    """Enter the password where the console asks for it."""
    page.get_by_label("Password").fill("emma's password")
    click_in_each_look(page, page.get_by_role("button", name="Confirm"))


def test_a_filtered_list_is_exported_to_a_file(page: Page, emma: Any, stored: list[Message], tmp_path: Path) -> None:
    sign_in(page, emma)
    page.goto(MESSAGES)
    check_in_each_look(page)
    open_filters(page)
    click_in_each_look(page, page.get_by_text("More filters"))
    page.get_by_label("Replies").select_option("No replies")
    click_in_each_look(page, page.get_by_role("button", name="Filter", exact=True))
    click_in_each_look(page, page.get_by_role("link", name="Export…"))
    confirm(page)
    expect(page.get_by_role("heading", name="Export messages")).to_be_visible()
    expect(page.get_by_text("2 messages", exact=True)).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Export 2 messages"))
    expect(page.get_by_role("alert")).to_contain_text("Nothing was exported.")
    expect(page.get_by_text("Enter a reason")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Reason for export").fill(WHY)
    with page.expect_download() as download:
        click_in_each_look(page, page.get_by_role("button", name="Export 2 messages"))
    expect(page.get_by_text("2 messages were sent to you as messages-emma-")).to_be_visible()
    check_in_each_look(page)
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(), newline="")))
    assert [row["content"] for row in rows] == ["'+hello back", "''quoted'"]
    assert download.value.suggested_filename.startswith("messages-emma-")


def test_selected_rows_are_exported_as_a_workbook(page: Page, emma: Any, stored: list[Message]) -> None:
    sign_in(page, emma)
    page.goto(MESSAGES)
    page.get_by_role("checkbox", name="Select the message from alice to bob").check()
    click_in_each_look(page, page.get_by_role("button", name="Export selected…"))
    confirm(page)
    page.get_by_label("Excel (XLSX)").check()
    page.get_by_label("Whole conversations").check()
    page.get_by_label("Older texts").check()
    page.get_by_label("Reason for export").fill(WHY)
    click_in_each_look(page, page.get_by_role("button", name="Export 1 message"))
    expect(page.locator(".chip.ready")).to_contain_text("ready")
    check_in_each_look(page)
    with page.expect_download() as download:
        click_in_each_look(page, page.get_by_role("link", name="Download"))
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["messages.xlsx", "histories.xlsx"]
    click_in_each_look(page, page.get_by_role("link", name="All exports"))
    expect(page.get_by_role("heading", name="Exports")).to_be_visible()
    check_in_each_look(page)


def test_one_persons_data_is_exported(page: Page, emma: Any, stored: list[Message]) -> None:
    sign_in(page, emma)
    page.goto(f"/console/accounts/user/{stored[0].sender.pk}/change/")
    click_in_each_look(page, page.get_by_role("link", name="Export this person’s data"))
    confirm(page)
    expect(page.get_by_text("1 message sent and 2 received")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Reason for export").fill("She asked for it")
    click_in_each_look(page, page.get_by_role("button", name="Export this person’s data"))
    expect(page.locator(".chip.ready")).to_contain_text("ready")
    check_in_each_look(page)
    with page.expect_download() as download:
        click_in_each_look(page, page.get_by_role("link", name="Download"))
    with zipfile.ZipFile(download.value.path()) as archive:
        assert "alice" in archive.read("account.json").decode()


def test_unfinished_failed_and_expired_exports_are_shown(page: Page, emma: Any, stored: list[Message]) -> None:
    exports = [requests.submit(requests.draft(by=emma, scope="messages", reason=WHY)) for _ in range(3)]
    for export in exports:
        requests.start(export)
    waiting, failed, expired = exports
    Export.objects.filter(pk__in=[waiting.pk, failed.pk]).update(size=None)
    Export.objects.filter(pk=expired.pk).update(expires_at=expired.created_at)
    jobs = type(waiting.job).objects  # type: ignore[union-attr]
    jobs.filter(params__export=str(waiting.pk)).update(state="running", done=1, ended_at=None)
    jobs.filter(params__export=str(failed.pk)).update(
        state="failed", error="The disk is full: make room, then try again."
    )
    sign_in(page, emma)
    page.goto(EXPORTS)
    check_in_each_look(page)
    for export, words in ((waiting, "being made"), (failed, "The disk is full"), (expired, "The file has expired")):
        page.goto(f"{EXPORTS}{export.pk}/change/")
        expect(page.get_by_text(words).first).to_be_visible()
        check_in_each_look(page)


def test_an_export_works_by_keyboard_without_javascript(open_page: OpenPage, emma: Any, stored: list[Message]) -> None:
    page = open_page(javascript=False)
    sign_in(page, emma)
    page.goto(f"{MESSAGES}export/?unread=yes")
    confirm(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator("#id_reason:focus").count():
            break
    else:
        raise AssertionError("Tab does not reach the reason.")
    page.keyboard.type(WHY)
    page.keyboard.press("Tab")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert Path(download.value.path()).read_text().count("\n") == 3
    expect(page.get_by_text("2 messages were sent to you as messages-emma-")).to_be_visible()
