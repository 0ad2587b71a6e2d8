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
    """Somebody with a role of the console."""
    make_roles()
    person = make_user(username, is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    return person


def make_support(username: str) -> Any:
    return make_role(username, "Support")


def signed_in(user: Any) -> Client:
    """A browser of a member of staff, in which they have just confirmed that it is they."""
    client = Client()
    client.force_login(user)
    client.post(reverse("confirm"), {"password": f"{user.username}'s password"})
    return client


@pytest.fixture
def sue(db: Any) -> Any:
    """Sue is of Support, and asks for deletions."""
    return make_support("sue")


@pytest.fixture
def sam(db: Any) -> Any:
    """Sam is of Support as well."""
    return make_support("sam")


def page_of(asked: DeletionRequest) -> str:
    """The page of a deletion."""
    return reverse("admin:deletion_deletionrequest_change", args=[asked.pk])


def ask_about(*users: Any) -> str:
    """The page that asks how and why before these accounts are to be deleted."""
    return f"{ASK}?" + "&".join(f"id={user.pk}" for user in users)


def filled_in(typed: str, **fields: str) -> dict[str, str]:
    """What that page is sent with."""
    return {"way": "erase", "basis": "user_request", "reason": "They wrote to us", "typed": typed, **fields}


def words(response: Any) -> str:
    """What people read on a page, without markup."""
    within_lines = re.sub(r"</?(a|bdi|code|em|span|strong)\b[^>]*>", "", response.content.decode())
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", within_lines).split()))
