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

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ops.accounts.models import FailedSignIn
from ops.audit.context import facts_of

PERIOD = timedelta(minutes=15)
MOST_PER_ACCOUNT = 5  # failures of one address for one account
MOST_PER_ADDRESS = 50  # failures of one address for all accounts: an office may share one


class ThrottlingBackend:
    """The first authentication backend, so that every password check passes it.

    It lets nobody in by itself. It has no asynchronous half, so that an asynchronous road fails instead of passing by.
    """

    def authenticate(self, request: HttpRequest | None, username: str | None = None, **_: Any) -> None:
        """Count this attempt, and refuse it after too many; the next backend checks the password."""
        if request is not None and username is not None and not _claim(request, username):
            raise PermissionDenied


def _claim(request: HttpRequest, username: str) -> bool:
    """Count an attempt as failed before its password is checked; False, uncounted, after too many.

    Before, and outside a transaction: a hundred tries at once see each other, instead of all counting the same past.
    """
    now = timezone.now()
    FailedSignIn.objects.filter(at__lte=now - PERIOD).delete()
    own = FailedSignIn.objects.create(at=now, account=_account(username), address=_address(request))
    if _refused_until(own.address, own.account, FailedSignIn.objects.exclude(pk=own.pk), now) is None:
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
    return _refused_until(_address(request), _account(username), FailedSignIn.objects.all(), timezone.now())


def sentence(until: datetime) -> str:
    """The sentence for somebody locked out ``until`` then, rounded up to the minute."""
    minutes = max(1, ceil((until - timezone.now()).total_seconds() / 60))
    clock = timezone.localtime(until + timedelta(seconds=59))
    plural = "" if minutes == 1 else "s"
    return f"Too many tries failed. Try again in {minutes} minute{plural}, at {clock:%H:%M} ({clock:%Z})."


def _refused_until(address: str, account: str, failures: QuerySet[FailedSignIn], now: datetime) -> datetime | None:
    recent = failures.filter(address=address, at__gt=now - PERIOD).order_by("-at").values_list("at", "account")
    # Newest first. Older failures do not matter: these suffice to refuse.
    newest = list(recent[:MOST_PER_ADDRESS])
    here = _free_at([at for at, _ in newest], MOST_PER_ADDRESS)
    there = _free_at([at for at, whose in newest if whose == account], MOST_PER_ACCOUNT)
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
