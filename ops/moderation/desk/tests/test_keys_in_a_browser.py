"""Every declared key does in a real browser what the list of keys says, and nothing for users who switched keys off."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import check_in_each_look, click_in_each_look, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts import roles
from ops.accounts.models import User
from ops.console.rooms import rooms
from ops.moderation import flagging
from ops.moderation.models import Case, Claim, Decision, Label, Skip, Source, State
from ops.moderation.tests.desk import decided
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THREAD, CASE = "In a thread", "On the page of a case"
Does = Callable[[Page, Case], None]


@pytest.fixture
def case(transactional_db: Any) -> Case:
    """A case with two reported messages in a conversation of three; another, less urgent case is stored too."""
    roles.set_up()
    call_command("load_labels", verbosity=0)
    alice, bob, charlie = (make_user(name) for name in ("alice", "bob", "charlie"))
    first = write(alice, bob, "I know where you live")
    second = answer(answer(first, "Who is this?"), "You know that")
    for message in (first, second):
        label = Label.objects.get(slug="threat")
        case = flagging.flag(message, label=label, by=message.receiver, source=Source.PARTICIPANT).case
    spam = write(charlie, bob, "Buy cheap watches")
    flagging.flag(spam, label=Label.objects.get(slug="spam"), by=bob, source=Source.PARTICIPANT)
    return case


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def go(page: Page, key: str) -> None:
    """Press a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def in_thread(page: Page, case: Case) -> None:
    page.goto(f"/console/messaging/conversation/{case.conversation_id}/change/")


def at_case(page: Page, case: Case, *, claim: bool = True) -> None:
    page.goto(f"/console/moderation/case/{case.pk}/change/")
    if claim:
        go(page, "d")


def walk(page: Page, places: str) -> None:
    press(page, "j")
    expect(page.locator(places).nth(0)).to_be_focused()
    press(page, "j")
    expect(page.locator(places).nth(1)).to_be_focused()
    press(page, "k")
    expect(page.locator(places).nth(0)).to_be_focused()


def walk_what_was_found(page: Page, case: Case) -> None:
    page.goto(f"/console/messaging/conversation/{case.conversation_id}/change/?find=you")
    for key, place in (("n", 1), ("n", 3), ("p", 1)):
        go(page, key)
        expect(page.locator(".found-words [aria-current]")).to_have_text(f"#{place}")


def walk_thread(page: Page, case: Case) -> None:
    in_thread(page, case)
    press(page, "f")  # does nothing: no message is chosen yet
    walk(page, ".messages > li")


def report_in_thread(page: Page, case: Case) -> None:
    press(page, "j", "j")
    go(page, "f")
    expect(page.get_by_text("Puts the message of bob to alice into the queue")).to_be_visible()


def walk_case(page: Page, case: Case) -> None:
    walk(page, "li.reported")


def report_on_case(page: Page, case: Case) -> None:
    press(page, "j")
    go(page, "f")
    expect(page.get_by_text("Puts the message of alice to bob into the queue")).to_be_visible()


def claim_and_decide(page: Page, case: Case) -> None:
    at_case(page, case)
    assert Claim.objects.get().case == case
    press(page, "d")
    expect(page.locator("#decide input[name=action]").first).to_be_focused()


def choose_labels(page: Page, case: Case) -> None:
    for number in range(1, 10):
        press(page, str(number))
        expect(page.locator("#decide input[name=label]").nth(number - 1)).to_be_checked()


def decide(page: Page) -> None:
    """Fill in the form by keyboard: uphold with the second label, and explain it with a canned reason."""
    press(page, "2")
    press(page, "d", "ArrowDown", "ArrowDown")
    page.locator("details.explain summary").click()
    page.get_by_label("Canned reason").select_option(index=1)
    page.get_by_label("Text for the author").fill("It was that.")
    page.locator("#decide input[name=action]:checked").focus()


def send(page: Page, case: Case) -> None:
    at_case(page, case)
    press(page, ".")  # does nothing: there is no decision to repeat yet
    decide(page)
    go(page, "Enter")
    assert Decision.objects.get().case == case
    expect(page.get_by_role("heading", name="Case: bob and charlie")).to_be_visible()


def repeat(page: Page, case: Case) -> None:
    """Repeat on the next case what ``send`` decided on the previous one; this fills in the form."""
    press(page, ".")
    expect(page.locator("#decide input[name=label]").nth(1)).to_be_checked()
    expect(page.locator("#decide input[name=action]").nth(2)).to_be_checked()
    expect(page.get_by_label("Canned reason")).to_have_js_property("selectedIndex", 1)
    assert Decision.objects.count() == 1
    expect(page.locator("#decide input[name=action]:checked")).to_be_focused()


def escalate(page: Page, case: Case) -> None:
    at_case(page, case)
    go(page, "e")
    case.refresh_from_db()
    assert case.state == State.ESCALATED


def wait(page: Page, case: Case) -> None:
    press(page, "w")
    expect(page.get_by_label("Wait for")).to_be_focused()


