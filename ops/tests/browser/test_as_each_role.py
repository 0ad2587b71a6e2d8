"""Each role in a real browser: what it is offered, what is refused with an explanation, and the audit entries."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import NARROW, WIDTHS, check, check_in_each_look, expect_status, in_each_look
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.accounts import roles
from ops.audit.models import Entry

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REVIEW = ["Review", "Conversations", "Queue", "Decisions", "Reports", "Messages", "Edits", "Review dashboard"]
POLICY = ["Settings", "Labels", "Canned reasons"]
DELETIONS = ["Deletions", "Holds", "Look up an erased account", "Deleted accounts"]
# Role: its menu, an address that it may open, one that it may not, and the entries that these leave.
ROLES: dict[str, tuple[list[str], str, str, list[str]]] = {
    "Reviewer": ([*REVIEW, *POLICY], "messaging/conversation/{key}/change/", "accounts/user/", ["conversation.read"]),
    "Lead": (
        [
            *REVIEW[:4],
            "Group decisions",
            *REVIEW[4:],
            "Team dashboard",
            "People",
            *DELETIONS,
            "Accounts dashboard",
            "Data",
            "Exports",
            "Jobs",
            "Data dashboard",
            "Audit",
            *POLICY,
            "Team views",
        ],
        "messaging/message/{message}/change/",
        "audit/entry/",
        ["message.read"],
    ),
    "Support": (
        ["People", "Users", *DELETIONS, "Accounts dashboard", "Data", "Exports", "Jobs"],
        "accounts/user/{alice}/change/",
        "messaging/conversation/{key}/change/",
        ["person.read"],
    ),
    "Data operator": (
        [
            "Review",
            "Conversations",
            "Messages",
            "Data",
            "Imports",
            "Imports of reports",
            "Exports",
            "Jobs",
            "Data dashboard",
        ],
        "messaging/conversation/{key}/change/",
        "accounts/user/",
        ["conversation.read"],
    ),
    "Auditor": (
        [
            "People",
            *DELETIONS,
            "Data",
            "Audit",
            "Audit trail",
            "Openings without a report",
            "Verification",
            "Oversight dashboard",
            *POLICY,
        ],
        "audit/entry/",
        "messaging/conversation/",
        ["audit.read"],
    ),
}


@pytest.fixture
def message(transactional_db: Any) -> Message:
    return write(make_user("alice"), make_user("bob"), "between the two of us")


def sign_in_by_form(page: Page, username: str) -> None:
    page.goto("/console/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(f"{username}'s password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_offered_what_it_may_use_and_leaves_entries(page: Page, message: Message, role: str) -> None:
    offered, allowed, refused, left = ROLES[role]
    roles.set_up()
    person = make_user("robin", is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    names = {"key": message.conversation_id, "message": message.pk, "alice": message.sender_id}

    sign_in_by_form(page, "robin")
    menu = page.get_by_role("navigation", name="Main").locator("a")
    for width in in_each_look(page, WIDTHS):
        if width == NARROW:
            page.get_by_text("Menu", exact=True).click()
        expect(menu).to_have_text(offered)
        places = [link.bounding_box() for link in menu.all() if link.is_visible()]
        assert places and all(place and place["x"] + place["width"] <= width for place in places), "outside the window"
        check(page)

    page.goto(f"/console/{allowed.format(**names)}")
    expect(page.get_by_role("main")).to_be_visible()
    check_in_each_look(page, WIDTHS)

    expect_status(403)
    page.goto(f"/console/{refused.format(**names)}")
    for _ in in_each_look(page, WIDTHS):
        expect(page.get_by_text("Your role does not allow this.")).to_be_visible()
    assert "between the two of us" not in page.content()

    entries = Entry.objects.filter(actor=person).exclude(event__startswith="session.").order_by("pk")
    assert list(entries.values_list("event", "actor_name", "actor_role")) == [(one, "robin", role) for one in left]
    assert Entry.objects.filter(actor=person, event="session.signed_in").count() == 1
