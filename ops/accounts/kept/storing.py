"""What somebody sent too late, sealed in a row of their own for an hour.

Sealed, because people mean to send a text, or not to: one that they never sent stays unread by whoever sees the
database or a copy of it. The key follows from SECRET_KEY.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ops.accounts.signing_in.sessions import KEPT_SECONDS

KEPT_FOR = timedelta(seconds=KEPT_SECONDS)
MOST_PER_PERSON = 5  # the newest stay

Fields = dict[str, list[str]]


@dataclass(frozen=True)
class Sent:
    """One form as it was sent: the address that it went to, the ``page`` that it stood on, the values by field, and
    what its person was allowed to do then (see ``what_may``)."""

    account: str
    address: str
    page: str
    fields: Fields
    allowed: list[str]


class KeptForm(models.Model):
    """A sealed ``Sent`` of one person. Not a foreign key: it goes with the account by a step of the erasure."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    account_id = models.BigIntegerField(db_index=True)
    kept_at = models.DateTimeField(db_index=True, default=timezone.now)
    sealed = models.BinaryField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"a form kept since {self.kept_at}"


@dataclass(frozen=True)
class Kept:
    """What is read of a row: its key, until when it is kept, and what was sent."""

    id: UUID
    until: datetime
    sent: Sent


def store(sent: Sent) -> None:
    """Keep it. Of one person's only the newest few stay, and everybody's that are too old go."""
    KeptForm.objects.create(account_id=sent.account, sealed=_seal(sent))
    mine = KeptForm.objects.filter(account_id=sent.account).order_by("-kept_at", "-id")
    forget(list(mine.values_list("pk", flat=True)[MOST_PER_PERSON:]))
    forget_old()


def kept_for(user: Any) -> list[Kept]:
    """What is kept for ``user``, the newest first; without what somebody sent who was allowed more than they are now,
    and what cannot be opened any more."""
    since = timezone.now() - KEPT_FOR
    rows = list(KeptForm.objects.filter(account_id=user.pk, kept_at__gt=since).order_by("-kept_at", "-id"))
    opened = [(row, _open(bytes(row.sealed))) for row in rows]
    allowed = set(what_may(user)) if rows else set()
    return [
        Kept(row.pk, row.kept_at + KEPT_FOR, sent)
        for row, sent in opened
        if sent is not None and sent.account == str(user.pk) and allowed.issuperset(sent.allowed)
    ]


def what_may(user: Any) -> list[str]:
    """What ``user`` is allowed, as words that are compared with themselves."""
    return sorted([*user.get_all_permissions(), *(["staff"] if user.is_staff else [])])


def forget(ids: list[Any]) -> None:
    """Delete these rows."""
    if ids:
        KeptForm.objects.filter(pk__in=ids).delete()


def forget_all(account_id: Any) -> int:
    """Delete all that is kept for an account; returns how many."""
    return KeptForm.objects.filter(account_id=account_id).delete()[0]


def forget_old() -> int:
    """Delete what is kept for longer than an hour; returns how many."""
    return KeptForm.objects.filter(kept_at__lte=timezone.now() - KEPT_FOR).delete()[0]


def _keys() -> MultiFernet:
    """SECRET_KEY seals; those before it open what they sealed."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [
        salted_hmac("ops.accounts.kept", "key", secret=secret, algorithm="sha256").digest() for secret in secrets
    ]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def _seal(sent: Sent) -> bytes:
    return _keys().encrypt(zlib.compress(json.dumps(asdict(sent)).encode()))


def _open(sealed: bytes) -> Sent | None:
    """None for what nobody with the key sealed, or what was sealed with a key that is gone."""
    try:
        return Sent(**json.loads(zlib.decompress(_keys().decrypt(sealed))))
    except (InvalidToken, ValueError, TypeError, zlib.error):
        return None
