"""A Lead removes words in a real browser: by selecting them, and by typing them without JavaScript."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import LOOKS, NARROW, WIDE, OpenPage, check, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts import roles
from ops.moderation import flagging
from ops.moderation.models import Case, Label, Severity, Source
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SECRET = "555-1234"
LEFT = "Call me on [part removed] tonight"


@pytest.fixture
def desk(transactional_db: Any) -> Case:
    """Alice's number, which Bob reported and answered."""
    roles.set_up()
    alice, bob = make_user("alice"), make_user("bob")
    label = Label.objects.create(
        name="Personal data", slug="personal", severity=Severity.NORMAL, wording="It is private"
    )
    message = write(alice, bob, f"Call me on {SECRET} tonight")
    answer(message, "Never")
    return flagging.flag(message, label=label, by=bob, source=Source.PARTICIPANT).case


def opened(open_page: OpenPage, case: Case, width: int, scheme: Any = "light", *, javascript: bool = True) -> Page:
    """The page of the case, which Lena has claimed, with the form where she removes words."""
    page = open_page(width, scheme, javascript)
    sign_in(page, make_staff("lena"))
    page.goto(f"/console/moderation/case/{case.pk}/change/")
    for step in (page.get_by_role("button", name="Claim case"), page.get_by_text("Remove words from a message")):
        if width == NARROW:
            page.locator(".panel > summary").click()
        step.click()
    return page


def decide(page: Page) -> None:
    page.get_by_text("Uphold the report, hide nothing").click()
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_text("What was reported is withheld: moderators removed part of it.")).to_be_visible()
    assert SECRET not in page.content()


def shot(page: Page, name: str) -> None:
    """Take a screenshot for whoever wants to look (SCREENSHOTS names a folder)."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_what_is_selected_is_removed_and_undone(open_page: OpenPage, desk: Case, width: int, scheme: Any) -> None:
    page = opened(open_page, desk, width, scheme)
    # As with a mouse, which would have to hit the letters.
    page.evaluate(
        """words => {
            const text = document.querySelector(".case li.reported p.text");
            const start = text.firstChild.data.indexOf(words);
            getSelection().setBaseAndExtent(text.firstChild, start, text.firstChild, start + words.length);
        }""",
        SECRET,
    )
    page.get_by_role("button", name="Add the selected words").click()
    expect(page.get_by_label("Words to remove")).to_have_value(SECRET)
    check(page)
    shot(page, f"form-{width}")
    decide(page)
    check(page)
    shot(page, f"decided-{width}")
    message = Message.objects.get(content=LEFT)

    page.goto(f"/console/messaging/message/{message.pk}/change/")
    withheld = "Original withheld: moderators removed part of this message."
    expect(page.locator("#edits").get_by_text(withheld)).to_be_visible()
    check(page)
    shot(page, f"message-{width}")
    page.get_by_role("link", name="Show originals").click()
    expect(page.locator("#edits").get_by_text(SECRET)).to_be_visible()
    check(page)
    shot(page, f"originals-{width}")

    page.goto(f"/console/moderation/case/{desk.pk}/change/")
    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_text("The words that were removed from 1 message will be shown again.")).to_be_visible()
    page.get_by_label("Why").fill("Wrong one")
    page.get_by_role("button", name="Undo decision").click()
    expect(page.get_by_text("Undone: the case is open again.")).to_be_visible()
    message.refresh_from_db()
    assert (message.content, message.redaction) == (f"Call me on {SECRET} tonight", None)


def test_without_javascript_the_words_are_typed(open_page: OpenPage, desk: Case) -> None:
    page = opened(open_page, desk, WIDE, javascript=False)
    expect(page.get_by_role("button", name="Add the selected words")).to_be_hidden()
    page.get_by_label("Words to remove").fill(SECRET)
    decide(page)
    assert Message.objects.filter(content=LEFT).exists()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_participants_read_that_a_part_was_removed(open_page: OpenPage, desk: Case, width: int, scheme: Any) -> None:
    page = opened(open_page, desk, WIDE)
    page.get_by_label("Words to remove").fill(SECRET)
    decide(page)
    message = Message.objects.get(content=LEFT)
    for person in (message.sender, message.receiver):
        page = open_page(width, scheme)
        sign_in(page, person)
        page.goto(message.get_absolute_url())
        expect(page.get_by_text("part removed by moderators")).to_be_visible()
        page.get_by_text("What changed").click()
        expect(page.get_by_text("The text before is withheld")).to_be_visible()
        check(page)
        shot(page, f"participant-{person}-{width}")
