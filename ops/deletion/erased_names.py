"""Usernames and e-mail addresses of erased accounts, kept as keyed hashes.

The hashes show whether and when a given name was erased, but the names cannot be read from them. Imports and forms
refuse these names and names that read like them: the skeletons of each username (ops/accounts/names/look_alikes.py)
are kept as keyed hashes, too.
"""

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
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.writing import in_batches
from ops.accounts.names.look_alikes import skeletons
from ops.audit.details import Key
from ops.audit.recording import record
from ops.deletion.events import DeletionEvent
from ops.deletion.models import ErasedIdentifier, ErasedSkeleton
from ops.deletion.refusals import NotReleased

Kind = ErasedIdentifier.Kind
# By whether it is a username (or an address), is exactly the erased name, and the sentence gives day and receipt.
REFUSALS = {
    (True, True, False): gettext_lazy(
        "“%(name)s” was the name of an account that was erased "
        "and cannot be used again: use another name, or ask a superuser to release it."
    ),
    (True, True, True): gettext_lazy(
        "“%(name)s” was the name of an account that was erased on %(day)s (receipt %(receipt)s) "
        "and cannot be used again: use another name, or ask a superuser to release it."
    ),
    (True, False, False): gettext_lazy(
        "“%(name)s” reads like the name of an account that was erased "
        "and cannot be used again: use another name, or ask a superuser to release it."
    ),
    (True, False, True): gettext_lazy(
        "“%(name)s” reads like the name of an account that was erased on %(day)s (receipt %(receipt)s) "
        "and cannot be used again: use another name, or ask a superuser to release it."
    ),
    (False, True, False): gettext_lazy(
        "“%(name)s” was the address of an account that was erased "
        "and cannot be used again: use another address, or ask a superuser to release it."
    ),
    (False, True, True): gettext_lazy(
        "“%(name)s” was the address of an account that was erased on %(day)s (receipt %(receipt)s) "
        "and cannot be used again: use another address, or ask a superuser to release it."
    ),
    (False, False, False): gettext_lazy(
        "“%(name)s” reads like the address of an account that was erased "
        "and cannot be used again: use another address, or ask a superuser to release it."
    ),
    (False, False, True): gettext_lazy(
        "“%(name)s” reads like the address of an account that was erased on %(day)s (receipt %(receipt)s) "
        "and cannot be used again: use another address, or ask a superuser to release it."
    ),
}


class Erased(NamedTuple):
    """The erased account that a name matches, and whether it matches ``exactly`` or only reads like the account's."""

    receipt_id: UUID
    erased_at: datetime
    exactly: bool


def keyed_digest(purpose: str, text: str) -> str:
    """Return the HMAC-SHA-256 of ``text`` with ERASURE_KEY, as hex; each purpose gives a different digest."""
    key = hmac.digest(settings.ERASURE_KEY.encode(), b"ops.accounts.erasure", "sha256")
    return hmac.new(key, f"{purpose}:{text}".encode("utf-8", "surrogatepass"), sha256).hexdigest()


def digest(kind: str, text: str) -> str:
    """Return the keyed hash of a username (case-sensitive) or e-mail address (not); "" for ""."""
    # A file or form may compose accented letters differently than the stored name does.
    text = unicodedata.normalize("NFC", text)
    text = text.strip().lower() if kind == Kind.EMAIL else text
    return keyed_digest(kind, text) if text else ""


def skeleton_digests(username: str) -> set[str]:
    """Return the keyed hashes of the skeletons of a username."""
    return {keyed_digest("skeleton", skeleton) for skeleton in skeletons(username) if skeleton}


@transaction.atomic
def store(*, username: str, email: str, receipt_id: UUID, at: datetime) -> None:
    """Store the hashes of an account that is being erased. Idempotent."""
    for kind, text in ((Kind.USERNAME, username), (Kind.EMAIL, email)):
        hashed = digest(kind, text)
        if not hashed:
            continue
        values = {"digest": hashed, "erased_at": at}
        row = ErasedIdentifier.objects.get_or_create(kind=kind, receipt_id=receipt_id, defaults=values)[0]
        if kind == Kind.USERNAME:
            read = [ErasedSkeleton(identifier=row, digest=one) for one in sorted(skeleton_digests(text))]
            ErasedSkeleton.objects.bulk_create(read, ignore_conflicts=True)


