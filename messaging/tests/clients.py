"""Browsers of people who signed in, as Django's test client plays them."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse


def signed_in(user: Any, **options: Any) -> Client:
    """A browser in which ``user`` signed in."""
    client = Client(**options)
    client.force_login(user)
    return client


def reading(user: Any, **options: Any) -> Client:
    """A browser in which ``user`` signed in and opened a page, so that pages are cached: it has the CSRF cookie."""
    client = signed_in(user, **options)
    client.get(reverse("messaging:compose"))
    return client
