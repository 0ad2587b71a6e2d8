from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import alice, bob, charlie, empty_caches, make_user
from ops import caches as redis_caches
from ops.console.frame import counting
from ops.tests.refusing import plain_refusals, refusals_as_made

__all__ = ["alice", "bob", "charlie", "empty_caches", "plain_refusals", "refusals_as_made"]

# So long that Redis counts as down only in tests that simulate that, however busy the machine is.
redis_caches.SOCKET_SECONDS = 10.0

READING = ("view_conversation", "view_message", "view_messagehistory", "view_notification")


@receiver(setting_changed)
def no_query_of_other_settings_is_kept(**_: Any) -> None:
    """Drop the cached query that counts pending work when settings change, which decide what it counts."""
    # Other tests share it, because compiling it takes as long as the first page of a test.
    counting.forget()


@pytest.fixture(autouse=True)
def the_theme_is_read_once() -> None:
    """Keep the theme cached for a whole test, however slow the machine: tests count the queries of warm pages."""
    caches["admin_interface"].default_timeout = 3600


def make_staff(username: str, *codenames: str) -> Any:
    """Return a staff user with just these permissions, granted without an audit entry."""
    user = make_user(username, is_staff=True)
    held: Any = type(user).user_permissions.through
    keys = Permission.objects.filter(codename__in=codenames).order_by().values_list("pk", flat=True)
    held._default_manager.bulk_create(held(user_id=user.pk, permission_id=key) for key in keys)
    return user


def confirm(client: Client, username: str) -> Client:
    """Confirm the password of the signed-in user; return the client."""
    client.post(reverse("confirm"), {"password": f"{username}'s password"})
    return client


@pytest.fixture
def rita(db: Any) -> Any:
    """Rita reviews: she may read conversations and messages, and change nothing."""
    return make_staff("rita", *READING)


@pytest.fixture
def reviewing(client: Client, rita: Any) -> Client:
    """The browser of Rita, who is signed in."""
    client.force_login(rita)
    return client


@pytest.fixture
def nils(db: Any) -> Any:
    """Nils is staff without any permission."""
    return make_staff("nils")


@pytest.fixture
def rosa(db: Any) -> Any:
    """Rosa is the superuser."""
    return make_user("rosa", is_staff=True, is_superuser=True)
