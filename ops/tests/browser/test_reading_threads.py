"""Reading a conversation in a real browser: at both widths, by keyboard, without scripts, with hostile content."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import (
    NARROW,
    OpenPage,
    check,
    check_in_each_look,
    click_in_each_look,
    in_each_look,
    sign_in,
)
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.conftest import READING, make_staff
from ops.tests.irc import store_conversation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE_NAME = "W" * 75 + "\u0627" * 75


@pytest.fixture
def otto(transactional_db: Any) -> Any:
    """Otto reads conversations and sees who else has read them."""
    return make_staff("otto", *READING, "view_entry", "view_hold")


@pytest.fixture
def hostile(transactional_db: Any) -> Message:
    """Store names and texts that could break the page."""
    alice, long = make_user("alice"), make_user(HOSTILE_NAME)
    first = write(alice, long, "Have a look at https://example.org/" + "a" * 300)
    texts = [
        "x" * 200_000,
        "word " * 10_000,
        "<script>alert(1)</script><b>bold</b>",
        "pay to \u202etxt.exe\u202c now\u200b\u200b",
        "Z\u0301\u0302\u0303\u0304" * 60,
        "مرحبا بالعالم " * 10,
        "\n".join("line" for _ in range(100)),
    ]
    message = first
    for number, text in enumerate(texts):
        message = answer(message, text, minute=number + 1)
    branch = answer(first, "Another branch", minute=30)
    answer(branch, "of it", minute=31)
    branch.content = "Another branch, edited"
    branch.save()
    return first


def open_conversation(page: Page, message: Any, query: str = "") -> None:
    page.goto(f"/console/messaging/conversation/{message.conversation_id}/change/{query}")


def test_hostile_names_and_texts_break_nothing(page: Page, otto: Any, hostile: Message) -> None:
    sign_in(page, otto)
    open_conversation(page, hostile)
    expect(page.get_by_role("article")).to_have_count(10)
    check_in_each_look(page)
    for summary in page.locator(".thread summary").all():
        summary.click()
    for width in in_each_look(page):
        if width == NARROW:
            page.get_by_text("About this conversation").click()
            page.locator(".who > summary").click()
        check(page)


def test_a_real_thread_of_117_messages_is_read_in_five_screens(page: Page, otto: Any) -> None:
    """Its bar stays in view and shows the position."""
    conversation = store_conversation(117)
    sign_in(page, otto)
    page.goto(f"/console/messaging/conversation/{conversation.pk}/change/")
    expect(page.get_by_role("article")).to_have_count(117)
    height, screen = page.evaluate("[document.documentElement.scrollHeight, window.innerHeight]")
    assert height <= 5 * screen
    heights = page.evaluate(
        """[...document.querySelectorAll("article.begins")]
           .filter((one) => one.querySelector(".text").clientHeight <= 24 && !one.querySelector(".edit-log"))
           .map((one) => one.getBoundingClientRect().height)"""
    )
    assert heights
    assert max(heights) <= 40
    bar = page.locator(".thread-bar")
    for _ in in_each_look(page):
        page.get_by_role("article").last.scroll_into_view_if_needed()
        expect(bar).to_be_in_viewport()
        expect(bar).to_contain_text("of 117")
        expect(bar.locator(".here")).to_be_visible()
        check(page)
        page.locator(".answers").last.click()
        box, of_bar = page.locator(":target article").bounding_box(), bar.bounding_box()
        assert box is not None
        assert of_bar is not None
        assert box["y"] >= of_bar["y"] + of_bar["height"] - 1  # not hidden behind the bar


@pytest.mark.parametrize("javascript", [True, False])
def test_people_finding_and_the_panel_work_with_and_without_scripts(
    open_page: OpenPage, otto: Any, hostile: Message, javascript: bool
) -> None:
    """On a narrow screen, people and the panel are collapsed; on a wide one, they are beside the thread."""
    page = open_page(NARROW, javascript=javascript)
    sign_in(page, otto)
    open_conversation(page, hostile)
    page.locator(".who > summary").click()
    page.get_by_role("searchbox", name="Find in this conversation").fill("branch")
    click_in_each_look(page, page.get_by_role("button", name="Find", exact=True))
    expect(page.get_by_role("status").filter(has_text="1 message of this conversation with “branch”")).to_be_visible()
    expect(page.locator("mark").first).to_have_text("branch")
    click_in_each_look(page, page.get_by_role("link", name="Clear"))
    page.locator(".who > summary").click()
    click_in_each_look(page, page.locator(".shares a").filter(has_text="alice"))
    expect(page.get_by_text("Only messages from alice: 5 of 10.")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(5)
    click_in_each_look(page, page.get_by_role("link", name="Show all"))
    page.get_by_text("About this conversation").click()
    for _ in in_each_look(page):
        expect(page.get_by_role("region", name="Facts")).to_contain_text(str(hostile.conversation_id))
        expect(page.get_by_role("region", name="Who read this")).to_contain_text("otto")
    worth = page.get_by_role("region", name="Worth a look")
    click_in_each_look(page, worth.get_by_role("link", name="#1", exact=True))
    expect(page.locator(f"#m{hostile.pk}")).to_be_in_viewport()


def test_actions_appear_for_the_mouse_and_for_the_keyboard(page: Page, otto: Any, hostile: Message) -> None:
    sign_in(page, otto)
    open_conversation(page, hostile)
    places = page.locator(f"#m{hostile.pk} .places")
    expect(places).to_have_css("opacity", "0")
    page.locator(f"#m{hostile.pk} article").hover()
    expect(places).to_have_css("opacity", "1")
    page.mouse.move(0, 0)
    expect(places).to_have_css("opacity", "0")
    places.get_by_role("link").first.focus()
    expect(places).to_have_css("opacity", "1")


def test_on_paper_everything_is_unfolded_and_says_who_printed_it(page: Page, otto: Any, hostile: Message) -> None:
    sign_in(page, otto)
    open_conversation(page, hostile)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.get_by_text(f"Conversation {hostile.conversation_id}, 10 messages. Printed by otto on")).to_be_visible()
    expect(page.locator(".thread-bar")).to_be_hidden()
    expect(page.locator(".panel")).to_be_hidden()
    assert page.locator(".thread details:not([open])").count() == 0
    assert page.pdf()[:5] == b"%PDF-"
