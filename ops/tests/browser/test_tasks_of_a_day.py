"""Tasks of a day, each with no more clicks and page loads than before the frame was rebuilt.

Typing and keys are not counted, nor is confirming the password, which is required only now and then. Of the fourteen
tasks, importing a German Excel file and undoing an import are tested in ops/imports/tests/browser, and deleting an
account in ops/deletion/tests/browser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Locator, Page, expect

from messaging.models import Message
from messaging.tests.browsing import (
    LOOKS,
    WIDE,
    OpenPage,
    Scheme,
    check,
    check_in_each_look,
    click_in_each_look,
    open_filters,
    sign_in,
    wear,
)
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.tests.windows import watch_of
from ops.accounts import roles
from ops.tests.irc import store_conversation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEIGHT, SCREENS = 900, 5  # pixels of a window, and the most windows that a thread of 117 messages may fill
ZOOMED = 640  # pixels: the width of a page in a window of 1280 at 200%
JUMP = "Jump to a number, name, address or page"
MOST_TABS = 400  # presses until a control has the focus


@dataclass(frozen=True)
class Way:
    """A way to do the tasks: with the mouse in each look, or in one look by keys only or without scripts."""

    width: int = WIDE
    scheme: Scheme = "light"
    by_keys: bool = False
    scripts: bool = True

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}{'-keys' * self.by_keys}{'' if self.scripts else '-without-scripts'}"


WAYS = [Way(), Way(ZOOMED, by_keys=True), Way(scheme="dark", scripts=False)]


class Walk:
    """A page whose clicks and page loads are counted from the start of a task.

    By keys, Tab reaches every control, and keys replace the mouse. With the mouse, each control can be clicked in each
    look; a click that only a narrow screen requires is not counted.
    """

    def __init__(self, page: Page, way: Way) -> None:
        self.page, self.watch = page, watch_of(page)
        self.clicks = 0
        self.by_keys, self.scripts = way.by_keys, way.scripts
        self.by_mouse = way.scripts and not way.by_keys

    def begin(self, address: str) -> None:
        self.page.goto(address)
        self.clicks = self.watch.loads = 0

    def click(self, place: Locator) -> None:
        self.clicks += 1
        self.page.wait_for_load_state()  # as people do
        if self.by_keys:
            self._use(place)
        elif self.by_mouse:
            click_in_each_look(self.page, place)
        else:
            place.click()
        self.page.wait_for_load_state()

    def fill(self, place: Locator, words: str) -> None:
        """Type into a field."""
        if self.by_keys:
            self._reach(place)
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(words)
        else:
            place.fill(words)

    def _reach(self, place: Locator) -> None:
        """Press Tab until a control, or the checked button of its radio group, has the focus."""
        place.wait_for()
        focused = "one => { const now = document.activeElement; return now === one || one.contains(now) || "
        focused += "(one.type === 'radio' && now.type === 'radio' && now.name === one.name) }"
        for _ in range(MOST_TABS):
            if place.evaluate(focused):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {place}")

    def _use(self, place: Locator) -> None:
        self._reach(place)
        if place.get_attribute("type") != "radio":
            place.press("Enter")  # press() waits for the page that it opens
            return
        for _ in range(MOST_TABS):
            if place.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"The arrow keys do not lead to {place}")

    def follow(self, name: str | re.Pattern[str]) -> None:
        self.click(self.page.get_by_role("link", name=name).first)

    def press(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name))

    def menu(self, place: str) -> None:
        """Open a section from the menu, which is behind a button on a narrow screen."""
        menu, button = self.page.get_by_role("navigation", name="Main"), self.page.locator(".menu-button > summary")
        if self.by_mouse:
            wear(self.page, *LOOKS[-1])
            button.click()
        elif not menu.is_visible():
            self.click(button)
        self.click(menu.get_by_role("link", name=place, exact=True))

    def jump(self, words: str) -> None:
        """Jump to ``words``, using only keys."""
        if self.scripts:
            self.page.keyboard.press("/")
        else:
            self.page.get_by_label(JUMP).focus()
        with self.page.expect_navigation():
            self.page.keyboard.type(words)
            self.page.keyboard.press("Enter")

    def confirm(self, person: Any) -> None:
        """Confirm the password; neither this click nor its page counts."""
        clicks, loads = self.clicks, self.watch.loads
        self.fill(self.page.get_by_label("Password"), f"{person.get_username()}'s password")
        with self.page.expect_navigation():
            self.click(self.page.get_by_role("button", name="Confirm"))
        self.clicks, self.watch.loads = clicks, loads

    def ends(self, *, clicks: int, loads: int) -> None:
        """Check the page, and that the task took no more clicks and page loads than before."""
        if self.by_mouse:
            check_in_each_look(self.page)
        elif self.scripts:  # these checks are scripts
            check(self.page)
        if self.by_mouse:
            assert self.clicks <= clicks and self.watch.loads <= loads, (
                f"{self.clicks} clicks, {self.watch.loads} loads"
            )


@pytest.fixture
def people(transactional_db: Any) -> dict[str, Any]:
    """Create users of four roles, by the names of the roles."""
    roles.set_up()
    made = {}
    for name in ("Reviewer", "Lead", "Data operator", "Auditor"):
        made[name] = make_user(name.split()[0].lower(), is_staff=True)
        made[name].groups.add(Group.objects.get(name=name))
    return made


@pytest.fixture
def reply(people: dict[str, Any]) -> Message:
    """Bob's answer to Alice, which he edited after she had replied to it."""
    alice, bob = make_user("alice"), make_user("bob")
    first = write(alice, bob, "Is the bicycle still there?")
    reply = answer(first, "It is, for 40.", minute=1)
    answer(reply, "I take it for 40.", minute=2)
    reply.content = "It is, for 60."
    reply.save()
    return reply


