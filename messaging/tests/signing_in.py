"""Signs in on test clients without first storing an anonymous session and deleting it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.test.client import ClientMixin

_login: Any = ClientMixin._login  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def sessions_are_stored_once() -> Iterator[None]:
    """Store only the session of the signed-in user.

    To sign somebody in, Django's test client first stores an empty session, which signing in replaces: half of its
    time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientMixin, "_login", _login_at_once)
        yield


def _login_at_once(client: Client, *args: Any) -> None:
    """Sign in with a cookie that names no session, which yields a session that is not stored yet."""
    if settings.SESSION_COOKIE_NAME not in client.cookies:
        client.cookies[settings.SESSION_COOKIE_NAME] = ""
    _login(client, *args)
