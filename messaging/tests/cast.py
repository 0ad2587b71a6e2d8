"""Fixtures for the tests of all apps, imported by conftest files: fast password hashing and a small cast of people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.cache import caches
from django.test import override_settings

# One query on each participant page if an app shows participants the measures of moderators.
ABOUT_STANDING = 1 if getattr(settings, "MESSAGING_STANDING", "") else 0


@pytest.fixture(scope="session", autouse=True)
def fast_passwords() -> Iterator[None]:
    """Hash passwords quickly, including those of people shared by all tests of a class or module."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def empty_caches() -> None:
    """Clear the caches, so that no test sees what another one cached."""
    for cache in caches.all(initialized_only=True):
        cache.clear()


def make_user(username: str, **fields: Any) -> Any:
    """Create a person as ``create_user`` does, but without looking up earlier owners of the name: two thirds of its
    time."""
    user = get_user_model()(username=username, password=make_password(f"{username}'s password"), **fields)
    user.save(force_insert=True)
    return user


@pytest.fixture
def alice(db: Any) -> Any:
    """Alice writes to Bob."""
    return make_user("alice")


@pytest.fixture
def bob(db: Any) -> Any:
    """Bob answers Alice."""
    return make_user("bob")


@pytest.fixture
def charlie(db: Any) -> Any:
    """Charlie is the outsider: he takes no part in the conversations of Alice and Bob unless a test includes him."""
    return make_user("charlie")
