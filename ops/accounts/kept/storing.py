"""Forms that were sent too late, each kept encrypted in a row for an hour.

Encrypted, because the person may decide not to send the text: nobody with access to the database or a copy of it can
read it. The key is derived from SECRET_KEY.
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
MOST_PER_PERSON = 5  # the newest are kept

Fields = dict[str, list[str]]


@dataclass(frozen=True)
class Sent:
    """A form as it was sent: the address it was posted to, the ``page`` that it was on, the values by field, and the
    person's permissions then (see ``what_may``)."""

    account: str
    address: str
    page: str
    fields: Fields
    allowed: list[str]


class KeptForm(models.Model):
    """An encrypted ``Sent`` of one person. Without a foreign key: a step of the erasure deletes it with the account."""

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
    """A decrypted row: its key, until when it is kept, and the form that was sent."""

    id: UUID
    until: datetime
    sent: Sent


def store(sent: Sent) -> None:
    """Store a form. Deletes all but the person's newest few, and everybody's that are too old."""
    KeptForm.objects.create(account_id=sent.account, sealed=_seal(sent))
    mine = KeptForm.objects.filter(account_id=sent.account).order_by("-kept_at", "-id")
    forget(list(mine.values_list("pk", flat=True)[MOST_PER_PERSON:]))
    forget_old()


def kept_for(user: Any) -> list[Kept]:
    """Return the forms kept for ``user``, the newest first. Omits forms sent with permissions that the user has lost,
    and forms that can no longer be decrypted."""
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
    """Return the permissions of ``user`` and “staff” if they are staff, for comparison with later ones."""
    return sorted([*user.get_all_permissions(), *(["staff"] if user.is_staff else [])])


def forget(ids: list[Any]) -> None:
    """Delete the rows with these ids."""
    if ids:
        KeptForm.objects.filter(pk__in=ids).delete()


def forget_all(account_id: Any) -> int:
    """Delete all forms kept for an account; return how many."""
    return KeptForm.objects.filter(account_id=account_id).delete()[0]


def forget_old() -> int:
    """Delete forms kept for longer than an hour; return how many."""
    return KeptForm.objects.filter(kept_at__lte=timezone.now() - KEPT_FOR).delete()[0]


def _keys() -> MultiFernet:
    """Return the keys: SECRET_KEY encrypts; it and its fallbacks decrypt."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [
        salted_hmac("ops.accounts.kept", "key", secret=secret, algorithm="sha256").digest() for secret in secrets
    ]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def _seal(sent: Sent) -> bytes:
    return _keys().encrypt(zlib.compress(json.dumps(asdict(sent)).encode()))


def _open(sealed: bytes) -> Sent | None:
    """Return the form, or None if it was not encrypted with one of our current keys."""
    try:
        return Sent(**json.loads(zlib.decompress(_keys().decrypt(sealed))))
    except (InvalidToken, ValueError, TypeError, zlib.error):
        return None
