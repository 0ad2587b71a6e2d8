"""Usernames and e-mail addresses of erased accounts, kept as keyed hashes.

Whoever knows a name can look up when it was erased; nobody can read the names. Imports and forms refuse them, and names
that read like them: of each username the skeletons are kept as well (ops/accounts/names/look_alikes.py), hashed alike.
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
# By whether it is a username or an address, is exactly the erased one, and whether it is told when that was.
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
    """An erased account: the id of its receipt, when it was erased, and whether a name is its own or reads like it."""

    receipt_id: UUID
    erased_at: datetime
    exactly: bool


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


def skeleton_digests(username: str) -> set[str]:
    """The keyed hashes of what a username reads like."""
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
    """Those of ``names`` (usernames, or else addresses) that were an erased account's, or read like one's, each with
    the newest; lifted ones are not among them.

    For imports, about names without an account. About 30 ms for a thousand names.
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
    """The names that have a digest among ``rows``, each with the newest of them."""
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
    """All rows for ``text`` as a username, or what reads like one, or an e-mail address; released ones included, newest
    first."""
    text = text.strip()
    digests = [digest(kind, text) for kind in Kind.values]
    alike = Q(skeletons__digest__in=skeleton_digests(text))
    rows = ErasedIdentifier.objects.filter(Q(digest__in=digests) | alike).distinct()
    return list(rows.order_by("-erased_at", "-pk"))


def refusal(name: str, known: Erased, *, kind: str = Kind.USERNAME, by: Any = None) -> str:
    """The sentence with which forms and imports refuse an erased name, and what reads like one.

    When it was erased, and the receipt, are told to ``by`` alone, where they may see receipts.
    """
    told = by is not None and by.has_perm("deletion.view_receipt")
    words = {"name": name}
    if told:
        words |= {"day": f"{timezone.localtime(known.erased_at):%Y-%m-%d}", "receipt": str(known.receipt_id)}
    return REFUSALS[kind == Kind.USERNAME, known.exactly, told] % words


def release(identifier: ErasedIdentifier, *, by: Any, reason: str) -> None:
    """Allow the name or address to be used again. For superusers, or a command (``by`` is None); needs a reason.

    Raises NotReleased where it is lifted already, where the reason is missing, and for anybody else.
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
