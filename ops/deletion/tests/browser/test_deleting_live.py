"""A deletion by a real worker, watched in a real browser: its progress and its end appear without a reload."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import START, write
from ops.deletion import requests
from ops.deletion.tests.screens import make_support
from ops.jobs.tests.browser.conftest import _live_server_helper, live_server, place
from ops.jobs.tests.installations import Installation
from ops.jobs.tests.killing import databases

__all__ = ["_live_server_helper", "databases", "live_server", "place"]

pytestmark = pytest.mark.browser

MANY = 60_000  # messages: some seconds of work


def prepare() -> str:
    """Request Alice's deletion as Sue; return the address of its page. Runs in the installation's own process."""
    alice, bob, sue = make_user("alice"), make_user("bob"), make_support("sue")
    make_support("sam")
    first = write(alice, bob)
    people = {"conversation": first.conversation, "sender": alice, "receiver": bob}
    times = (START + timedelta(seconds=number) for number in range(1, MANY))
    Message.objects.bulk_create((Message(**people, content="hello", timestamp=at) for at in times), batch_size=5_000)
    group = requests.request_deletion([alice], by=sue, reason="She wrote to us", basis="user_request")
    return f"/console/deletion/deletionrequest/{group.requests.get().pk}/"


def sign_in(page: Page) -> None:
    page.goto("/console/login/")
    page.get_by_label("Username").fill("sam")
    page.get_by_label("Password").fill("sam's password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console/")


def test_progress_and_receipt_appear_without_a_manual_reload(place: Installation, page: Page) -> None:
    address = place.call(f"{__name__}.prepare")
    sign_in(page)
    page.goto(f"{address}approve/")
    page.get_by_label("Your password").fill("sam's password")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("60,000 messages sent")).to_be_visible()
    page.get_by_label("Type the username “alice” to confirm").fill("alice")
    page.get_by_role("button", name="Approve and erase alice").click()
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    with place.going("work", "--processes", "1"):
        expect(page.get_by_text("of 60,000 messages")).to_be_visible(timeout=30_000)
        expect(page.get_by_role("link", name="Open the receipt")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("heading", name="Deletion of an erased account")).to_be_visible()
