"""An export of one person's data, from Support's request to the file, with somebody else's approval in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import LOOKS, OpenPage, check, sign_in
from ops.deletion.tests.screens import make_role
from ops.exports.tests.exporting import some_messages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def confirm(page: Page, user: Any) -> None:
    page.get_by_label("Password").fill(f"{user.username}'s password")
    page.get_by_role("button", name="Confirm").click()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_support_requests_a_lead_approves_support_downloads(
    open_page: OpenPage, transactional_db: Any, folder: Path, width: int, scheme: Any
) -> None:
    alice = some_messages()[0].sender
    sue, lena = make_role("sue", "Support"), make_role("lena", "Lead")
    supporting, leading = open_page(width, scheme), open_page(width, scheme)
    sign_in(supporting, sue)
    sign_in(leading, lena)

    supporting.goto(f"/console/accounts/user/{alice.pk}/")
    supporting.get_by_role("link", name="Request data export…").click()
    confirm(supporting, sue)
    check(supporting)
    supporting.locator("#id_reason").fill("Asked for by the court, 4711")
    supporting.get_by_role("button", name="Request export").click()
    expect(supporting.get_by_text("Awaiting approval by a second person.")).to_be_visible()
    check(supporting)

    leading.goto("/console/")
    leading.get_by_role("main").get_by_role("link", name="export awaits your approval").click()
    check(leading)
    leading.get_by_role("row").nth(1).get_by_role("link").click()
    check(leading)
    leading.get_by_role("link", name="Approve export…").click()
    confirm(leading, lena)
    check(leading)
    leading.get_by_role("button", name="Approve export").click()
    expect(leading.get_by_text("Export approved.")).to_be_visible()

    supporting.reload()
    check(supporting)
    supporting.get_by_role("link", name="Export this person’s data…").click()
    check(supporting)
    supporting.get_by_role("button", name="Export this person’s data").click()
    with supporting.expect_download() as download:
        supporting.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".zip")
    check(supporting)
