"""Refusals, sign-outs and password prompts in a real browser: each is explained and leads back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import check, check_in_each_look, click_in_each_look, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from messaging.tests.windows import watch_of
from ops.accounts.tests.ending import let_pass
from ops.conftest import make_staff
from ops.deletion.models import DeletionRequest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def sue(transactional_db: Any) -> Any:
    """Sue supports users, and may delete accounts."""
    return make_staff("sue", "view_user", "delete_user")


def fill_in(page: Page, username: str, password: str, button: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    click_in_each_look(page, page.get_by_role("button", name=button))


def fill_in_request(page: Page) -> None:
    """Request the deletion of Bob's account."""
    page.get_by_label("Basis").select_option("The user’s request")
    page.get_by_label("Reason").fill("He wrote to us")
    page.get_by_label("Type the username “bob” to confirm").fill("bob")
    click_in_each_look(page, page.get_by_role("button", name="Request deletion of bob"))


@pytest.mark.parametrize(("address", "button"), [("/sign-in/", "Sign in"), ("/console/login/", "Sign in")])
def test_too_many_failed_sign_ins_show_when_to_try_again(page: Page, sue: Any, address: str, button: str) -> None:
    page.goto(address)
    for _ in range(5):
        fill_in(page, "sue", "guess", button)
    expect(page.get_by_text(re.compile(r"Too many tries failed\. Try again in 15 minutes, at"))).to_be_visible()
    check_in_each_look(page)
    fill_in(page, "sue", "sue's password", button)
    expect(page.get_by_text("Too many tries failed.")).to_be_visible()


def test_staff_come_back_to_where_they_were(page: Page, sue: Any) -> None:
    sign_in(page, sue)
    page.goto("/console/accounts/user/")
    let_pass(30)
    page.goto("/console/accounts/user/?active=yes")
    expect(page.get_by_text("You were signed out after 30 minutes without activity.")).to_be_visible()
    check_in_each_look(page)
    fill_in(page, "sue", "sue's password", "Sign in")
    expect(page).to_have_url(re.compile(r"/console/accounts/user/\?active=yes$"))


def test_a_participant_learns_that_a_late_answer_was_not_sent(page: Page, transactional_db: Any) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    message = write(bob, alice, "Are you there?")
    sign_in(page, alice)
    page.goto(f"/messages/{message.conversation_id}/")
    page.get_by_label("Your reply").fill("Yes!")
    let_pass(30)
    click_in_each_look(page, page.get_by_role("button", name="Send reply"))
    expect(page.get_by_text("What you sent was not passed on, but is kept for an hour")).to_be_visible()
    check_in_each_look(page)
    assert not Message.objects.filter(content="Yes!").exists()
    fill_in(page, "alice", "alice's password", "Sign in")
    expect(page).to_have_url(re.compile(rf"/messages/{message.conversation_id}/$"))


def test_deleting_asks_for_the_password(page: Page, sue: Any) -> None:
    bob = make_user("bob")
    sign_in(page, sue)
    page.goto(f"/console/accounts/user/delete/?id={bob.pk}")
    expect(page.get_by_role("heading", name="Confirm your password")).to_be_visible()
    expect(page.get_by_label("Your password")).to_be_focused()
    check_in_each_look(page)
    page.keyboard.type("guess")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Wrong password.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Your password").fill("sue's password")
    click_in_each_look(page, page.get_by_role("button", name="Confirm"))
    expect(page.get_by_role("heading", name="Request deletion of bob")).to_be_visible()
    let_pass(15)
    fill_in_request(page)
    expect(page.get_by_text("Nothing was saved: you confirmed your password more than 15 minutes ago.")).to_be_visible()
    assert not DeletionRequest.objects.exists()
    check_in_each_look(page)
    page.get_by_label("Your password").fill("sue's password")
    click_in_each_look(page, page.get_by_role("button", name="Confirm"))
    fill_in_request(page)
    expect(page.get_by_text("Deletion of bob requested.")).to_be_visible()


def test_an_account_without_a_password_is_told_what_to_do(page: Page, sue: Any) -> None:
    sue.set_unusable_password()
    sue.save()
    sign_in(page, sue)
    page.goto("/confirm/")
    expect(page.get_by_text("Your account has no password")).to_be_visible()
    check(page)


def test_a_script_within_a_page_is_not_run(page: Page, sue: Any) -> None:
    sign_in(page, sue)
    page.goto("/console/")
    page.evaluate(
        "() => { const script = document.createElement('script');"
        " script.textContent = 'document.title = \"taken over\"'; document.body.append(script); }"
    )
    assert page.title() != "taken over"
    watch = watch_of(page)
    assert [fault for fault in watch.faults if "Content Security Policy" in fault]
    watch.faults.clear()