def skip(page: Page, case: Case) -> None:
    at_case(page, case)
    go(page, "s")
    assert Skip.objects.get().case == case


def next_and_back(page: Page, case: Case) -> None:
    decided(case, User.objects.get(username="rita"), Label.objects.get(slug="threat"))
    at_case(page, case, claim=False)
    go(page, "n")
    expect(page.get_by_role("heading", name="Case: bob and charlie")).to_be_visible()
    go(page, "p")
    expect(page.get_by_role("heading", name="Case: alice and bob")).to_be_visible()


def whole(page: Page, case: Case) -> None:
    at_case(page, case, claim=False)
    go(page, "h")
    assert f"/messaging/conversation/{case.conversation_id}/" in page.url


def rest(page: Page, case: Case) -> None:
    message = Message.objects.filter(conversation=case.conversation_id).latest("pk")
    for _ in range(8):
        message = answer(message, "And more")
    at_case(page, case)
    expect(page.locator(".case .messages > li[id]")).to_have_count(8)  # up to the last reported one, and five after it
    go(page, "o")
    expect(page.locator(".case .messages > li[id]")).to_have_count(11)


def open_covered(page: Page, case: Case) -> None:
    Label.objects.filter(slug="threat").update(hard_to_read=True)
    at_case(page, case, claim=False)
    press(page, "j")
    covered = page.locator("li.reported").first.locator("details.covered")
    for is_open in (True, False):
        press(page, "v")
        assert covered.evaluate("(one) => one.open") is is_open


def choose_measures(page: Page, case: Case) -> None:
    press(page, "m")
    expect(page.locator("details[data-key=m] input:not([type=hidden])").first).to_be_focused()


def add_note(page: Page, case: Case) -> None:
    press(page, "a")
    expect(page.locator("details.add-note textarea").first).to_be_focused()


def undo(page: Page, case: Case) -> None:
    go(page, "u")
    expect(page.get_by_role("button", name="Undo decision")).to_be_visible()
    page.get_by_label("Why").fill("Too fast")
    page.get_by_role("button", name="Undo decision").click()
    go(page, "u")
    expect(page.get_by_role("button", name="Restore decision")).to_be_visible()


# Each key of a walk starts on the page where the one before it ended, so that few pages are loaded.
WALKS: dict[str, dict[tuple[str, str], Does]] = {
    "through a thread": {
        (THREAD, "j k"): walk_thread,
        (THREAD, "f"): report_in_thread,
        (THREAD, "n p"): walk_what_was_found,
    },
    "on a claimed case": {
        (CASE, "d"): claim_and_decide,
        (CASE, "j k"): walk_case,
        (CASE, "1 2 3 4 5 6 7 8 9"): choose_labels,
        (CASE, "w"): wait,
        (CASE, "m"): choose_measures,
        (CASE, "a"): add_note,
        (CASE, "f"): report_on_case,
        (CASE, "h"): whole,
    },
    "decided twice alike": {(CASE, "Enter"): send, (CASE, "."): repeat},
    "past a case": {(CASE, "s"): skip, (CASE, "e"): escalate},
    "to a decided case": {(CASE, "n p"): next_and_back, (CASE, "u"): undo},
    "to what is not shown": {(CASE, "o"): rest, (CASE, "v"): open_covered},
}


def test_every_declared_key_is_tested() -> None:
    declared = [(keys.where, names) for room in rooms() for keys in room.keys for names in keys.does]
    assert sorted(declared) == sorted(keys for walk in WALKS.values() for keys in walk)


@pytest.mark.parametrize("walk", WALKS)
def test_each_key_performs_its_declared_action(page: Page, case: Case, walk: str) -> None:
    sign_in(page, make_staff("rita"))
    for does in WALKS[walk].values():
        does(page, case)
        page.evaluate("document.activeElement.blur()")  # a focused field would take the keys as letters


def test_the_list_of_keys_switches_them_off(page: Page, case: Case) -> None:
    sign_in(page, make_staff("rita"))
    page.goto("/console/")
    go(page, "?")
    for where in (THREAD, CASE):
        expect(page.locator("caption").get_by_text(where).first).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Switch single keys off"))
    expect(page.get_by_text("Single keys are switched off. Ctrl+K still leads to the jump box.")).to_be_visible()
    check_in_each_look(page)
    at_case(page, case, claim=False)
    press(page, "d", "j", "f", "?", "/")
    assert page.url.endswith(f"/case/{case.pk}/change/")
    assert not Claim.objects.exists()
    expect(page.locator("li.reported").first).not_to_be_focused()
    in_thread(page, case)
    press(page, "j", "f")
    assert re.search(r"/conversation/\d+/change/$", page.url)
    press(page, "Control+k")
    expect(page.get_by_label("Jump to a number, name, address or page")).to_be_focused()
    page.goto("/console/keyboard/")
    click_in_each_look(page, page.get_by_role("button", name="Switch single keys on"))
    expect(page.get_by_text("Single keys are switched on.")).to_be_visible()
    assert User.objects.get(username="rita").keys_off is False