@pytest.fixture
def long_thread(people: dict[str, Any]) -> int:
    """Store a conversation of 117 messages between seven people, and return its number."""
    return int(store_conversation(117).pk)


def walk_as(open_page: OpenPage, person: Any, way: Way) -> Walk:
    page = open_page(way.width, way.scheme, way.scripts)
    sign_in(page, person)
    return Walk(page, way)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_reviewers_tasks(
    open_page: OpenPage, people: dict[str, Any], reply: Message, long_thread: int, way: Way
) -> None:
    walk = Walk(open_page(way.width, way.scheme, way.scripts), way)
    page = walk.page
    # 1. First sign-in, and the first conversation that deserves attention.
    walk.begin("/")
    walk.fill(page.get_by_label("Username"), "reviewer")
    walk.fill(page.get_by_label("Password"), "reviewer's password")
    walk.press("Sign in")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    walk.follow(re.compile("1 edit after a reply"))
    walk.follow(re.compile("It is, for 40"))
    expect(page.locator("article.marked")).to_contain_text("It is, for 60.")
    walk.ends(clicks=3, loads=3)
    # 2. A thread of 117 messages.
    walk.begin("/console/")
    walk.menu("Review")
    walk.click(page.locator(f"a[href*='/conversation/{long_thread}/change/']").first)
    expect(page.get_by_role("article")).to_have_count(117)
    if walk.by_mouse:
        wear(page, *LOOKS[0])
        assert page.evaluate("document.documentElement.scrollHeight") <= SCREENS * HEIGHT
    walk.ends(clicks=2, loads=2)
    # 3. An edited message: what changed, when, by whom.
    walk.begin("/console/messaging/conversation/")
    walk.click(page.locator(f"a[href*='/conversation/{reply.conversation_id}/change/']").first)
    walk.click(page.get_by_text("Show edit"))
    expect(page.locator("del")).to_contain_text("40")
    expect(page.locator(".edits").first).to_contain_text(re.compile(r"\d\d:\d\d"))
    walk.ends(clicks=2, loads=2)
    # 4. All messages that one person has not read.
    walk.begin("/console/")
    walk.jump("alice")
    walk.follow(re.compile("1 not read by them"))
    expect(page.get_by_role("main")).to_contain_text("It is, for 60.")
    walk.ends(clicks=3, loads=3)
    # 5. Everything that two people wrote to each other.
    walk.begin("/console/")
    walk.jump("alice")
    walk.follow(re.compile("Between them"))
    expect(page.get_by_role("heading", name="Between alice and bob")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Is the bicycle still there?")
    walk.ends(clicks=4, loads=4)
    # 6. Messages with certain words.
    walk.begin("/console/messaging/message/")
    walk.fill(page.locator("main input[name=q]"), "bicycle still")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("mark")).to_contain_text(["bicycle", "still"])
    walk.ends(clicks=1, loads=1)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_leads_tasks(open_page: OpenPage, people: dict[str, Any], reply: Message, way: Way) -> None:
    lead = people["Lead"]
    walk = walk_as(open_page, lead, way)
    page = walk.page
    # 7. Correcting a text.
    walk.begin(f"/console/messaging/conversation/{reply.conversation_id}/change/")
    walk.follow("Details of message 2")
    walk.click(page.get_by_text("Edit text…"))
    walk.fill(page.get_by_label("Corrected text"), "It is, for 50.")
    walk.fill(page.get_by_label("Reason for correction"), "The price was wrong")
    walk.press("Save correction")
    expect(page.get_by_text("Text corrected.")).to_be_visible()
    walk.ends(clicks=3, loads=2)
    # 12. Placing and lifting a hold.
    walk.begin("/console/")
    walk.jump("alice")
    walk.follow("Place hold…")
    walk.confirm(lead)
    walk.fill(page.get_by_label("Reason"), "The police asked")
    walk.press("Place hold on alice")
    expect(page.get_by_text("The police asked")).to_be_visible()
    walk.follow(re.compile("Lift"))
    walk.fill(page.get_by_label("Reason"), "The case is closed")
    walk.press("Lift hold")
    expect(page.get_by_text("The case is closed")).to_have_count(0)
    walk.ends(clicks=7, loads=7)
    # 14. Monday morning: work to do, open deletions and holds, corrections.
    walk.begin("/console/")
    expect(page.get_by_role("main")).to_contain_text("2 edits after a reply")
    expect(page.get_by_role("main")).to_contain_text("1 correction made")
    expect(page.get_by_role("main")).to_contain_text("No open deletions and no open holds.")
    walk.ends(clicks=0, loads=1)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_tasks_of_a_data_operator_and_an_auditor(
    open_page: OpenPage, people: dict[str, Any], reply: Message, way: Way
) -> None:
    walk = walk_as(open_page, people["Data operator"], way)
    page = walk.page
    # 10. One person's conversations as a workbook.
    walk.begin("/console/")
    walk.jump("alice")
    walk.follow("Open conversations")
    walk.follow("Export…")
    walk.confirm(people["Data operator"])
    walk.click(page.get_by_label("Excel (XLSX)"))
    walk.fill(page.get_by_label("Reason for export"), "She asked for it")
    walk.press("Export these conversations")
    with page.expect_download():
        walk.follow("Download")
    walk.ends(clicks=8, loads=7)

    walk = walk_as(open_page, people["Auditor"], way)
    page = walk.page
    # 13. Where to verify the chain, and what a person did.
    walk.begin("/console/")
    expect(page.get_by_role("button", name="Verify now")).to_be_visible()
    walk.menu("Audit")
    open_filters(page)
    walk.fill(page.get_by_role("combobox", name="User"), "data")
    walk.press("Filter")
    expect(page.get_by_role("main")).to_contain_text("Exported")
    walk.ends(clicks=4, loads=3)
