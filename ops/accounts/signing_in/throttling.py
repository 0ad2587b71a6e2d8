"""Throttling of failed sign-ins.

Within 15 minutes an address may fail a few times for one account, and more often for all accounts together. Then it is
refused, whatever the password, until the oldest of those failures is 15 minutes old; refused attempts do not count.
Other addresses are not affected, and it makes no difference whether the account exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from ops.accounts.models import FailedSignIn
from ops.audit.context import facts_of
from ops.audit.recording import record_refused_sign_in

PERIOD = timedelta(minutes=15)
MOST_PER_ACCOUNT = 5  # failures of one address for one account
MOST_PER_ADDRESS = 50  # failures of one address for all accounts: an office may share one
# An attribute of the request: the attempt was counted, was counted as the last before a lock-out, or was refused.
ATTEMPT = "sign_in_attempt"
CONFIRMING = "confirming"  # an attribute of the request: the signed-in user who confirms their password
COUNTED, LAST, REFUSED = "counted", "last", "refused"


class ThrottlingBackend:
    """The first authentication backend, so that every password check passes it.

    It authenticates nobody itself. It has no asynchronous methods, so that an asynchronous sign-in fails instead of
    bypassing it.
    """

    def authenticate(self, request: HttpRequest | None, username: str | None = None, **_: Any) -> None:
        """Count this attempt, and refuse it after too many; the next backend checks the password."""
        if request is not None and username is not None and not _claim(request, username):
            setattr(request, ATTEMPT, REFUSED)
            raise PermissionDenied


def record_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Receive ``user_login_failed``: record each failure and lock-out in the audit trail, but not refused attempts."""
    attempt = getattr(request, ATTEMPT, "")
    if attempt != REFUSED:
        confirming = getattr(request, CONFIRMING, None)
        record_refused_sign_in(credentials.get("username") or "", locks_out=attempt == LAST, confirming=confirming)


def send_failure(request: HttpRequest | None, username: str) -> None:
    """Send ``user_login_failed`` for a right password whose user is refused anyway."""
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)


def _claim(request: HttpRequest, username: str) -> bool:
    """Count an attempt as failed before its password is checked; return False, uncounted, after too many.

    Counted first, and outside a transaction, so that a hundred simultaneous attempts see each other.
    """
    now = timezone.now()
    forget_old()
    own = FailedSignIn.objects.create(at=now, account=_account(username), address=_address(request))
    others = _failures(own.address, FailedSignIn.objects.exclude(pk=own.pk), now)
    if _free_again(others, own.account) is None:
        locks_out = _free_again([(now, own.account), *others], own.account)
        setattr(request, ATTEMPT, LAST if locks_out else COUNTED)
        return True
    own.delete()
    return False


def delete_failures(request: HttpRequest, username: str) -> None:
    """Delete the failures of this address for this account, after the right password."""
    FailedSignIn.objects.filter(account=_account(username), address=_address(request)).delete()


def forget(username: str) -> int:
    """Delete all failures for this account; return how many."""
    return FailedSignIn.objects.filter(account=_account(username)).delete()[0]


def forget_old() -> None:
    """Delete the failures that no longer count."""
    FailedSignIn.objects.filter(at__lte=timezone.now() - PERIOD).delete()


def refused_until(request: HttpRequest, username: str) -> datetime | None:
    """Return until when this address is locked out of this account, or None."""
    return _free_again(_failures(_address(request), FailedSignIn.objects.all(), timezone.now()), _account(username))


def sentence(until: datetime) -> str:
    """Return the sentence for a user locked out ``until`` a time, rounded up to the minute."""
    minutes = max(1, ceil((until - timezone.now()).total_seconds() / 60))
    clock = timezone.localtime(until + timedelta(seconds=59))
    words = ngettext(
        "Too many tries failed. Try again in %(number)s minute, at %(time)s (%(zone)s).",
        "Too many tries failed. Try again in %(number)s minutes, at %(time)s (%(zone)s).",
        minutes,
    )
    return numbered(words, minutes, time=f"{clock:%H:%M}", zone=f"{clock:%Z}")


def _failures(address: str, failures: QuerySet[FailedSignIn], now: datetime) -> list[tuple[datetime, str]]:
    """Return the newest MOST_PER_ADDRESS failures of an address within PERIOD as (time, account), newest first."""
    recent = failures.filter(address=address, at__gt=now - PERIOD).order_by("-at").values_list("at", "account")
    return list(recent[:MOST_PER_ADDRESS])


def _free_again(failures: Sequence[tuple[datetime, str]], account: str) -> datetime | None:
    """Return until when the address of these ``failures`` (newest first) is locked out of the account, or None."""
    here = _free_at([at for at, _ in failures], MOST_PER_ADDRESS)
    there = _free_at([at for at, whose in failures if whose == account], MOST_PER_ACCOUNT)
    return max((time for time in (here, there) if time), default=None)


def _free_at(times: Sequence[datetime], most: int) -> datetime | None:
    """Return when fewer than ``most`` of ``times`` (newest first) will be within PERIOD, or None if they are now."""
    return times[most - 1] + PERIOD if len(times) >= most else None


def _account(username: str) -> str:
    """Return a keyed digest of the text typed as username: people type passwords into the wrong field."""
    return salted_hmac("ops.accounts.throttling.account", username, algorithm="sha256").hexdigest()


def _address(request: HttpRequest) -> str:
    """Return a keyed digest of the client's network."""
    return salted_hmac("ops.accounts.throttling.address", client_network(request), algorithm="sha256").hexdigest()


def client_network(request: HttpRequest) -> str:
    """Return the client's IPv4 address, or its IPv6 /64 network; "" without an address (a socket).

    All clients without an address count as one.
    """
    ip = facts_of(request).ip
    address = ip_address(ip) if ip else None
    if not isinstance(address, IPv6Address):
        return ip
    return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False))
