"""Least reading: whether texts open without a reason (the setting READING), and what somebody gave a reason for.

Every page that shows texts records them first (ops/audit/readings.py), and recording checks this gate. So no page can
bypass it, not even one that is added next year.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from messaging.models import Conversation, Message

OPEN, REASON, REPORTED = MODES = ("open", "reason", "reported")
VALID = timedelta(minutes=30)  # of a reason: afterwards the next page asks again
OPENINGS = "openings"  # in the session: (seconds since the epoch, id of the entry) by scope
SALT = "ops.audit.reasons"

# A scope is the row ("app.model:key") or the list ("app.model") that a reason opens.
Scope = str


@dataclass(frozen=True)
class Reader:
    """The user of a request, with the reasons stored in their session. ``acts`` is set for a POST: text typed on the
    page of a row is not lost because the reason has expired meanwhile."""

    session: Any
    acts: bool = False

    def opening(self, scope: Scope, *, on: Scope) -> int | None:
        """Return the id of the entry of a reason for ``scope`` that opens texts on the page of ``on`` now, or None."""
        until, entry = self.session.get(OPENINGS, {}).get(scope, (0, None))
        # A list is shown in answer to a POST too, so there a reason always expires.
        acts = self.acts and ":" in on
        return entry if acts or timezone.now().timestamp() < until else None


_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


class ReasonNeeded(Exception):
    """Texts are not shown until a reason is given for ``scope``. ReasonMiddleware asks for it."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"A reason is needed for {scope}.")
        self.scope = scope


@contextmanager
def read_by(request: HttpRequest) -> Iterator[None]:
    """Let the reasons in the session of ``request`` open texts within the block. Outside it, there are no reasons."""
    acts = request.method == "POST"  # every other method is handled like GET
    token = _reader.set(Reader(request.session, acts=acts) if hasattr(request, "session") else None)
    try:
        yield
    finally:
        _reader.reset(token)


def is_asked() -> bool:
    """Return whether the setting READING requires reasons at all."""
    return settings.READING != OPEN


def breaks_glass() -> bool:
    """Return whether giving a reason is breaking glass, which notifies Leads."""
    return settings.READING == REPORTED


def scope_of(target: models.Model | type[models.Model]) -> Scope:
    """Return the scope of a row, or of the list of a model."""
    return target._meta.label_lower if isinstance(target, type) else f"{target._meta.label_lower}:{target.pk}"


def opening_for(scope: Scope, ids: Collection[int]) -> int | None:
    """Return the entry of the reason that opens the texts of messages with these ``ids`` on the page of ``scope``.

    None if no reason is needed. Reasons for all of their conversations open them too. Raises ReasonNeeded: for the
    conversation if all messages are in one, else for ``scope``.
    """
    if not ids or not is_asked():
        return None
    reader = _reader.get() or Reader({})
    entry = reader.opening(scope, on=scope)
    if entry is not None:
        return entry
    found = Message._base_manager.filter(pk__in=ids).order_by().values_list("conversation_id", flat=True).distinct()
    scopes = [f"{Conversation._meta.label_lower}:{pk}" for pk in found]
    entries = [reader.opening(one, on=scope) for one in scopes]
    if None in entries:
        raise ReasonNeeded(scopes[0] if len(scopes) == 1 else scope)
    return entries[0] if entries else None


def is_open(scope: Scope) -> bool:
    """Return whether pages that reveal texts without showing them are open: no reason is required, or one opens
    ``scope`` now."""
    return not is_asked() or (_reader.get() or Reader({})).opening(scope, on=scope) is not None


def note_opening(request: HttpRequest, scope: Scope, entry: int) -> None:
    """Let ``scope`` open in this session for VALID, because of the reason that ``entry`` records."""
    until = (timezone.now() + VALID).timestamp()
    request.session[OPENINGS] = {**request.session.get(OPENINGS, {}), scope: (until, entry)}


def address_to_ask(request: HttpRequest, scope: Scope) -> str:
    """Return the address of the page that asks for a reason and then leads back to where ``request`` came from.

    The scope is signed, so that a reason is recorded only for a scope that a page asked this user about.
    """
    user: Any = request.user
    asked = signing.dumps([user.pk, scope], salt=SALT)
    shows = request.method in ("GET", "HEAD")
    back = request.get_full_path() if shows else request.headers.get("Referer", "")
    return f"{reverse('admin:reading_reason')}?{urlencode({'for': asked, 'next': back})}"


def asked_scope(text: str, user: Any) -> Scope | None:
    """Return the signed scope if it was made for ``user``, else None."""
    try:
        user_id, scope = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    return scope if user_id == user.pk else None
