"""Least reading: whether texts open without a reason (the setting READING), and which somebody has given a reason for.

Whatever shows texts records them first (ops/audit/readings.py), and that asks here. So no page opens texts by itself:
one that is added next year is asked for a reason as the others are.
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
VALID = timedelta(minutes=30)  # of a reason: after that the next page asks again
OPENINGS = "openings"  # in the session: (seconds since the epoch, id of the entry) by scope
SALT = "ops.audit.reasons"

# A scope is what a reason opens: a row as "app.model:key", or a list as "app.model".
Scope = str


@dataclass(frozen=True)
class Reader:
    """Who is served, with what the session says of the reasons that they gave. ``acts`` is no request to be shown
    something: what somebody typed on the page of a row is not lost because their reason ran out meanwhile."""

    session: Any
    acts: bool = False

    def opening(self, scope: Scope, *, on: Scope) -> int | None:
        """The id of the entry of a reason for ``scope`` that opens texts on the page of ``on`` now; None where there is
        none. A list shows itself however it is asked, so there a reason always has its time."""
        until, entry = self.session.get(OPENINGS, {}).get(scope, (0, None))
        acts = self.acts and ":" in on
        return entry if acts or timezone.now().timestamp() < until else None


_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


class ReasonNeeded(Exception):
    """Texts are not shown before a reason was given for ``scope``. The middleware then asks for it."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"A reason is needed for {scope}.")
        self.scope = scope


@contextmanager
def read_by(request: HttpRequest) -> Iterator[None]:
    """Let reasons of the session of ``request`` open texts within the block. Outside of one, there are none."""
    acts = request.method == "POST"  # every other method is answered as GET is
    token = _reader.set(Reader(request.session, acts=acts) if hasattr(request, "session") else None)
    try:
        yield
    finally:
        _reader.reset(token)


def is_asked() -> bool:
    """Whether the setting asks for reasons at all."""
    return settings.READING != OPEN


def breaks_glass() -> bool:
    """Whether a reason is break-glass, of which Leads are told."""
    return settings.READING == REPORTED


def scope_of(target: models.Model | type[models.Model]) -> Scope:
    """The scope of a row, or of the list of a model."""
    return target._meta.label_lower if isinstance(target, type) else f"{target._meta.label_lower}:{target.pk}"


def opening_for(scope: Scope, ids: Collection[int]) -> int | None:
    """Return the entry of the reason that opens the texts of messages with these ``ids`` on the page of ``scope``.

    None where none is needed. A reason for each of their conversations opens them too. Raises ReasonNeeded: for the
    conversation where all are of one, else for ``scope``.
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
    """Whether what tells of texts without showing them is open: no reason is asked for, or one opens ``scope`` now."""
    return not is_asked() or (_reader.get() or Reader({})).opening(scope, on=scope) is not None


def note_opening(request: HttpRequest, scope: Scope, entry: int) -> None:
    """Let ``scope`` open in this session for VALID, because of the reason that ``entry`` records."""
    until = (timezone.now() + VALID).timestamp()
    request.session[OPENINGS] = {**request.session.get(OPENINGS, {}), scope: (until, entry)}


def address_to_ask(request: HttpRequest, scope: Scope) -> str:
    """The page that asks for a reason and leads back to where ``request`` came from. It is signed: nobody is asked
    about, or records, what no page asked them about."""
    user: Any = request.user
    asked = signing.dumps([user.pk, scope], salt=SALT)
    shows = request.method in ("GET", "HEAD")
    back = request.get_full_path() if shows else request.headers.get("Referer", "")
    return f"{reverse('admin:reading_reason')}?{urlencode({'for': asked, 'next': back})}"


def asked_scope(text: str, user: Any) -> Scope | None:
    """The scope that an address asks ``user`` about; None for an address that was not made for them."""
    try:
        user_id, scope = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    return scope if user_id == user.pk else None
