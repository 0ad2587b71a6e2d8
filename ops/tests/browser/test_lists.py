"""Lists in a real browser: sorting, more filters with suggested names, marked results, the participants of a row."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import (
    LOOKS,
    NARROW,
    OpenPage,
    check,
    check_in_each_look,
    click_in_each_look,
    in_each_look,
    open_filters,
    sign_in,
    wear,
)
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.conftest import READING, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/console/messaging/conversation/"


@pytest.fixture
def rita(transactional_db: Any) -> Any:
    """Seven people are in one conversation, one of them with a very long name; two are in another."""
    alice, bob, long = make_user("alice"), make_user("bob"), make_user("w" * 150)
    first = write(alice, bob, "Shall we all meet?", minute=1)
    answer(first, f"{'Well, let me think. ' * 20}At the lighthouse?", minute=2)
    for minute, name in enumerate(("charlie", "dora", "emil", "fritz"), start=3):
        answer(first, "Fine with me", sender=make_user(name), receiver=alice, minute=minute)
    answer(first, "me too", sender=long, receiver=alice, minute=8)
    write(long, alice, "x" * 2_000, minute=9)
    return make_staff("rita", *READING, "view_user", "delete_user", "export_messages")


def write_name(page: Page, label: str, name: str) -> None:
    """Write a name and wait for its suggestions: a look-up is recorded, and the test's database has one writer."""
    with page.expect_response(f"**/people/?q={name}"):
        page.get_by_label(label, exact=True).fill(name)


def words(page: Page) -> list[str]:
    return page.locator("#result_list tbody .words").all_inner_texts()


def test_from_all_conversations_to_the_match(page: Page, rita: Any) -> None:
    sign_in(page, rita)
    page.goto(LIST)
    click_in_each_look(page, page.get_by_text("All participants"))
    expect(page.locator(".others").get_by_text("fritz")).to_be_visible()
    check_in_each_look(page)
    assert words(page)[0].startswith("xxx")
    wear(page, *LOOKS[-1])  # where the filters are behind a button
    open_filters(page)
    click_in_each_look(page, page.get_by_role("navigation", name="Sort by").get_by_role("link", name="Oldest first"))
    expect(page.locator("#result_list tbody .words").first).to_contain_text("Shall we all meet?")
    expect(page.locator("#result_list tbody .latest").first).to_contain_text("me too")

    open_filters(page)
    click_in_each_look(page, page.get_by_text("More filters"))
    check_in_each_look(page)
    field = page.get_by_label("Participant", exact=True)
    write_name(page, "Participant", "al")
    expect(page.locator("datalist#person-names option")).to_have_count(1)
    field.fill("alicee")  # all names that begin with "al" are loaded already
    click_in_each_look(page, page.get_by_role("button", name="Filter", exact=True))
    expect(page.get_by_text("No participant is called “alicee”. Check the spelling.")).to_be_visible()
    open_filters(page)
    expect(field).to_have_value("alicee")
    check_in_each_look(page)
    write_name(page, "Participant", "alice")
    write_name(page, "And participant", "bob")
    click_in_each_look(page, page.get_by_role("button", name="Filter", exact=True))
    expect(page.get_by_role("status")).to_contain_text("1 conversation")
    expect(page.get_by_role("status")).to_contain_text("And participant: bob")
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Clear filters"))
    expect(page.get_by_role("status")).to_contain_text("2 conversations")

    page.get_by_label("Search conversations").fill("lighthouse")
    click_in_each_look(page, page.get_by_role("button", name="Search"))
    expect(page.locator("mark")).to_have_text("lighthouse")
    check_in_each_look(page)
    click_in_each_look(page, page.locator("#result_list tbody th a"))
    expect(page.locator("article.marked mark")).to_be_in_viewport()


def test_actions_on_selected_rows_stay_in_view(page: Page, rita: Any) -> None:
    sign_in(page, rita)
    page.goto("/console/accounts/user/")
    for _ in in_each_look(page):
        check(page)
        page.get_by_role("checkbox", name="Select bob").check()
        expect(page.get_by_role("button", name="Request deletion of selected…")).to_be_in_viewport(ratio=1)
        check(page)
        page.get_by_role("checkbox", name="Select bob").uncheck()


def test_a_narrow_row_without_chips_leaves_no_gap_for_them(open_page: OpenPage, rita: Any) -> None:
    Message.objects.update(read=True)
    page = open_page(NARROW)
    sign_in(page, rita)
    page.goto("/console/messaging/message/")
    row = page.locator("#result_list tbody tr").first
    texts, replies = (row.locator(part).bounding_box() for part in (".words", "[data-name=replies]"))
    assert texts and replies
    assert round(texts["x"]) == round(replies["x"])


def test_without_scripts_names_are_written_out(open_page: OpenPage, rita: Any) -> None:
    page = open_page(javascript=False)
    sign_in(page, rita)
    page.goto(LIST)
    page.get_by_text("More filters").click()
    page.get_by_label("Participant", exact=True).fill("charlie")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Participant: charlie")
    expect(page.get_by_role("status")).to_contain_text("1 conversation")
