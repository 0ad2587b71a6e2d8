"""Receipts: lasting proof that an account was erased, without personal data.

A receipt is a document of plain values. Its digest is over all of them, its signature over the digest under
ERASURE_KEY, so that a copy can be checked without the database.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Any

from ops.audit.sealing import canonical
from ops.deletion.erased_names import Kind, digest, keyed_digest
from ops.deletion.models import DeletionRequest, Receipt

FORMAT = "threadward-receipt-1"
SEALS = ("digest", "signature")
FIELDS = (
    "id", "request", "username_hash", "email_hash", "mode", "texts", "basis", "ticket", "requester", "approver", "own",
    "one_person", "requested_at", "approved_at", "started_at", "finished_at", "counts", "steps", "key_id",
)  # fmt: skip

COUNT_WORDS = {
    "messages_sent": "messages sent",
    "messages_received": "messages received",
    "histories": "older texts of messages",
    "notifications": "notifications",
    "conversations": "conversations that nothing remains of",
    "replies_reattached": "replies by other people, joined to the nearest message that stays",
    "editor_names": "edits of other people’s messages that named this person",
    "texts_blanked": "texts blanked",
    "messages_kept": "messages that stay with the other side",
}


def write(request: DeletionRequest, *, receipt_id: Any, now: datetime) -> Receipt:
    """Store the receipt of a request whose steps are all done; within the caller's transaction."""
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
    """The keyed hashes that identify the account on a receipt."""
    return {"username_hash": digest(Kind.USERNAME, username), "email_hash": digest(Kind.EMAIL, email)}


def as_document(receipt: Receipt) -> dict[str, Any]:
    """The receipt as a JSON document: for download, and for ``problems``."""
    values = {name: _plain(getattr(receipt, name)) for name in FIELDS}
    return {"format": FORMAT, **values, **{name: getattr(receipt, name) for name in SEALS}}


def problems(document: Any) -> list[str]:
    """Sentences on what is wrong with a receipt; empty for a genuine one. Needs no database."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return [f"This is no receipt of Threadward: its “format” should be “{FORMAT}”."]
    expected = {"format", *FIELDS, *SEALS}
    missing, unknown = sorted(expected - document.keys()), sorted(document.keys() - expected)
    found = []
    if missing:
        found.append(f"Something was taken out: {', '.join(missing)}.")
    if unknown:
        found.append(f"Something was added: {', '.join(unknown)}.")
    if not found and digest_of(document) != document["digest"]:
        found.append("What it says was altered: its digest does not match.")
    return found or _problems_of_signature(document)


def digest_of(document: dict[str, Any]) -> str:
    """SHA-256 over the document's canonical form, without its seals."""
    said = {name: value for name, value in document.items() if name not in SEALS}
    return canonical.digest(canonical.canonical(said))


def signature_of(digest: str) -> str:
    return keyed_digest("receipt", digest)


def key_id() -> str:
    """Identifies the key: shows whether a receipt was signed under another one, and reveals neither."""
    return keyed_digest("key id", "")[:16]


def _problems_of_signature(document: dict[str, Any]) -> list[str]:
    if document["key_id"] != key_id():
        return [
            f"It was signed under another key ({document['key_id']}) than this installation’s ({key_id()}): set "
            "ERASURE_KEY to the one of that time."
        ]
    signature = str(document["signature"]).encode("utf-8", "backslashreplace")
    if not hmac.compare_digest(signature, signature_of(document["digest"]).encode()):
        return ["Its signature is wrong: this installation did not write it."]
    return []


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if value is None or isinstance(value, (str, int, bool, list, dict)) else str(value)
