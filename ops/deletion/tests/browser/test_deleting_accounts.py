"""Deleting accounts in a real browser, as two people of Support: requested, approved, held, cancelled, proven."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import OpenPage, check_in_each_look, click_in_each_look, open_from_menu, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts.models import User
from ops.deletion import receipts
from ops.deletion.models import DeletionRequest, Receipt
from ops.deletion.tests.deleting import approved, ask, erased
from ops.deletion.tests.screens import ask_about, make_role, make_support
from ops.jobs.tests.working import run_all_jobs

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DELETIONS = "/console/deletion/deletionrequest/"


@pytest.fixture
def sue(transactional_db: Any) -> Any:
    """Sue works in Support."""
    return make_support("sue")


@pytest.fixture
def sam(transactional_db: Any) -> Any:
    """Sam works in Support as well."""
    return make_support("sam")


@pytest.fixture
def alice(transactional_db: Any) -> Any:
    """Alice wrote to Bob, who answered; Charlie replied to Bob."""
    alice, bob, charlie = make_user("alice"), make_user("bob"), make_user("charlie")
    answer(answer(write(alice, bob)), "mine", sender=charlie, receiver=bob)
    return alice


def confirm(page: Page, person: Any) -> None:
    """Enter the password where a page asks to confirm it."""
    page.get_by_label("Your password").fill(f"{person.username}'s password")
    click_in_each_look(page, page.get_by_role("button", name="Confirm"))


def leave_and_let_workers_work(page: Page) -> None:
    """Run all jobs while the browser is idle: its requests would share the test's database connection."""
    page.goto("about:blank")
    run_all_jobs()


