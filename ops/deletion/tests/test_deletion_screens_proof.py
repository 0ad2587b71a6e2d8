"""Proving erasures in the console: reading, printing and checking receipts, and looking up erased names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.deletion import erased_names, receipts
from ops.deletion.models import ErasedIdentifier, Receipt
from ops.deletion.tests.deleting import erased
from ops.deletion.tests.screens import make_role, make_support, signed_in, sue, words

__all__ = ["sue"]

LOOK_UP = reverse("admin:deletion_erased")


@pytest.fixture
def receipt(sue: Any, bob: Any) -> Receipt:
    """The receipt of Anna, whose account is erased."""
    anna = make_user("Anna", email="Anna@example.org")
    write(anna, bob, "a very rare word")
    return erased(anna, by=sue, approver=make_support("sam"))


def receipt_address(receipt: Receipt, form: str = "") -> str:
    return reverse(f"admin:deletion_receipt{form}", args=[receipt.pk])


def look_up(client: Client, name: str) -> Any:
    return client.post(LOOK_UP, {"name": name})


@pytest.mark.parametrize("form", ["", "_print"])
def test_a_receipt_shows_the_steps_and_names_no_one(sue: Any, receipt: Receipt, form: str) -> None:
    response = signed_in(sue).get(receipt_address(receipt, form))
    page = words(response)
    assert f"Receipt {receipt.pk}" in page
    assert "Ticket SUP-17" in page and "Basis The user’s request" in page
    assert f"by account {receipt.requester}" in page and f"by account {receipt.approver}" in page
    assert "Messages sent 1" in page
    assert "The account and its sign-in ✓ removed" in page
    assert receipt.signature in page and receipt.username_hash in page
    for trace in ("Anna", "anna@example.org", "rare word", "They wrote to us"):
        assert trace.lower() not in response.content.decode().lower()


def test_the_page_of_a_finished_deletion_says_that_the_reason_is_erased(sue: Any, receipt: Receipt) -> None:
    page = words(signed_in(sue).get(reverse("admin:deletion_deletionrequest_change", args=[receipt.request])))
    assert "Reason erased with the account" in page
    assert not Entry.objects.filter(reason="They wrote to us").exists()


def test_the_printed_receipt_has_no_console_navigation(sue: Any, receipt: Receipt) -> None:
    page = signed_in(sue).get(receipt_address(receipt, "_print")).content.decode()
    assert 'class="sections"' not in page and "admin-interface" not in page
    assert f"manage.py verify_receipt receipt-{receipt.pk}.json" in page


def test_a_receipt_is_checked_whenever_it_is_shown(sue: Any, receipt: Receipt) -> None:
    client = signed_in(sue)
    assert "genuine: digest and signature match" in words(client.get(receipt_address(receipt)))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE deletion_receipt SET ticket = 'SUP-18'")
    page = words(client.get(receipt_address(receipt)))
    assert "not genuine" in page
    assert "Its content was changed: the digest does not match." in page


def test_the_downloaded_receipt_is_valid(sue: Any, receipt: Receipt) -> None:
    response = signed_in(sue).get(receipt_address(receipt, "_json"))
    assert response["Content-Disposition"] == f'attachment; filename="receipt-{receipt.pk}.json"'
    assert response["Content-Type"] == "application/json"
    assert receipts.problems(json.loads(response.content)) == []


@pytest.mark.parametrize("name", ["Anna", "anna@EXAMPLE.org", " Anna "])
def test_a_name_or_an_address_finds_its_receipt(sue: Any, receipt: Receipt, name: str) -> None:
    response = look_up(signed_in(sue), name)
    page = words(response)
    assert f"Erased: {name.strip()}" in page
    assert f"Receipt {receipt.pk}" in page
    assert receipt_address(receipt) in response.content.decode()
    assert "No import and no account can use it." in page
    assert "Release…" not in page


def test_an_unknown_name_is_reported_as_not_erased(sue: Any, receipt: Receipt) -> None:
    client = signed_in(sue)
    assert "Not erased here: hanna" in words(look_up(client, "hanna"))
    assert "Erased: anna" in words(look_up(client, "anna"))  # it reads like Anna
    assert "Enter the username or e-mail address to look up." in words(look_up(client, ""))


def test_a_look_up_is_recorded_without_the_name(sue: Any, receipt: Receipt) -> None:
    look_up(signed_in(sue), "Anna")
    entry = Entry.objects.get(event=Event.SEARCH_MADE)
    assert (entry.actor, entry.target_type, entry.target_label) == (sue, "deletion.erasedidentifier", "")
    assert "Anna" not in str(list(Entry.objects.values()))


def test_a_superuser_releases_a_name_with_a_reason(rosa: Any, receipt: Receipt) -> None:
    client = signed_in(rosa)
    known = ErasedIdentifier.objects.get(kind="username")
    lift = reverse("admin:deletion_erasedidentifier_lift", args=[known.pk])
    assert lift in look_up(client, "Anna").content.decode()
    assert "Release the username of an erased account" in words(client.get(lift))
    assert "Enter why it is released." in words(client.post(lift, {"reason": ""}))
    page = words(client.post(lift, {"reason": "She is back"}, follow=True))
    assert "Released. It can be used again, by imports too." in page
    assert erased_names.erased(["Anna"]) == {}
    page = words(look_up(client, "Anna"))
    assert "Released on" in page and "She is back" in page
    assert "This name has already been released." in words(client.post(lift, {"reason": "Again"}))


def test_only_superusers_can_release_a_name(sue: Any, receipt: Receipt) -> None:
    known = ErasedIdentifier.objects.get(kind="username")
    lift = reverse("admin:deletion_erasedidentifier_lift", args=[known.pk])
    for person in (sue, make_role("lena", "Lead"), make_role("otto", "Auditor")):
        client = signed_in(person)
        assert (client.get(lift).status_code, client.post(lift, {"reason": "x"}).status_code) == (403, 403)
