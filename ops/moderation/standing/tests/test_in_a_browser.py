"""Reports in the lists of conversations and messages and beside a thread, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from messaging.tests.browsing import LOOKS, check_in_each_look, click_in_each_look, sign_in, wear
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts import roles
from ops.moderation import flagging
from ops.moderation.models import Flag, Label, Source
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def flag(transactional_db: Any) -> Flag:
    """The second report of a message; another conversation has no report."""
    roles.set_up()
    call_command("load_labels", verbosity=0)
    alice, bob, charlie = (make_user(name) for name in ("alice", "bob", "charlie"))
    message = answer(write(alice, bob, "Is the bicycle still there?"), "I know where you live")
    write(charlie, bob, "Lovely weather")
    flagging.flag(message, label=Label.objects.get(slug="harassment"), by=charlie, source=Source.PARTICIPANT)
    return flagging.flag(message, label=Label.objects.get(slug="threat"), by=alice, source=Source.PARTICIPANT)


def test_reports_are_found_in_lists_and_lead_to_the_case(page: Page, flag: Flag) -> None:
    sign_in(page, make_staff("rita"))
    for address in ("/console/messaging/conversation/", "/console/messaging/message/"):
        page.goto(address)
        expect(page.locator(".review-marks")).to_have_count(1)
        expect(page.locator(".review-marks")).to_contain_text("Threat and Harassment 2 reports ● open")
        check_in_each_look(page)
        wear(page, *LOOKS[-1])
        page.locator("summary").get_by_text("Filters", exact=True).click()
        click_in_each_look(page, page.get_by_text("More filters"))
        page.get_by_label("Case", exact=True).select_option("Open")
        page.get_by_label("Reported for").select_option("Threat")
        click_in_each_look(page, page.get_by_role("button", name="Filter", exact=True))
        expect(page.locator("#result_list tbody tr")).to_have_count(1)
        check_in_each_look(page)
    page.goto(f"/console/messaging/conversation/{flag.message.conversation_id}/")  # type: ignore[union-attr]
    wear(page, *LOOKS[-1])
    page.locator(".panel > summary").click()
    reports = page.get_by_role("region", name="Reports")
    expect(reports).to_contain_text("Reported here")
    check_in_each_look(page)
    click_in_each_look(page, reports.get_by_role("link", name=str(flag.case_id), exact=True))
    expect(page.get_by_role("heading", name="Case: alice and bob")).to_be_visible()