def test_a_deletion_is_requested_approved_and_proven_by_a_receipt(
    open_page: OpenPage, sue: Any, sam: Any, alice: Any, tmp_path: Path
) -> None:
    page = open_page()
    sign_in(page, sue)
    page.goto("/console/accounts/user/")
    page.get_by_label("Select alice").check()
    click_in_each_look(page, page.get_by_role("button", name="Request deletion of selected…"))
    confirm(page, sue)
    expect(page.get_by_role("heading", name="Request deletion of alice")).to_be_visible()
    expect(page.get_by_text("1 message sent and 1 received")).to_be_visible()
    check_in_each_look(page)
    request = page.get_by_role("button", name="Request deletion of alice")
    click_in_each_look(page, request)
    expect(page.get_by_text("Type “alice” to confirm.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Basis").select_option("The user’s request")
    page.get_by_label("Ticket").fill("SUP-17")
    page.get_by_label("Reason").fill("She wrote to us")
    page.get_by_label("Type the username “alice” to confirm").fill("alice")
    click_in_each_look(page, request)
    expect(page.get_by_text("The account is closed and signed out.")).to_be_visible()
    expect(page.get_by_text("You requested this, so someone else must approve it.")).to_be_visible()
    expect(page.get_by_role("link", name="Approve deletion…")).to_have_count(0)
    check_in_each_look(page)

    page = open_page()
    sign_in(page, sam)
    page.goto(DELETIONS)
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="alice"))
    click_in_each_look(page, page.get_by_role("link", name="Approve deletion…"))
    confirm(page, sam)
    expect(page.get_by_text("She wrote to us")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Type the username “alice” to confirm").fill("bob")
    click_in_each_look(page, page.get_by_role("button", name="Approve and erase alice"))
    expect(page.get_by_text("That is not “alice”. Nothing was changed.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Type the username “alice” to confirm").fill("alice")
    click_in_each_look(page, page.get_by_role("button", name="Approve and erase alice"))
    expect(page.get_by_text("Deletion of alice approved.")).to_be_visible()
    expect(page.get_by_role("progressbar", name="Messages worked on")).to_be_visible()
    leave_and_let_workers_work(page)

    page.goto(f"{DELETIONS}{DeletionRequest.objects.get().pk}/change/")
    expect(page.get_by_role("heading", name="Deletion of an erased account")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Open the receipt"))
    expect(page.get_by_text("genuine: digest and signature match")).to_be_visible()
    check_in_each_look(page)
    with page.expect_download() as download:
        click_in_each_look(page, page.get_by_role("link", name="Download as JSON"))
    file = tmp_path / "receipt.json"
    download.value.save_as(file)
    assert receipts.problems(json.loads(file.read_text())) == []
    click_in_each_look(page, page.get_by_role("link", name="Print or save as PDF"))
    expect(page.get_by_role("heading", name="Receipt of a deletion")).to_be_visible()
    check_in_each_look(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Back to the console")).to_be_hidden()
    assert list(Message.objects.values_list("content", flat=True)) == ["mine"]


def test_a_requester_cannot_approve_their_own_request(page: Page, sue: Any, alice: Any) -> None:
    asked = ask(alice, by=sue)
    sign_in(page, sue)
    page.goto(f"{DELETIONS}{asked.pk}/approve/")
    confirm(page, sue)
    expect(page.get_by_text("You requested this, so someone else must approve it.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Approve"))).to_have_count(0)
    check_in_each_look(page)


def test_cancelling_in_the_grace_period_reopens_the_account(
    page: Page, sue: Any, sam: Any, alice: Any, settings: Any
) -> None:
    settings.DELETION_GRACE_DAYS = 30
    asked = approved(alice, by=sue, approver=sam)
    sign_in(page, sue)
    page.goto(f"{DELETIONS}{asked.pk}/change/")
    day = timezone.localtime(timezone.now() + timedelta(days=30))
    expect(page.get_by_text(f"Approved. Runs on {day:%Y-%m-%d}")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Cancel request and reopen account…"))
    expect(page.get_by_text("alice can sign in again at once.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Reason for cancelling").fill("She changed her mind")
    click_in_each_look(page, page.get_by_role("button", name="Cancel request and reopen account"))
    expect(page.get_by_text("Cancelled. Nothing was deleted").first).to_be_visible()
    check_in_each_look(page)
    assert User.objects.get(pk=alice.pk).is_active


def test_a_hold_stops_an_approved_deletion_until_it_is_lifted(page: Page, sue: Any, sam: Any, alice: Any) -> None:
    lena = make_role("lena", "Lead")
    asked = ask(alice, by=sue)
    sign_in(page, lena)
    page.goto(f"{DELETIONS}{asked.pk}/change/")
    click_in_each_look(page, page.get_by_role("link", name="Place hold…"))
    confirm(page, lena)
    check_in_each_look(page)
    page.get_by_label("Reason for hold").fill("The case of the blue bicycle")
    click_in_each_look(page, page.get_by_role("button", name="Place hold on alice"))
    expect(
        page.get_by_text("Awaiting approval by a second person, and on hold until the hold is lifted.")
    ).to_be_visible()
    expect(page.get_by_text("The case of the blue bicycle")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Approve deletion…"))
    expect(page.get_by_text("It will not run while a hold is open.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Type the username “alice” to confirm").fill("alice")
    click_in_each_look(page, page.get_by_role("button", name="Approve and erase alice"))
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert run_all_jobs() == []
    click_in_each_look(page, page.get_by_role("link", name="Lift hold…"))
    expect(page.get_by_text("A deletion of this account is approved.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Reason for lifting").fill("Settled")
    click_in_each_look(page, page.get_by_role("button", name="Lift hold"))
    expect(page.get_by_text("Hold lifted.")).to_be_visible()
    check_in_each_look(page)


def test_several_accounts_are_deleted_as_one_group(page: Page, sue: Any, sam: Any, alice: Any) -> None:
    people = [alice, *(make_user(f"person {number}") for number in range(3))]
    sign_in(page, sue)
    page.goto(ask_about(*people, sue))
    confirm(page, sue)
    expect(page.get_by_text("This is your own account. Ask a colleague to request its deletion.")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Continue with the other 4 accounts"))
    check_in_each_look(page)
    page.get_by_role("radio", name=re.compile("Anonymise, blank the texts")).check()
    page.get_by_label("Basis").select_option("Test data")
    page.get_by_label("Reason").fill("Left over from the load test")
    page.get_by_label("Type “delete 4 accounts” to confirm").fill("delete 4 accounts")
    click_in_each_look(page, page.get_by_role("button", name="Request deletion of 4 accounts"))
    expect(page.get_by_text("0 of 4 finished, 4 awaiting approval")).to_be_visible()
    check_in_each_look(page)

    address = page.url
    sign_in(page, sam)
    page.goto(address)
    click_in_each_look(page, page.get_by_role("link", name="Approve all 4…"))
    confirm(page, sam)
    check_in_each_look(page)
    page.get_by_label("Type “delete 4 accounts” to confirm").fill("delete 4 accounts")
    click_in_each_look(page, page.get_by_role("button", name="Approve and anonymise 4 accounts"))
    expect(page.get_by_text("Deletion of 4 accounts approved.")).to_be_visible()
    leave_and_let_workers_work(page)
    page.goto(address)
    expect(page.get_by_text("4 of 4 finished")).to_be_visible()
    expect(page.get_by_text("✓ anonymised")).to_have_count(4)
    check_in_each_look(page)


def test_an_erased_name_is_looked_up_and_released(page: Page, sue: Any, sam: Any, alice: Any) -> None:
    erased(alice, by=sue, approver=sam)
    rosa = make_user("rosa", is_staff=True, is_superuser=True)
    sign_in(page, rosa)
    page.goto("/console/")
    open_from_menu(page, "People", "Look up an erased account")
    expect(page.get_by_label("Username or e-mail address")).to_be_focused()
    check_in_each_look(page)
    page.get_by_label("Username or e-mail address").fill("alice")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Erased: alice")).to_be_visible()
    expect(page.get_by_role("link", name=str(Receipt.objects.get().pk))).to_be_visible()
    assert "alice" not in page.url
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Release…"))
    confirm(page, rosa)
    check_in_each_look(page)
    page.get_by_label("Reason for releasing").fill("She is back")
    click_in_each_look(page, page.get_by_role("button", name="Release the username"))
    expect(page.get_by_text("Released. It can be used again, by imports too.")).to_be_visible()


def test_a_deletion_is_approved_by_keyboard_alone(page: Page, sue: Any, sam: Any, alice: Any) -> None:
    ask(alice, by=sue)
    sign_in(page, sam)
    page.goto(DELETIONS)
    page.get_by_role("link", name="alice").focus()
    page.keyboard.press("Enter")
    approve = page.get_by_role("link", name="Approve deletion…")
    approve.focus()
    assert approve.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type("sam's password")
    page.keyboard.press("Enter")
    page.get_by_label("Type the username “alice” to confirm").focus()
    page.keyboard.type("alice")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Deletion of alice approved.")).to_be_visible()


def test_the_progress_is_shown_without_javascript(open_page: OpenPage, sue: Any, sam: Any, alice: Any) -> None:
    asked = approved(alice, by=sue, approver=sam)
    page = open_page(javascript=False)
    sign_in(page, sam)
    page.goto(f"{DELETIONS}{asked.pk}/change/")
    expect(page.get_by_role("progressbar", name="Messages worked on")).to_be_visible()
    run_all_jobs()
    page.reload()
    expect(page.get_by_role("link", name="Open the receipt")).to_be_visible()


def test_participants_are_told_when_their_account_is_deleted(page: Page, alice: Any, settings: Any) -> None:
    settings.DELETION_GRACE_DAYS, settings.DELETION_MODE = 30, "anonymise"
    sign_in(page, alice)
    page.goto("/messages/")
    click_in_each_look(page, page.get_by_role("link", name="Delete my account"))
    expect(page.get_by_text("Until then you can get it back: write to support.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Password").fill("alice's password")
    click_in_each_look(page, page.get_by_role("button", name="Delete my account for good"))
    expect(page.get_by_role("heading", name="Goodbye")).to_be_visible()
    expect(page.get_by_text("Your account is closed.")).to_be_visible()
    check_in_each_look(page)


def test_the_focus_is_visible_on_the_buttons_of_a_users_page(page: Page, sue: Any, alice: Any) -> None:
    sign_in(page, sue)
    page.goto(f"/console/accounts/user/{alice.pk}/change/")
    seen = {}
    for _ in range(40):
        page.keyboard.press("Tab")
        look = "one => [one.value ?? one.innerText, getComputedStyle(one).outlineStyle]"
        name, outline = page.locator(":focus").evaluate(look) if page.locator(":focus").count() else ("", "")
        seen[name] = outline
    assert {seen["Save"], seen["Save and continue editing"], seen["Request deletion…"]} == {"solid"}
