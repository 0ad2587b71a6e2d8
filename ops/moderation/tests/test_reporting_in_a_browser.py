"""Reporting a message, following the report, and blocking people, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from messaging.models import Block, Message
from messaging.tests.browsing import OpenPage, check_in_each_look, click_in_each_look, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.moderation.models import Case, Flag, Label
from ops.moderation.tests.desk import decided
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def message(transactional_db: Any) -> Message:
    call_command("load_labels", verbosity=0)
    return write(make_user("alice"), make_user("bob"), "Send me money")


def test_a_report_is_sent_looked_at_and_answered(open_page: OpenPage, message: Message) -> None:
    spam = Label.objects.get(slug="spam")
    page = open_page()
    sign_in(page, message.receiver)
    page.goto(message.get_absolute_url())
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Report").first)
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Send report"))
    expect(page.locator(".errorlist").first).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.locator("label.choice").get_by_text(spam.wording))
    page.locator("textarea").fill("Every day")
    click_in_each_look(page, page.get_by_role("button", name="Send report"))
    assert Flag.objects.get().note == "Every day"
    page.goto(message.get_absolute_url())
    expect(page.get_by_text("this on")).to_be_visible()
    click_in_each_look(page, page.get_by_role("link", name="Your reports"))
    expect(page.get_by_text("waiting", exact=True)).to_be_visible()
    check_in_each_look(page)

    decided(Case.objects.get(), make_staff("rita"), spam, hides=[message.pk], sent="Our rules forbid that.")
    page.reload()
    expect(page.get_by_text("looked at", exact=True)).to_be_visible()
    check_in_each_look(page)

    author = open_page()
    sign_in(author, message.sender)
    author.goto(message.get_absolute_url())
    expect(author.get_by_text("removed by moderators").first).to_be_visible()
    expect(author.get_by_text("Our rules forbid that.")).to_be_visible()
    check_in_each_look(author)


def test_a_person_is_blocked_and_unblocked(page: Page, message: Message) -> None:
    sign_in(page, message.receiver)
    page.goto(message.get_absolute_url())
    click_in_each_look(page, page.get_by_role("button", name="Block alice"))
    assert Block.objects.get().blocked == message.sender
    click_in_each_look(page, page.get_by_role("link", name="Blocked people"))
    expect(page.get_by_role("heading", name="Blocked people")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Unblock alice"))
    expect(page.get_by_text("You have not blocked anybody.")).to_be_visible()
    check_in_each_look(page)
    assert not Block.objects.exists()
