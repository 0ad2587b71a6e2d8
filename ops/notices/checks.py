"""System checks that find e-mail settings that cannot work, each with its remedy."""

from __future__ import annotations

from email.utils import parseaddr
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from ops.notices.mailing import server


@register()
def email_can_be_sent(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """If e-mail is sent, check that it has a sender, an encrypted password, and links back to the console."""
    return [*_sender(), *_password(), *_links()] if server.is_on() else []


def _sender() -> list[CheckMessage]:
    try:
        validate_email(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    except ValidationError:
        message = f"The sender of e-mail is {settings.DEFAULT_FROM_EMAIL!r}, which is no address: servers refuse it."
        return [Error(message, hint="Set EMAIL_FROM to an address such as console@example.org.", id="notices.E001")]
    return []


def _password() -> list[CheckMessage]:
    smtp = settings.SMTP
    if not smtp.user or smtp.starts_tls or smtp.is_ssl or _is_local(smtp.host):
        return []
    message = f"The password for {smtp.host} is sent in the clear: smtp+plain:// encrypts nothing."
    return [Warning(message, hint="Write smtp:// or smtps:// in EMAIL_URL.", id="notices.W001")]


def _links() -> list[CheckMessage]:
    if settings.SITE_URL:
        return []
    message = "E-mail is sent without links: this console does not know its own address."
    return [Warning(message, hint="Set SITE_URL, such as https://console.example.org.", id="notices.W002")]


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
