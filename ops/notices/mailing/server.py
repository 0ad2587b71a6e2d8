"""The mail server, for everything that this console sends by e-mail."""

from __future__ import annotations

from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

REFUSED_FOR_GOOD = 500  # codes from here on, of servers
FAILURES = (SMTPException, OSError)  # of sending: the server is away, or refuses


def is_on() -> bool:
    """Whether e-mail is sent at all: by a server (EMAIL_URL), or, in development without one, to the terminal."""
    return bool(settings.SENDS_EMAIL)


def connection() -> Any:
    """A connection for several messages, to be used as a context manager. Raises FAILURES where the server is away."""
    return get_connection()


def send(subject: str, body: str, *, to: str, over: Any) -> None:
    """Send one message ``over`` a connection, marked so that nothing answers by itself. Raises FAILURES."""
    headers = {"Auto-Submitted": "auto-generated"}
    EmailMessage(f"Threadward: {subject}", body, to=[to], connection=over, headers=headers).send()


def is_final(error: Exception) -> bool:
    """Whether a failure is about the address, for good: sending it again would be refused again."""
    if not isinstance(error, SMTPRecipientsRefused):
        return False
    return all(code >= REFUSED_FOR_GOOD for code, _ in error.recipients.values())


def link(path: str) -> str:
    """The whole address of a page of ours, or "" where this console does not know its own (SITE_URL)."""
    return f"{settings.SITE_URL}{path}" if settings.SITE_URL else ""
