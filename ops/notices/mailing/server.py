"""The mail server, for all e-mail from this console."""

from __future__ import annotations

from contextlib import suppress
from smtplib import SMTPAuthenticationError, SMTPConnectError, SMTPException, SMTPHeloError, SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

REFUSED_FOR_GOOD = 500  # SMTP reply codes from here on
FAILURES = (SMTPException, OSError)  # raised if the server is down or refuses
AT_CONNECTING = (SMTPConnectError, SMTPHeloError, SMTPAuthenticationError)


def is_on() -> bool:
    """Return whether e-mail is sent: by a server (EMAIL_URL) or, in development without one, to the terminal."""
    return bool(settings.SENDS_EMAIL)


def connection() -> Any:
    """Return a connection for several messages: a context manager that raises FAILURES if the server is down."""
    return get_connection()


def send(subject: str, body: str, *, to: str, over: Any) -> None:
    """Send one message ``over`` a connection, marked to prevent automatic replies. Raises FAILURES.

    A failure closes the connection, which the server may have done already: the next message opens another one.
    """
    headers = {"Auto-Submitted": "auto-generated"}
    try:
        EmailMessage(f"Threadward: {subject}", body, to=[to], connection=over, headers=headers).send()
    except FAILURES:
        with suppress(*FAILURES):
            over.close()
        raise


def is_down(error: Exception) -> bool:
    """Return whether the server cannot be reached or does not answer, so that the next message would fail too."""
    # smtplib reports a timeout as a lost connection.
    hangs = isinstance(error.__context__, TimeoutError)
    return hangs or isinstance(error, AT_CONNECTING) or not isinstance(error, SMTPException)


def is_final(error: Exception) -> bool:
    """Return whether the server refuses the address for good, so that a retry would fail too."""
    if not isinstance(error, SMTPRecipientsRefused):
        return False
    return all(code >= REFUSED_FOR_GOOD for code, _ in error.recipients.values())


def link(path: str) -> str:
    """Return the absolute URL of a page of this console, or "" if SITE_URL is not set."""
    return f"{settings.SITE_URL}{path}" if settings.SITE_URL else ""
