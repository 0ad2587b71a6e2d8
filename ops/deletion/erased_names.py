"""Usernames and e-mail addresses of erased accounts, kept as keyed hashes.

Whoever knows a name can look up when it was erased; nobody can read the names. Imports and forms refuse them."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from messaging.writing import in_batches
from ops.audit.recording import record
from ops.deletion.events import DeletionEvent
from ops.deletion.models import ErasedIdentifier
from ops.deletion.refusals import NotReleased

Kind = ErasedIdentifier.Kind


class Erased(NamedTuple):
    """An erased account: the id of its receipt, and when it was erased."""

    receipt_id: UUID
    erased_at: datetime


def keyed_digest(purpose: str, text: str) -> str:
    """HMAC-SHA-256 of ``text`` under ERASURE_KEY, as hex; each purpose gives another digest."""
    key = hmac.digest(settings.ERASURE_KEY.encode(), b"ops.accounts.erasure", "sha256")
    return hmac.new(key, f"{purpose}:{text}".encode("utf-8", "surrogatepass"), sha256).hexdigest()


def digest(kind: str, text: str) -> str:
    """The keyed hash of a username (case-sensitive) or e-mail address (not); "" for "".

    Letters that look alike, composed with their accents or not, are alike here: what is typed in a file or in a form
    need not be what was stored.
    """
    text = unicodedata.normalize("NFC", text)
    text = text.strip().lower() if kind == Kind.EMAIL else text
    return keyed_digest(kind, text) if text else ""


def store(*, username: str, email: str, receipt_id: UUID, at: datetime) -> None:
    """Store the hashes of an account that is being erased. Idempotent."""
    hashes = ((Kind.USERNAME, digest(Kind.USERNAME, username)), (Kind.EMAIL, digest(Kind.EMAIL, email)))
    rows = [
        ErasedIdentifier(kind=kind, digest=hashed, receipt_id=receipt_id, erased_at=at)
        for kind, hashed in hashes
        if hashed
    ]
    ErasedIdentifier.objects.bulk_create(rows, ignore_conflicts=True)


def erased(names: Iterable[str], *, kind: str = Kind.USERNAME) -> dict[str, Erased]:
    """Those of ``names`` (usernames, or else addresses) that were an erased account's, each with the newest; lifted
    ones are not among them.

    For imports, about names without an account. A few milliseconds for a thousand names.
    """
    in_force = ErasedIdentifier.objects.in_force().filter(kind=kind)
    if not in_force.exists():
        return {}
    digests = {name: digest(kind, name) for name in names}
    known: dict[str, Erased] = {}
    for batch in in_batches(list(dict.fromkeys(digests.values()))):
        rows = in_force.with_digests(batch).order_by("erased_at").values_list("digest", "receipt_id", "erased_at")
        known.update((hashed, Erased(receipt_id, at)) for hashed, receipt_id, at in rows)
    return {name: known[hashed] for name, hashed in digests.items() if hashed in known}


def find(text: str) -> list[ErasedIdentifier]:
    """All rows for ``text`` as a username or an e-mail address, released ones included, newest first."""
    digests = [digest(kind, text.strip()) for kind in Kind.values]
    return list(ErasedIdentifier.objects.with_digests(digests).order_by("-erased_at", "-pk"))


def refusal(name: str, known: Erased, *, kind: str = Kind.USERNAME) -> str:
    """The sentence with which forms and imports refuse an erased name."""
    return (
        f"The account “{name}” was erased on {timezone.localtime(known.erased_at):%Y-%m-%d} "
        f"(receipt {known.receipt_id}) and does not come back: use another "
        f"{'name' if kind == Kind.USERNAME else 'address'}, or have an administrator free it."
    )


def release(identifier: ErasedIdentifier, *, by: Any, reason: str) -> None:
    """Allow the name or address to be used again. For superusers, or a command (``by`` is None); needs a reason.

    Raises NotReleased where it is lifted already, where the reason is missing, and for anybody else.
    """
    if by is not None and not by.is_superuser:
        raise NotReleased("Only a superuser can let the name of an erased account be used again.")
    if not reason.strip():
        raise NotReleased("Say why the name may be used again: the reason is recorded.")
    with transaction.atomic():
        lifted = ErasedIdentifier.objects.in_force().filter(pk=identifier.pk)
        if not lifted.update(lifted_by=by, lifted_at=timezone.now(), lift_reason=reason.strip()):
            raise NotReleased("This name was let free already.")
        details = {"kind": identifier.kind, "receipt": str(identifier.receipt_id)}
        record(DeletionEvent.IDENTIFIER_LIFTED, actor=by, target=identifier, details=details, reason=reason)
    identifier.refresh_from_db()
