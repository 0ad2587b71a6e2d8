"""An anonymised account stays closed: neither a form nor a query lets anybody sign in to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from messaging.tests.conversations import write
from ops.accounts.models import User
from ops.conftest import confirm
from ops.deletion.tests.deleting import erased, sam, sue
from ops.deletion.tests.screens import words

__all__ = ["sam", "sue"]


@pytest.fixture
def anonymised(sue: Any, sam: Any, alice: Any, bob: Any) -> Any:
    """Alice's account, after it was anonymised."""
    write(alice, bob)
    erased(alice, by=sue, approver=sam, mode="anonymise", texts="keep")
    alice.refresh_from_db()
    return alice


@pytest.fixture
def as_root(client: Client, rosa: Any) -> Client:
    client.force_login(rosa)
    return confirm(client, "rosa")


def test_a_superuser_cannot_reopen_an_anonymised_account(as_root: Client, anonymised: Any) -> None:
    address = reverse("admin:accounts_user_change", args=[anonymised.pk])
    response = as_root.get(address)
    page = words(response)
    assert "✕ anonymised" in page
    assert "This account was anonymised: nobody can sign in to it." in page
    # Nothing that the receipt shows as well: it would connect the receipt with the account's id.
    assert not {"joined", "sent", "weeks"} & set(page.split("Conversations")[0].lower().split())
    assert (
        "Save" not in page
        and "Password:" not in page
        and anonymised.password not in as_root.get(address).content.decode()
    )
    before = User.objects.filter(pk=anonymised.pk).values().get()
    data = {"username": "alice", "email": "alice@example.org", "is_active": "on", "is_staff": "on"}
    assert as_root.post(address, data).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[anonymised.pk])
    again = {"password1": "a new passphrase", "password2": "a new passphrase", "usable_password": "true"}
    assert as_root.get(password).status_code == 403
    assert as_root.post(password, again).status_code == 403
    assert User.objects.filter(pk=anonymised.pk).values().get() == before


def test_an_anonymised_account_can_still_be_erased(as_root: Client, anonymised: Any) -> None:
    page = as_root.get(reverse("admin:accounts_user_change", args=[anonymised.pk]))
    assert "Request deletion…" in words(page)


@pytest.mark.parametrize(
    ("field", "value"),
    [("is_active", True), ("is_staff", True), ("is_superuser", True), ("email", "a@b.org"), ("password", "pbkdf2")],
)
def test_the_database_refuses_to_reopen_an_anonymised_account(anonymised: Any, field: str, value: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=anonymised.pk).update(**{field: value})
