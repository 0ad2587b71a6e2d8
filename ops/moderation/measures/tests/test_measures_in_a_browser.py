"""Measures in a real browser: deciding them by keyboard, the warning that a person confirms, being suspended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import (
    WIDE,
    OpenPage,
    check,
    check_in_each_look,
    click_in_each_look,
    expect_status,
    sign_in,
)
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.accounts import roles
from ops.moderation import flagging
from ops.moderation.measures.kinds import Order
from ops.moderation.models import Act, Case, Label, Measure, Source
from ops.moderation.tests.desk import decided
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def case(transactional_db: Any) -> Case:
    """The case of a message from Alice to Bob."""
    roles.set_up()
    call_command("load_labels", verbosity=0)
    alice, bob = make_user("alice"), make_user("bob")
    message = write(alice, bob, "Buy cheap watches")
    return flagging.flag(message, label=Label.objects.get(slug="spam"), by=bob, source=Source.PARTICIPANT).case


def on_the_case(page: Page, case: Case, who: str = "rita") -> Any:
    """Sign a staff user in, claim the case on its page, and return the user."""
    user = make_staff(who)
    sign_in(page, user)
    page.goto(f"/console/moderation/case/{case.pk}/change/")
    # Keys pressed before the next page has loaded are lost.
    with page.expect_navigation():
        page.get_by_role("button", name="Claim case").click()
    return user


def test_a_person_is_warned_and_confirms(open_page: OpenPage, case: Case) -> None:
    page = open_page()
    on_the_case(page, case)
    click_in_each_look(page, page.get_by_text("Uphold the report, hide nothing"))
    click_in_each_look(page, page.get_by_text("Warn, restrict or suspend…"))
    click_in_each_look(page, page.get_by_role("group", name="alice").get_by_label("Warn"))
    check_in_each_look(page)
    expect_status(400)
    decide = page.get_by_role("button", name="Decide", exact=True)
    click_in_each_look(page, decide)
    expect(page.get_by_text("Write why: whom you warn, restrict or suspend reads it.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Text for the author").fill("We have rules about spam.")
    click_in_each_look(page, decide)
    expect(page.locator(".decisions").get_by_text("alice warned")).to_be_visible()
    page.locator(".panel > summary").click()  # the page is narrow
    expect(page.locator(".glance").get_by_text("warned and did not confirm it yet")).to_be_visible()
    check_in_each_look(page)
    theirs = open_page()
    sign_in(theirs, Message.objects.get().sender)
    theirs.goto("/messages/")
    expect(theirs.get_by_text("We have rules about spam.")).to_be_visible()
    check_in_each_look(theirs)
    click_in_each_look(theirs, theirs.get_by_role("button", name="I have read this"))
    expect(theirs.get_by_text("the moderators see that you read it")).to_be_visible()
    expect(theirs.get_by_text("We have rules about spam.")).to_have_count(0)
    assert Measure.objects.get().confirmed_at is not None


def test_several_measures_by_keyboard_alone(open_page: OpenPage, case: Case) -> None:
    page = open_page(WIDE)
    on_the_case(page, case, "lena")
    page.keyboard.press("d")
    page.keyboard.press("ArrowDown")  # hides
    page.keyboard.press("m")
    expect(page.get_by_role("group", name="alice").get_by_label("Warn")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # suspends
    page.get_by_label("Restrict or suspend for").focus()
    page.keyboard.press("End")  # a year: Leads may choose it
    page.get_by_text("Explain it to the author").press("Enter")
    page.get_by_label("Text for the author").press_sequentially("No spam")
    page.get_by_role("button", name="Decide", exact=True).press("Enter")
    expect(page.locator(".decisions").get_by_text("alice suspended until")).to_be_visible()
    assert set(Measure.objects.values_list("act", flat=True)) == {Act.HIDE, Act.WARN, Act.SUSPEND}
    check(page)
    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_text("alice can sign in again.", exact=False)).to_be_visible()
    check(page)


def test_the_suspended_read_why_at_signing_in(page: Page, case: Case) -> None:
    alice = Message.objects.get().sender
    alice.set_password("correct horse battery")
    alice.save()
    suspended = Order(Act.SUSPEND, user=alice.pk, until=timezone.now() + timedelta(days=7))
    decided(
        case,
        make_staff("rita"),
        Label.objects.get(slug="spam"),
        measures=[suspended],
        sent="We have rules about spam.",
    )
    page.goto("/sign-in/")
    page.get_by_label("Username").fill("alice")
    password, enter = page.get_by_label("Password"), page.get_by_role("button", name="Sign in")
    password.fill("correct horse battery")
    click_in_each_look(page, enter)
    expect(page.get_by_text("Your account is suspended until", exact=False)).to_be_visible()
    expect(page.get_by_text("We have rules about spam.", exact=False)).to_be_visible()
    check_in_each_look(page)
    Measure.objects.filter(act=Act.SUSPEND).update(until=timezone.now())
    password.fill("correct horse battery")
    click_in_each_look(page, enter)
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
