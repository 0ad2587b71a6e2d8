"""The head of a person's page for each role: one prominent button, holds, and deletion last."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.tests.conversations import write
from ops.accounts.events import AccountEvent
from ops.audit.models import Entry
from ops.audit.recording import record
from ops.deletion import approval, holds
from ops.deletion.models import DeletionRequest, Hold
from ops.deletion.tests.deleting import ask, work_on
from ops.deletion.tests.screens import words
from ops.tests.asking import make_staff, signed_in

OPEN, PLACE, DELETE = "Open conversations", "Place hold…", "Request deletion…"
EXPORT, REQUEST_EXPORT, ACTIVITY = "Export this person’s data", "Request data export…", "Activity log"


def page(client: Client, person: Any) -> Any:
    return client.get(f"/console/accounts/user/{person.pk}/", follow=True)


def chips(response: Any) -> list[str]:
    return [chip.words for chip in response.context["page"].about.chips]


@pytest.mark.parametrize(
    ("who", "primary", "others"),
    [
        ("rita", OPEN, []),
        ("lena", OPEN, [PLACE]),
        ("sue", REQUEST_EXPORT, [PLACE, DELETE]),
        ("dan", OPEN, []),
        ("otto", ACTIVITY, []),
        ("rosa", OPEN, [ACTIVITY, EXPORT, PLACE, DELETE]),
    ],
)
def test_one_button_stands_out_and_the_dangerous_one_is_last(
    who: str, primary: str, others: list[str], alice: Any, bob: Any
) -> None:
    write(alice, bob)
    record(AccountEvent.PERSON_READ, actor=None, target=alice)
    about = page(signed_in(who), alice).context["page"].about
    assert (about.primary.words, [act.words for act in about.others]) == (primary, others)
    assert [act.words for act in about.others if act.dangerous] == [one for one in others if one == DELETE]


def test_a_lead_places_a_hold_from_here_and_comes_back(alice: Any, bob: Any) -> None:
    write(alice, bob)
    lena = signed_in("lena")
    lena.post(reverse("confirm"), {"password": "lena's password"})
    (place,) = [act for act in page(lena, alice).context["page"].about.acts if act.words == PLACE]
    data = {"kind": "legal", "reason": "The case of the blue bicycle"}
    response = lena.post(place.address, data, follow=True)
    assert response.redirect_chain == [(reverse("admin:accounts_user_conversations", args=[alice.pk]), 302)]
    text = words(response)
    assert "‖ on hold" in text and "The case of the blue bicycle Lift hold…" in text
    assert "Place another hold…" in text
    assert Hold.objects.open().of(alice.pk).count() == 1


@pytest.mark.parametrize(
    ("who", "is_named", "reason"),
    [("rita", False, False), ("dan", False, False), ("lena", True, True), ("sue", True, True), ("otto", True, True)],
)
def test_holds_and_deletions_are_for_those_who_may_see_them(
    who: str, is_named: bool, reason: bool, alice: Any, bob: Any
) -> None:
    client = signed_in(who)
    write(alice, bob)
    holds.place(alice, kind="legal", reason="The case of the blue bicycle", by=make_staff("hanna"))
    ask(alice, by=make_staff("rosa"))
    response = page(client, alice)
    assert [one for one in chips(response) if one in ("to be deleted", "on hold")] == (
        ["to be deleted", "on hold"] if is_named else []
    )
    assert ("blue bicycle" in response.content.decode()) is reason
    assert DELETE not in response.content.decode()


def test_an_anonymised_person_is_called_so(alice: Any, bob: Any) -> None:
    write(alice, bob)
    rosa = make_staff("rosa")
    asked = ask(alice, by=make_staff("sue"), mode="anonymise")
    approval.approve(asked, by=rosa)
    work_on(DeletionRequest.objects.get(pk=asked.pk))
    response = page(signed_in("rita"), alice)
    assert chips(response) == ["anonymised"]
    assert "What others can read of it stays under this name." in words(response)


def test_a_name_leads_to_the_page_that_the_role_may_open(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    thread = reverse("admin:messaging_conversation_change", args=[message.conversation_id])
    for who in ("rita", "rosa"):
        found = signed_in(who).get(thread).content.decode()
        assert f'href="{reverse("admin:accounts_user_conversations", args=[alice.pk])}"' in found
    users = reverse("admin:accounts_user_changelist")
    account = reverse("admin:accounts_user_change", args=[alice.pk])
    assert f'href="{account}"' in signed_in("sue").get(users).content.decode()


def test_the_account_page_shows_plain_words_and_no_password_hash(alice: Any) -> None:
    rosa = signed_in("rosa")
    rosa.post(reverse("confirm"), {"password": "rosa's password"})
    at = reverse("admin:accounts_user_change", args=[alice.pk])
    shown = rosa.get(at).content.decode()
    for phrase in (
        "Access",
        "Dates",
        "Roles",
        "Can do everything.",
        "Up to 150 characters, case-sensitive.",
        "Reset password",
    ):
        assert phrase in shown
    for unsaid in ("algorithm", "Raw passwords", "Designates", "The groups this user belongs to", "May do", "Since"):
        assert unsaid not in shown
    text = words(signed_in("sue").get(at))
    assert "Roles: none" in text and "Last sign-in: never" in text
    assert "Password" not in text.partition("Access")[2]


@pytest.mark.parametrize(
    ("who", "name", "queries"), [("lena", "conversations", 18), ("sue", "change", 17), ("otto", "log", 15)]
)
def test_the_page_takes_a_limited_number_of_queries(
    who: str, name: str, queries: int, alice: Any, bob: Any, django_assert_max_num_queries: Any
) -> None:
    client, at = signed_in(who), reverse(f"admin:accounts_user_{name}", args=[alice.pk])
    for number in range(3):
        write(alice, bob, minute=number)
        holds.place(alice, kind="legal", reason="Case 4", by=None)
    client.get(at)
    with django_assert_max_num_queries(queries):
        client.get(at)


def test_an_entry_about_a_person_leads_to_their_page(alice: Any) -> None:
    page(signed_in("sue"), alice)
    entry = Entry.objects.about("accounts.user", alice.pk).get()
    at = reverse("admin:audit_entry_change", args=[entry.pk])
    log = reverse("admin:accounts_user_log", args=[alice.pk])
    assert f'href="{log}"' in signed_in("otto").get(at).content.decode()
    alice.delete()
    assert f'href="{log}"' not in signed_in("otto").get(at).content.decode()


@pytest.mark.parametrize("number", ["99999999999999999999", "9" * 40])
@pytest.mark.parametrize("tab", ["conversations/", "messages/", "edits/", "between/1/"])
def test_an_unknown_number_is_not_found(client: Client, rita: Any, number: str, tab: str) -> None:
    client.force_login(rita)
    assert client.get(f"/console/accounts/user/{number}/{tab}").status_code == 404
    assert client.get(f"/console/accounts/user/1/between/{number}/").status_code == 404
