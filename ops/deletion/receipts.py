"""Receipts: lasting proof that an account was erased, without personal data.

A receipt is a document of plain values. Its digest covers all of them, and its signature covers the digest with
ERASURE_KEY, so a copy can be verified without the database.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.audit.sealing import canonical
from ops.deletion.erased_names import Kind, digest, keyed_digest
from ops.deletion.models import GONE, DeletionRequest, Mode, Receipt, State

FORMAT = "threadward-receipt-1"
SEALS = ("digest", "signature")
FIELDS = (
    "id", "request", "username_hash", "email_hash", "mode", "texts", "basis", "ticket", "requester", "approver", "own",
    "one_person", "requested_at", "approved_at", "started_at", "finished_at", "counts", "steps", "key_id",
)  # fmt: skip

COUNT_WORDS = {
    "messages_sent": gettext_lazy("messages sent"),
    "messages_received": gettext_lazy("messages received"),
    "histories": gettext_lazy("older texts of messages"),
    "notifications": gettext_lazy("notifications"),
    "conversations": gettext_lazy("conversations left empty"),
    "replies_reattached": gettext_lazy("replies by other people, attached to the nearest message that stays"),
    "editor_names": gettext_lazy("edits of other people’s messages that named this person"),
    "texts_blanked": gettext_lazy("texts blanked"),
    "messages_kept": gettext_lazy("messages kept for the other side"),
}


def write(request: DeletionRequest, *, receipt_id: Any, now: datetime) -> Receipt:
    """Store the receipt of a request whose steps are all done, in the caller's transaction."""
    progress, group = request.progress, request.group
    assert request.approved_at is not None and request.started_at is not None
    receipt = Receipt(
        id=receipt_id,
        request=request.pk,
        username_hash=progress["username_hash"],
        email_hash=progress["email_hash"],
        mode=group.mode,
        texts=group.texts,
        basis=group.basis,
        ticket=group.ticket,
        requester=request.requested_by_id,
        approver=request.approved_by_id,
        own=request.own,
        one_person=request.one_person,
        requested_at=request.requested_at,
        approved_at=request.approved_at,
        started_at=request.started_at,
        finished_at=now,
        counts=progress["counts"],
        steps=progress["steps"],
        key_id=key_id(),
    )
    document = as_document(receipt)
    receipt.digest = digest_of(document)
    receipt.signature = signature_of(receipt.digest)
    receipt.save()
    return receipt


def hashes(username: str, email: str) -> dict[str, str]:
    """Return the keyed hashes that identify the account on a receipt."""
    return {"username_hash": digest(Kind.USERNAME, username), "email_hash": digest(Kind.EMAIL, email)}


def as_document(receipt: Receipt) -> dict[str, Any]:
    """Return the receipt as a JSON document, for download and for ``problems``."""
    values = {name: _plain(getattr(receipt, name)) for name in FIELDS}
    return {"format": FORMAT, **values, **{name: getattr(receipt, name) for name in SEALS}}


def problems(document: Any) -> list[str]:
    """Return sentences on what is wrong with a receipt; [] for a genuine one. Needs no database."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return [_("This is not a Threadward receipt: its “format” should be “%(format)s”.") % {"format": FORMAT}]
    expected = {"format", *FIELDS, *SEALS}
    missing, unknown = sorted(expected - document.keys()), sorted(document.keys() - expected)
    found = []
    if missing:
        found.append(_("Fields are missing: %(names)s.") % {"names": ", ".join(missing)})
    if unknown:
        found.append(_("There are unknown fields: %(names)s.") % {"names": ", ".join(unknown)})
    if not found and digest_of(document) != document["digest"]:
        found.append(_("Its content was changed: the digest does not match."))
    return found or _problems_of_signature(document)


def digest_of(document: dict[str, Any]) -> str:
    """Return the SHA-256 of the document's canonical form, without its seals."""
    said = {name: value for name, value in document.items() if name not in SEALS}
    return canonical.digest(canonical.canonical(said))


def signature_of(digest: str) -> str:
    return keyed_digest("receipt", digest)


def key_id() -> str:
    """Return an id of the key, which shows whether a receipt was signed with another key and reveals neither."""
    return keyed_digest("key id", "")[:16]


def prove_erasure(target_type: str, target_id: str) -> bool:
    """Return whether this room erased an account, or that of a request: there is a receipt, or one will follow.

    The request for an anonymised account no longer refers to it, so there must be at least as many receipts and
    erasures under way as anonymised accounts.
    """
    if target_type == DeletionRequest._meta.label_lower:
        return _request_ended(target_id)
    if target_type != get_user_model()._meta.label_lower or not target_id.isdecimal():
        return False
    known = _erased_requests()
    account = get_user_model()._default_manager.filter(pk=target_id)
    if not account.exists():
        return known.filter(user=int(target_id)).exists()
    anonymised = get_user_model()._default_manager.filter(anonymised_at__isnull=False).count()
    under_way = known.filter(group__mode=Mode.ANONYMISE).exclude(pk__in=Receipt.objects.values("request")).count()
    receipts = Receipt.objects.filter(mode=Mode.ANONYMISE).count()
    return account.filter(anonymised_at__isnull=False).exists() and anonymised <= receipts + under_way


def _erased_requests() -> QuerySet[DeletionRequest]:
    """Return the requests whose account has been erased or anonymised."""
    with_receipt = Q(pk__in=Receipt.objects.values("request"))
    return DeletionRequest.objects.filter(with_receipt | GONE, state__in=(State.RUNNING, State.DONE))


def _request_ended(target_id: str) -> bool:
    """Return whether a request erased its account, or was cancelled or refused and a later one did."""
    try:
        request = DeletionRequest.objects.filter(pk=UUID(target_id)).first()
    except ValueError:
        return False
    if request is None or _erased_requests().filter(pk=request.pk).exists():
        return request is not None
    closed = request.state in (State.CANCELLED, State.REFUSED)
    forgotten = request.user_id is None
    return closed and (forgotten or prove_erasure(get_user_model()._meta.label_lower, str(request.user_id)))


def _problems_of_signature(document: dict[str, Any]) -> list[str]:
    if document["key_id"] != key_id():
        sentence = _(
            "It was signed under another key (%(its)s) than this installation’s (%(own)s): set ERASURE_KEY to the one "
            "of that time."
        )
        return [sentence % {"its": document["key_id"], "own": key_id()}]
    signature = str(document["signature"]).encode("utf-8", "backslashreplace")
    if not hmac.compare_digest(signature, signature_of(document["digest"]).encode()):
        return [_("Its signature is wrong: this installation did not issue it.")]
    return []


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if value is None or isinstance(value, (str, int, bool, list, dict)) else str(value)
