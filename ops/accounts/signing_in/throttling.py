"""Throttling of failed sign-ins.

In any quarter of an hour an address may fail a few times at one account, and more often at all accounts together. Then
it is refused, whatever the password, until the oldest of those failures is a quarter of an hour old; refused tries do
not count. Whoever is elsewhere is not in the way of it, and whether there is such an account makes no difference.
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
# What became of an attempt, as an attribute of its request: counted, counted as the last before a lock-out, or refused.
ATTEMPT = "sign_in_attempt"
CONFIRMING = "confirming"  # an attribute of its request: who is signed in, and types their password once more
COUNTED, LAST, REFUSED = "counted", "last", "refused"


class ThrottlingBackend:
    """The first authentication backend, so that every password check passes it.

    It lets nobody in by itself. It has no asynchronous half, so that an asynchronous road fails instead of passing by.
    """

    def authenticate(self, request: HttpRequest | None, username: str | None = None, **_: Any) -> None:
        """Count this attempt, and refuse it after too many; the next backend checks the password."""
        if request is not None and username is not None and not _claim(request, username):
            setattr(request, ATTEMPT, REFUSED)
            raise PermissionDenied


def record_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """A receiver of ``user_login_failed``: the audit trail has each failure and lock-out, but not each refused try."""
    attempt = getattr(request, ATTEMPT, "")
    if attempt != REFUSED:
        confirming = getattr(request, CONFIRMING, None)
        record_refused_sign_in(credentials.get("username") or "", locks_out=attempt == LAST, confirming=confirming)


def fail(request: HttpRequest | None, username: str) -> None:
    """Tell the receivers of ``user_login_failed``: the password was right, and whoever typed it is refused anyway."""
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)


def _claim(request: HttpRequest, username: str) -> bool:
    """Count an attempt as failed before its password is checked; False, uncounted, after too many.

    Before, and outside a transaction: a hundred tries at once see each other, instead of all counting the same past.
    """
    now = timezone.now()
    FailedSignIn.objects.filter(at__lte=now - PERIOD).delete()
    own = FailedSignIn.objects.create(at=now, account=_account(username), address=_address(request))
    others = _failures(own.address, FailedSignIn.objects.exclude(pk=own.pk), now)
    if _free_again(others, own.account) is None:
        locks_out = _free_again([(now, own.account), *others], own.account)
        setattr(request, ATTEMPT, LAST if locks_out else COUNTED)
        return True
    own.delete()
    return False


def forgive(request: HttpRequest, username: str) -> None:
    """Delete the failures of this address for this account, after the right password."""
    FailedSignIn.objects.filter(account=_account(username), address=_address(request)).delete()


def forget(username: str) -> int:
    """Delete all failures for this account; returns how many."""
    return FailedSignIn.objects.filter(account=_account(username)).delete()[0]


def refused_until(request: HttpRequest, username: str) -> datetime | None:
    """Until when this address is locked out of this account, or None."""
    return _free_again(_failures(_address(request), FailedSignIn.objects.all(), timezone.now()), _account(username))


def sentence(until: datetime) -> str:
    """The sentence for somebody locked out ``until`` then, rounded up to the minute."""
    minutes = max(1, ceil((until - timezone.now()).total_seconds() / 60))
    clock = timezone.localtime(until + timedelta(seconds=59))
    words = ngettext(
        "Too many tries failed. Try again in %(number)s minute, at %(time)s (%(zone)s).",
        "Too many tries failed. Try again in %(number)s minutes, at %(time)s (%(zone)s).",
        minutes,
    )
    return numbered(words, minutes, time=f"{clock:%H:%M}", zone=f"{clock:%Z}")


def _failures(address: str, failures: QuerySet[FailedSignIn], now: datetime) -> list[tuple[datetime, str]]:
    """When an address failed lately, and at which account, newest first; older ones do not matter."""
    recent = failures.filter(address=address, at__gt=now - PERIOD).order_by("-at").values_list("at", "account")
    return list(recent[:MOST_PER_ADDRESS])


def _free_again(failures: Sequence[tuple[datetime, str]], account: str) -> datetime | None:
    """Until when the address of these ``failures`` (newest first) is locked out of the account, or None."""
    here = _free_at([at for at, _ in failures], MOST_PER_ADDRESS)
    there = _free_at([at for at, whose in failures if whose == account], MOST_PER_ACCOUNT)
    return max((time for time in (here, there) if time), default=None)


def _free_at(times: Sequence[datetime], most: int) -> datetime | None:
    """When fewer than ``most`` of ``times`` (newest first) will be within the period, or None if that is now."""
    return times[most - 1] + PERIOD if len(times) >= most else None


def _account(username: str) -> str:
    """A keyed digest of what was typed as username: people type passwords into the wrong field."""
    return salted_hmac("ops.accounts.throttling.account", username, algorithm="sha256").hexdigest()


def _address(request: HttpRequest) -> str:
    """A keyed digest of the client's network."""
    return salted_hmac("ops.accounts.throttling.address", client_network(request), algorithm="sha256").hexdigest()


def client_network(request: HttpRequest) -> str:
    """The client's IPv4 address, or its IPv6 /64 network.

    An empty text where it is no address (a socket): then all are counted as one.
    """
    ip = facts_of(request).ip
    address = ip_address(ip) if ip else None
    if not isinstance(address, IPv6Address):
        return ip
    return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False))
