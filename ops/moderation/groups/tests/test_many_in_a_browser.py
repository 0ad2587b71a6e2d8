"""Deciding many cases in a real browser, by keyboard too, and undoing that: previews, progress, cases left out."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import WIDE, WIDTHS, OpenPage, check, check_in_each_look, click_in_each_look, sign_in
from ops.accounts import roles
from ops.moderation.groups.tests.many import decided_together
from ops.moderation.models import Case, Decision, Label
from ops.moderation.tests.desk import many_reports
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUEUE = "/console/moderation/case/"


@pytest.fixture
def lena(transactional_db: Any) -> Any:
    roles.set_up()
    call_command("load_labels", verbosity=0)
    return make_staff("lena")


def spam() -> Label:
    return Label.objects.get(slug="spam")


def fill_in(page: Page) -> None:
    page.locator("label.choice").get_by_text("Spam").click()
    page.get_by_text("Hide what is reported").click()
    page.get_by_label("Text for the authors").fill("This was spam.")


def test_forty_are_hidden_one_is_edited_thirty_nine_are_restored(open_page: OpenPage, lena: Any) -> None:
    many_reports(spam(), 40)
    page = open_page(WIDE)
    sign_in(page, lena)
    page.goto(QUEUE)
    page.get_by_role("link", name="Decide all that match…").click()
    expect(page.get_by_role("heading", name="Decide 40 cases")).to_be_visible()
    fill_in(page)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("40 messages hidden")).to_be_visible()
    expect(page.get_by_text("40 authors read the text")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Decide 40 cases").click()
    expect(page.get_by_text("40 cases decided")).to_be_visible()
    check(page)
    assert Message.objects.filter(hidden=True).count() == 40
    message = Message.objects.get(content="Words 7")
    message.content = "Other words"
    message.save()
    page.get_by_role("link", name="Undo these decisions…").click()
    check(page)
    page.get_by_label("Why").fill("It was no spam")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("39 messages will be shown to participants again.")).to_be_visible()
    expect(page.get_by_text("1 case: a text was changed since")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Undo 39 decisions").click()
    expect(page.get_by_text("39 decisions undone")).to_be_visible()
    expect(page.get_by_text("1 case: a text was changed since")).to_be_visible()
    assert Message.objects.filter(hidden=False).count() == 39
    page.get_by_role("link", name="Restore these decisions…").click()
    page.get_by_label("Why").fill("It was after all")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Restore 39 decisions").click()
    expect(page.get_by_text("39 decisions restored")).to_be_visible()
    assert Message.objects.filter(hidden=True).count() == 40


def test_two_of_three_by_keyboard_alone(open_page: OpenPage, lena: Any) -> None:
    cases = many_reports(spam(), 3)
    page = open_page(WIDE)
    sign_in(page, lena)
    page.goto(QUEUE)
    for case in cases[:2]:
        page.get_by_label(f"Select case {case.pk}").focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Decide selected…").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.locator("input[name=label]").first.focus()
    page.keyboard.press("Space")
    page.locator("input[name=action]").first.focus()
    page.keyboard.press("Space")
    page.get_by_label("Note for colleagues").focus()
    page.keyboard.type("A wave")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Decide 2 cases").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("2 cases decided")).to_be_visible()
    assert Case.objects.get(state="open") == cases[2]
    assert set(Decision.objects.values_list("note", flat=True)) == {"A wave"}


def test_authors_are_warned_and_confirm(open_page: OpenPage, lena: Any) -> None:
    many_reports(spam(), 3)
    page = open_page(WIDE)
    sign_in(page, lena)
    page.goto(QUEUE)
    page.get_by_role("link", name="Decide all that match…").click()
    page.locator("label.choice").get_by_text("Spam").click()
    page.get_by_text("Hide what is reported").click()
    page.get_by_label("Warn the authors of what is reported").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Write why: whom you warn reads it.")).to_be_visible()
    check(page)
    page.get_by_label("Text for the authors").fill("This was spam.")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("3 authors warned")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Decide 3 cases").click()
    expect(page.get_by_text("3 cases decided")).to_be_visible()
    other = open_page(WIDE)
    sign_in(other, get_user_model().objects.get(username="sender-0"))
    other.goto("/messages/")
    expect(other.get_by_text("This was spam.")).to_be_visible()
    other.get_by_role("button", name="I have read this").click()
    expect(other.get_by_text("This was spam.")).to_have_count(0)
    page.get_by_role("link", name="Undo these decisions…").click()
    page.get_by_label("Why").fill("It was no spam")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("sender-0 confirmed the warning already: it stays read.")).to_be_visible()
    expect(page.get_by_text("The warnings of sender-1, sender-2 go from their pages.")).to_be_visible()
    check(page)


def test_pages_of_groups(page: Page, lena: Any) -> None:
    cases = many_reports(spam(), 3)
    group = decided_together(cases[:2], lena, spam(), sent="This was spam.", note="A wave")
    sign_in(page, lena)
    page.goto(QUEUE)
    check_in_each_look(page, WIDTHS)
    page.goto(f"{QUEUE}decide-many/")
    check_in_each_look(page, WIDTHS)
    click_in_each_look(page, page.get_by_role("button", name="Preview"), WIDTHS)
    expect(page.get_by_text("Choose a decision.")).to_be_visible()
    check_in_each_look(page, WIDTHS)
    page.goto("/console/moderation/decisiongroup/")
    expect(page.get_by_role("link", name="Decide 2 cases")).to_be_visible()
    check_in_each_look(page, WIDTHS)
    page.goto(f"/console/moderation/decisiongroup/{group.pk}/change/")
    check_in_each_look(page, WIDTHS)
