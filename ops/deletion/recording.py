"""Audit entries of deletion requests. Their target is the request, so that they do not identify the account.

An anonymised account keeps its id, and other people's messages still show it. Somebody who sees the request, its
receipt or their audit entries must not find out that id, neither from the target of an entry nor from another entry of
the same click or HTTP request.
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
    """Record an event of a request; ``by`` is None for a command and for the person's own request."""
    facts = context.current()
    # One id for everything that this click did with deletion requests, unlike the id of the click's other entries.
    action = UUID(hex=keyed_digest("action", str(facts.action))[:32])
    group = request.group
    details = {"basis": Key(group.basis), "mode": Key(group.mode)} if details is None else details
    with context.one_action(replace(facts, request_id="", action=action)):
        recording.record(event, actor=by, target=request, label=request.username, details=details, reason=reason)
