"""The bell and its list in a real browser, and choosing e-mail; by mouse, by keyboard and without scripts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from messaging.tests.browsing import check_in_each_look, click_in_each_look, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.deletion.tests.screens import make_role
from ops.exports.models import Export
from ops.exports.personal import approval
from ops.exports.requests import approved_zip
from ops.files.tests.conftest import folder
from ops.notices.mailing import sending

__all__ = ["folder"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

APPROVED = "Your data export was approved: you can make it within 7 days."
READY = "Your export is ready to be downloaded."
EXPIRED = "The file of your export has expired."


def bell(page: Page, name: str) -> Any:
    return page.get_by_role("link", name=name, exact=True)


def test_the_bell_tells_of_an_approval_a_finished_export_and_an_expired_file(
    page: Page, transactional_db: Any, folder: Path, settings: Any
) -> None:
    settings.SENDS_EMAIL = True
    alice, bob = make_user("alice"), make_user("bob")
    write(alice, bob)
    sue, lena = make_role("sue", "Support"), make_role("lena", "Lead")
    sue.email = "sue@example.org"
    sue.save()
    sign_in(page, sue)
    page.goto("/console/")
    expect(bell(page, "Notices")).to_be_visible()
    click_in_each_look(page, page.get_by_text("Account: sue"))
    click_in_each_look(page, page.get_by_role("link", name="E-mail", exact=True))
    check_in_each_look(page)
    for topic in ("Approvals", "Finished work", "Expired files"):
        page.get_by_role("checkbox", name=topic).check()
    click_in_each_look(page, page.get_by_role("button", name="Save choice"))
    expect(page.get_by_text("Saved what you get by e-mail.")).to_be_visible()

    export = approval.request(alice, by=sue, reason="The court")
    approval.approve(export, by=lena)
    page.goto("/console/")
    click_in_each_look(page, bell(page, "Notices, 1 unread"))
    expect(page.get_by_role("link", name=APPROVED)).to_be_visible()
    approved_zip(Export.objects.get(), alice)
    Export.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    call_command("notify_expired_exports")
    assert sending.send_due(timezone.now() + sending.WAIT) == 1
    assert all(said in mail.outbox[0].body for said in (APPROVED, READY, EXPIRED))

    page.reload()
    expect(bell(page, "Notices, 3 unread")).to_be_visible()
    check_in_each_look(page)
    rows = page.get_by_role("row")
    expect(rows.nth(1)).to_contain_text(EXPIRED)
    page.get_by_role("button", name=f"Mark as read: {EXPIRED}").press("Enter")
    expect(bell(page, "Notices, 2 unread")).to_be_visible()
    page.get_by_role("link", name=READY).press("Enter")
    page.wait_for_url(f"**/console/exports/export/{export.pk}/change/")
    expect(bell(page, "Notices")).to_be_visible()  # both were about this export
    click_in_each_look(page, bell(page, "Notices"))
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)
    check_in_each_look(page)
