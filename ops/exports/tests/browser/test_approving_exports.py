"""An export of one person's data: Support requests it, somebody else approves it, and Support downloads the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import OpenPage, check_in_each_look, click_in_each_look, sign_in
from ops.deletion.tests.screens import make_role
from ops.exports.tests.exporting import some_messages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def confirm(page: Page, user: Any) -> None:
    page.get_by_label("Password").fill(f"{user.username}'s password")
    click_in_each_look(page, page.get_by_role("button", name="Confirm"))


def test_support_requests_and_downloads_an_export_that_a_lead_approves(
    open_page: OpenPage, transactional_db: Any, folder: Path
) -> None:
    alice = some_messages()[0].sender
    sue, lena = make_role("sue", "Support"), make_role("lena", "Lead")
    supporting, leading = open_page(), open_page()
    sign_in(supporting, sue)
    sign_in(leading, lena)

    supporting.goto(f"/console/accounts/user/{alice.pk}/")
    click_in_each_look(supporting, supporting.get_by_role("link", name="Request data export…"))
    confirm(supporting, sue)
    check_in_each_look(supporting)
    supporting.locator("#id_reason").fill("Asked for by the court, 4711")
    click_in_each_look(supporting, supporting.get_by_role("button", name="Request export"))
    expect(supporting.get_by_text("Awaiting approval by a second person.")).to_be_visible()
    check_in_each_look(supporting)

    leading.goto("/console/")
    click_in_each_look(leading, leading.get_by_role("main").get_by_role("link", name="export awaits your approval"))
    check_in_each_look(leading)
    click_in_each_look(leading, leading.get_by_role("row").nth(1).get_by_role("link"))
    check_in_each_look(leading)
    click_in_each_look(leading, leading.get_by_role("link", name="Approve export…"))
    confirm(leading, lena)
    check_in_each_look(leading)
    click_in_each_look(leading, leading.get_by_role("button", name="Approve export"))
    expect(leading.get_by_text("Export approved.")).to_be_visible()

    supporting.reload()
    check_in_each_look(supporting)
    click_in_each_look(supporting, supporting.get_by_role("link", name="Export this person’s data…"))
    check_in_each_look(supporting)
    click_in_each_look(supporting, supporting.get_by_role("button", name="Export this person’s data"))
    with supporting.expect_download() as download:
        click_in_each_look(supporting, supporting.get_by_role("link", name="Download"))
    assert download.value.suggested_filename.endswith(".zip")
    check_in_each_look(supporting)
