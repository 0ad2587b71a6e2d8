"""Shorthand for tests of the pages about deletions."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import make_user
from ops.accounts.tests.with_roles import make_roles
from ops.deletion.models import DeletionRequest

ASK = reverse("admin:accounts_user_delete_many")


def make_role(username: str, role: str) -> Any:
    """Return a staff user with a role of the console."""
    make_roles()
    person = make_user(username, is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    return person


def make_support(username: str) -> Any:
    return make_role(username, "Support")


def signed_in(user: Any) -> Client:
    """Return the browser of a staff user who has just confirmed their password."""
    client = Client()
    client.force_login(user)
    client.post(reverse("confirm"), {"password": f"{user.username}'s password"})
    return client


@pytest.fixture
def sue(db: Any) -> Any:
    """Sue works in Support, and requests deletions."""
    return make_support("sue")


@pytest.fixture
def sam(db: Any) -> Any:
    """Sam works in Support as well."""
    return make_support("sam")


def page_of(asked: DeletionRequest) -> str:
    """Return the address of a deletion's page."""
    return reverse("admin:deletion_deletionrequest_change", args=[asked.pk])


def ask_about(*users: Any) -> str:
    """Return the address of the page that requests the deletion of these accounts."""
    return f"{ASK}?" + "&".join(f"id={user.pk}" for user in users)


def filled_in(typed: str, **fields: str) -> dict[str, str]:
    """Return the fields that are sent from that page."""
    return {"way": "erase", "basis": "user_request", "reason": "They wrote to us", "typed": typed, **fields}


def words(response: Any) -> str:
    """Return the text of a page as people read it, without markup."""
    within_lines = re.sub(r"</?(a|bdi|code|em|span|strong)\b[^>]*>", "", response.content.decode())
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", within_lines).split()))
