"""What the audit trail records of a request: about the request, so that nothing leads from it to the account.

An anonymised account keeps its number, and what others read of it. Whoever sees the request, its receipt or an entry of
them must not come to that number: not by what an entry is about, nor by another entry of the same click or request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from ops.audit import context, recording
from ops.audit.details import Key
from ops.deletion.erased_names import keyed_digest
from ops.deletion.models import DeletionRequest


def record(event: str, request: DeletionRequest, *, by: Any, reason: str = "", details: Any = None) -> None:
    """Record what was done with a request; ``by`` is None for a command, and for the person themselves."""
    facts = context.current()
    # The same for all that one click did with requests, and for nothing else that it did.
    action = UUID(hex=keyed_digest("action", str(facts.action))[:32])
    group = request.group
    details = {"basis": Key(group.basis), "mode": Key(group.mode)} if details is None else details
    with context.one_action(replace(facts, request_id="", action=action)):
        recording.record(event, actor=by, target=request, label=request.username, details=details, reason=reason)
