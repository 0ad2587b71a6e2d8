"""Django test clients of signed-in people."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse


def signed_in(user: Any, **options: Any) -> Client:
    """Return a client in which ``user`` has signed in."""
    client = Client(**options)
    client.force_login(user)
    return client


def reading(user: Any, **options: Any) -> Client:
    """Return a client in which ``user`` has signed in and opened a page: with the CSRF cookie, its pages are cached."""
    client = signed_in(user, **options)
    client.get(reverse("messaging:compose"))
    return client
