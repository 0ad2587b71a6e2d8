"""The review desk in a real browser: queue, case, deciding by keyboard alone, two reviewers on one case, undo."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import (
    LOOKS,
    NARROW,
    WIDE,
    WIDTHS,
    OpenPage,
    check,
    check_in_each_look,
    click_in_each_look,
    expect_status,
    sign_in,
    wear,
)
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts import roles
from ops.jobs.tests.waiting import until
from ops.moderation import claims, flagging
from ops.moderation.models import CannedReason, Case, Claim, Decision, Label, Source
from ops.moderation.tests.desk import decided
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUEUE = "/console/moderation/case/"


@pytest.fixture
def desk(transactional_db: Any) -> Case:
    """The case of a message reported twice and then edited, in a conversation of twenty; and a case of one message."""
    roles.set_up()
    call_command("load_labels", verbosity=0)
    alice, bob, charlie = (make_user(name) for name in ("alice", "bob", "charlie"))
    last = write(alice, bob, "Is the bicycle still there?")
    for number in range(1, 20):
        last = answer(last, "I know where you live" if number == 10 else f"Line {number} of our talk", minute=number)
    reported = Message.objects.get(content="I know where you live")
    label, other = Label.objects.get(slug="threat"), Label.objects.get(slug="harassment")
    case = flagging.flag(
        reported, label=label, by=reported.receiver, source=Source.PARTICIPANT, note="Please look"
    ).case
    flagging.flag(reported, label=other, by=charlie, source=Source.PARTICIPANT)
    reported.content = "I know where you work"
    reported.save()
    spam = write(charlie, bob, "Buy cheap watches")
    flagging.flag(spam, label=Label.objects.get(slug="spam"), by=bob, source=Source.PARTICIPANT)
    return case


@pytest.fixture
def rita(desk: Case) -> Any:
    return make_staff("rita")


def test_reported_messages_stand_in_line_and_the_outline_of_the_sheet_is_seen_whole(
    open_page: OpenPage, desk: Case, rita: Any
) -> None:
    page = open_page(NARROW)
    sign_in(page, rita)
    page.goto(f"{QUEUE}{desk.pk}/change/")
    left = "all => all.map((one) => one.getBoundingClientRect().left)"
    for look in WIDTHS:
        wear(page, *look)
        beginnings = page.locator(".case .by").evaluate_all(left)
        assert len(beginnings) > 1
        assert len(set(beginnings)) == 1
        expect(page.locator(".case li.reported")).to_have_css("margin-top", "8px")
    heading = page.locator(".panel > summary")
    heading.press("Enter")
    expect(heading).to_be_focused()
    expect(heading).to_have_css("outline-offset", "-3px")


def test_queue_case_and_decision_by_click(page: Page, desk: Case, rita: Any) -> None:
    sign_in(page, rita)
    page.goto(QUEUE)
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Open next case"))
    expect(page.get_by_role("heading", name="Case: alice and bob")).to_be_visible()
    expect(page.get_by_role("heading", name="Changed since it was reported")).to_be_visible()
    check_in_each_look(page)
    wear(page, *LOOKS[-1])
    page.locator(".panel > summary").click()
    click_in_each_look(page, page.locator("label.choice").get_by_text("Threat"))
    click_in_each_look(page, page.get_by_text("Hide the chosen messages"))
    click_in_each_look(page, page.get_by_role("button", name="Decide and open next"))
    expect(page.get_by_role("heading", name="Case: bob and charlie")).to_be_visible()
    assert Message.objects.get(content="I know where you work").hidden
    check_in_each_look(page)


def test_a_case_is_decided_by_keyboard_alone(open_page: OpenPage, desk: Case, rita: Any) -> None:
    page = open_page(WIDE)
    sign_in(page, rita)
    page.goto(f"{QUEUE}{desk.pk}/change/")
    with page.expect_navigation():
        page.keyboard.press("d")  # claims the case
    page.keyboard.press("j")
    expect(page.locator("li.reported").first).to_be_focused()
    page.keyboard.press("5")
    page.keyboard.press("d")
    page.keyboard.press("ArrowDown")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    decision = Decision.objects.get()
    assert decision.label == Label.objects.active()[4]
    assert [measure.act for measure in decision.measures.all()] == ["hide"]
    expect(page.get_by_role("heading", name="Case: bob and charlie")).to_be_visible()
    with page.expect_navigation():
        page.keyboard.press("s")
    expect(page.get_by_text("Nothing is left in the queue that you can decide now.")).to_be_visible()


def test_two_browsers_on_one_case(open_page: OpenPage, desk: Case, rita: Any) -> None:
    first = open_page(WIDE)
    sign_in(first, rita)
    first.goto(f"{QUEUE}{desk.pk}/change/")
    first.get_by_role("button", name="Claim case").click()
    first.get_by_label("Note for colleagues").fill("Mine")
    lena = make_staff("lena")
    second = open_page(WIDE)
    sign_in(second, lena)
    second.goto(f"{QUEUE}{desk.pk}/change/")
    expect(second.get_by_text("rita holds this case. You can read it.")).to_be_visible()
    second.get_by_role("button", name="Take over").click()
    expect(second.get_by_role("button", name="Decide and open next")).to_be_visible()
    assert Claim.objects.get().reviewer == lena
    first.evaluate("dispatchEvent(new Event('pageshow'))")  # sends a heartbeat
    expect(first.get_by_text("You no longer hold this case.")).to_be_visible()
    first.locator("label.choice").get_by_text("Threat").click()
    first.get_by_text("Dismiss: nothing is wrong").click()
    expect_status(409)
    first.get_by_role("button", name="Decide", exact=True).click()
    expect(first.get_by_text("lena holds this case now. What you entered is kept.")).to_be_visible()
    check(first)


def test_an_edit_after_the_decision_opens_the_case_again(open_page: OpenPage, desk: Case, rita: Any) -> None:
    message = Message.objects.get(content="I know where you work")
    decided(desk, rita, Label.objects.get(slug="threat"))
    author = open_page(WIDE)
    sign_in(author, message.sender)
    author.goto(f"/messages/message/{message.pk}/edit/")
    author.get_by_label("Text").fill("I know where you sleep")
    author.get_by_role("button", name="Save changes").click()
    expect(author.get_by_text("I know where you sleep", exact=True)).to_be_visible()
    page = open_page(WIDE)
    sign_in(page, rita)
    page.goto(QUEUE)
    expect(page.locator(".cases").get_by_text("edited since")).to_be_visible()
    page.goto(f"{QUEUE}{desk.pk}/change/")
    expect(page.locator(".decisions").get_by_text("a text that it covers was changed")).to_be_visible()
    expect(page.get_by_role("button", name="Claim case")).to_be_visible()


def test_a_canned_reason_with_an_unfilled_placeholder_is_refused(open_page: OpenPage, desk: Case, rita: Any) -> None:
    label = Label.objects.get(slug="threat")
    CannedReason.objects.create(label=label, title="Which rule", slug="which", text="You broke {rule}.")
    page = open_page(WIDE)
    sign_in(page, rita)
    page.goto(f"{QUEUE}{desk.pk}/change/")
    page.get_by_role("button", name="Claim case").click()
    page.get_by_text("Hide the chosen messages").click()
    page.get_by_text("Explain it to the author").click()
    page.get_by_label("Canned reason").select_option("which")
    expect(page.get_by_label("Text for the author")).to_have_value("You broke {rule}.")
    expect_status(400)
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_text("Fill in {rule}", exact=False)).to_be_visible()
    check(page)
    page.get_by_label("Text for the author").fill("You broke rule 3.")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_text("Decided.")).to_be_visible()
    assert Decision.objects.get().sent == "You broke rule 3."


def test_a_page_that_is_left_gives_the_case_back_soon(open_page: OpenPage, desk: Case, rita: Any) -> None:
    page = open_page(WIDE)
    sign_in(page, rita)
    page.goto(f"{QUEUE}{desk.pk}/change/")
    page.get_by_role("button", name="Claim case").click()
    expect(page.get_by_role("button", name="Decide and open next")).to_be_visible()
    page.goto(QUEUE)
    until(lambda: Claim.objects.get().expires_at < timezone.now() + claims.LEFT, "That the claim ends soon")
    page.go_back()
    until(lambda: Claim.objects.get().expires_at > timezone.now() + claims.LEFT, "That the claim is extended again")


def test_a_decision_is_undone_restored_and_undone_again(open_page: OpenPage, desk: Case, rita: Any) -> None:
    message = Message.objects.get(content="I know where you work")
    decided(desk, rita, Label.objects.get(slug="threat"), hides=[message.pk], sent="It was a threat.")
    page = open_page(NARROW)  # at this width the sheet is closed when the page loads
    sign_in(page, rita)
    page.goto(f"{QUEUE}{desk.pk}/change/")
    check_in_each_look(page, WIDTHS)
    click_in_each_look(page, page.get_by_role("link", name="Undo…"), WIDTHS)
    expect(page.get_by_text("1 message will be shown to participants again.")).to_be_visible()
    check_in_each_look(page, WIDTHS)
    expect(page.get_by_label("Why")).to_be_focused()
    page.get_by_label("Why").fill("Wrong message")
    click_in_each_look(page, page.get_by_role("button", name="Undo decision"), WIDTHS)
    expect(page.get_by_text("Undone: the case is open again.")).to_be_visible()
    assert not Message.objects.get(pk=message.pk).hidden
    check_in_each_look(page, WIDTHS)
    click_in_each_look(page, page.get_by_role("link", name="Restore…"), WIDTHS)
    expect(page.get_by_text("the reports are upheld")).to_be_visible()
    expect(page.get_by_text("1 message hidden")).to_be_visible()
    expect(page.get_by_text("It was a threat.")).to_be_visible()
    check_in_each_look(page, WIDTHS)
    page.get_by_label("Why").fill("It was the right one")
    click_in_each_look(page, page.get_by_role("button", name="Restore decision"), WIDTHS)
    expect(page.get_by_text("Restored: the case is decided as before, and closed.")).to_be_visible()
    assert Message.objects.get(pk=message.pk).hidden
    check_in_each_look(page, WIDTHS)
    click_in_each_look(page, page.get_by_role("link", name="Undo…"), WIDTHS)
    page.get_by_label("Why").fill("It was not")
    click_in_each_look(page, page.get_by_role("button", name="Undo decision"), WIDTHS)
    expect(page.get_by_text("Undone: the case is open again.")).to_be_visible()
    assert claims.claim_next(rita).case == desk  # type: ignore[union-attr]


def test_staff_report_a_message(open_page: OpenPage, desk: Case, rita: Any) -> None:
    message = Message.objects.get(content="Line 3 of our talk")
    page = open_page(NARROW)
    sign_in(page, rita)
    page.goto(f"/console/messaging/message/{message.pk}/change/")
    page.get_by_role("link", name="Report…").click()
    check(page)
    page.get_by_role("button", name="Report message").click()
    expect(page.get_by_text("Choose what the report is about.")).to_be_visible()
    check(page)
    page.locator("label.choice").get_by_text("Spam").click()
    page.get_by_role("button", name="Report message").click()
    expect(page.get_by_text("Reported: the conversation is in the queue.")).to_be_visible()
