"""A Lead removes words in a real browser: by selecting them, and by typing them without JavaScript."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import LOOKS, OpenPage, check, click_in_each_look, in_each_look, sign_in, wear
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts import roles
from ops.moderation import flagging
from ops.moderation.measures.redacting import removing
from ops.moderation.models import Case, Label, Severity, Source
from ops.moderation.tests.desk import decided
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SECRET = "555-1234"
LEFT = "Call me on [part removed] tonight"


@pytest.fixture
def desk(transactional_db: Any) -> Case:
    """The case of a message with Alice's number, which Bob answered and reported."""
    roles.set_up()
    alice, bob = make_user("alice"), make_user("bob")
    label = Label.objects.create(
        name="Personal data", slug="personal", severity=Severity.NORMAL, wording="It is private"
    )
    message = write(alice, bob, f"Call me on {SECRET} tonight")
    answer(message, "Never")
    return flagging.flag(message, label=label, by=bob, source=Source.PARTICIPANT).case


def open_form(page: Page, case: Case) -> None:
    """Open the page of the case as Lena, claim it, and open the form that removes words."""
    sign_in(page, make_staff("lena"))
    page.goto(f"/console/moderation/case/{case.pk}/change/")
    page.get_by_role("button", name="Claim case").click()
    page.get_by_text("Remove words from a message").click()


def decide(page: Page) -> None:
    page.get_by_text("Uphold the report, hide nothing").click()
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_text("What was reported is withheld: moderators removed part of it.")).to_be_visible()
    assert SECRET not in page.content()


def check_and_shoot(page: Page, name: str) -> None:
    """Check a page in each look, with screenshots if SCREENSHOTS names a folder."""
    for width in in_each_look(page):
        check(page)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def test_selected_words_are_removed_and_restored(page: Page, desk: Case) -> None:
    open_form(page, desk)
    # Selected by script: a mouse would have to hit the letters.
    page.evaluate(
        """words => {
            const text = document.querySelector(".case li.reported p.text");
            const start = text.firstChild.data.indexOf(words);
            getSelection().setBaseAndExtent(text.firstChild, start, text.firstChild, start + words.length);
        }""",
        SECRET,
    )
    click_in_each_look(page, page.get_by_role("button", name="Add the selected words"))
    expect(page.get_by_label("Words to remove")).to_have_value(SECRET)
    check_and_shoot(page, "form")
    wear(page, *LOOKS[-1])
    decide(page)
    check_and_shoot(page, "decided")
    message = Message.objects.get(content=LEFT)

    page.goto(f"/console/messaging/message/{message.pk}/change/")
    withheld = "Original withheld: moderators removed part of this message."
    expect(page.locator("#edits").get_by_text(withheld)).to_be_visible()
    check_and_shoot(page, "message")
    click_in_each_look(page, page.get_by_role("link", name="Show originals"))
    expect(page.locator("#edits").get_by_text(SECRET)).to_be_visible()
    check_and_shoot(page, "originals")

    wear(page, *LOOKS[-1])  # in this look the sheet is closed when the page loads
    page.goto(f"/console/moderation/case/{desk.pk}/change/")
    click_in_each_look(page, page.get_by_role("link", name="Undo…"))
    expect(page.get_by_text("The words that were removed from 1 message will be shown again.")).to_be_visible()
    page.get_by_label("Why").fill("Wrong one")
    click_in_each_look(page, page.get_by_role("button", name="Undo decision"))
    expect(page.get_by_text("Undone: the case is open again.")).to_be_visible()
    message.refresh_from_db()
    assert (message.content, message.redaction) == (f"Call me on {SECRET} tonight", None)


def test_without_javascript_the_words_are_typed(open_page: OpenPage, desk: Case) -> None:
    page = open_page(javascript=False)
    open_form(page, desk)
    expect(page.get_by_role("button", name="Add the selected words")).to_be_hidden()
    page.get_by_label("Words to remove").fill(SECRET)
    decide(page)
    assert Message.objects.filter(content=LEFT).exists()


def test_participants_read_that_a_part_was_removed(open_page: OpenPage, desk: Case) -> None:
    message = Message.objects.get(content__contains=SECRET)
    order = removing([SECRET], [message.pk], using="default")
    decided(desk, make_staff("lena"), Label.objects.get(), measures=order, sent="No numbers, please")
    for name in ("sender", "receiver"):
        page = open_page()
        sign_in(page, getattr(message, name))
        page.goto(message.get_absolute_url())
        expect(page.get_by_text("part removed by moderators")).to_be_visible()
        click_in_each_look(page, page.get_by_text("What changed"))
        expect(page.get_by_text("The text before is withheld")).to_be_visible()
        check_and_shoot(page, f"participant-{name}")