def erased(names: Iterable[str], *, kind: str = Kind.USERNAME) -> dict[str, Erased]:
    """Return those of ``names`` (usernames or addresses) that match or read like an erased account's, with the account.

    An exact match is preferred, then the newest account; released names are left out. Imports use it for names without
    an account. Takes about 30 ms for a thousand names.
    """
    in_force = ErasedIdentifier.objects.in_force().filter(kind=kind)
    if not in_force.exists():
        return {}
    names = list(dict.fromkeys(names))
    found: dict[str, Erased] = {}
    if kind == Kind.USERNAME:
        lifted = {"identifier__lifted_at": None}
        rows = ErasedSkeleton.objects.filter(**lifted).order_by("identifier__erased_at")
        columns = ("digest", "identifier__receipt_id", "identifier__erased_at")
        found |= _matching(rows, columns, {name: skeleton_digests(name) for name in names}, exactly=False)
    own = {name: {digest(kind, name)} for name in names}
    columns = ("digest", "receipt_id", "erased_at")
    return found | _matching(in_force.order_by("erased_at"), columns, own, exactly=True)


def _matching(
    rows: QuerySet, columns: tuple[str, str, str], digests: dict[str, set[str]], *, exactly: bool
) -> dict[str, Erased]:
    """Return the names that have a digest among ``rows``, each with the most recently erased account."""
    known: dict[str, Erased] = {}
    for batch in in_batches(list({one for some in digests.values() for one in some})):
        for hashed, receipt_id, at in rows.filter(digest__in=batch).values_list(*columns):
            known[hashed] = Erased(receipt_id, at, exactly)
    found = {}
    for name, some in digests.items():
        hits = [known[one] for one in some if one in known]
        if hits:
            found[name] = max(hits, key=lambda hit: hit.erased_at)
    return found


def find(text: str) -> list[ErasedIdentifier]:
    """Return all rows for ``text`` as a username or e-mail address, newest first.

    Includes usernames that read like ``text``, and released names.
    """
    text = text.strip()
    digests = [digest(kind, text) for kind in Kind.values]
    alike = Q(skeletons__digest__in=skeleton_digests(text))
    rows = ErasedIdentifier.objects.filter(Q(digest__in=digests) | alike).distinct()
    return list(rows.order_by("-erased_at", "-pk"))


def refusal(name: str, known: Erased, *, kind: str = Kind.USERNAME, by: Any = None) -> str:
    """Return the sentence with which forms and imports refuse an erased name or one that reads like it.

    It includes the day and the receipt only if ``by`` may see receipts.
    """
    told = by is not None and by.has_perm("deletion.view_receipt")
    words = {"name": name}
    if told:
        words |= {"day": f"{timezone.localtime(known.erased_at):%Y-%m-%d}", "receipt": str(known.receipt_id)}
    return REFUSALS[kind == Kind.USERNAME, known.exactly, told] % words


def release(identifier: ErasedIdentifier, *, by: Any, reason: str) -> None:
    """Allow the name or address to be used again. Only for superusers and commands (``by`` is None), with a reason.

    Raises NotReleased for anybody else, without a reason, or if it has already been released.
    """
    if by is not None and not by.is_superuser:
        raise NotReleased(_("Only a superuser can release an erased name."))
    if not reason.strip():
        raise NotReleased(_("Enter why the name is released: it is recorded."))
    with transaction.atomic():
        lifted = ErasedIdentifier.objects.in_force().filter(pk=identifier.pk)
        if not lifted.update(lifted_by=by, lifted_at=timezone.now(), lift_reason=reason.strip()):
            raise NotReleased(_("This name has already been released."))
        details = {"kind": Key(identifier.kind), "receipt": identifier.receipt_id}
        record(DeletionEvent.IDENTIFIER_LIFTED, actor=by, target=identifier, details=details, reason=reason)
    identifier.refresh_from_db()
