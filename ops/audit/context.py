"""What entries say about the request they were made in; signal receivers and topic modules have none at hand."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Facts:
    """Where an act came from; ``action`` is one for all that a click (or a command) touches."""

    request_id: str = ""
    ip: str = ""
    user_agent: str = ""
    action: uuid.UUID = field(default_factory=uuid.uuid4)


_facts: ContextVar[Facts | None] = ContextVar("audit_facts", default=None)


def current() -> Facts:
    """The facts of this request or ``one_action`` block; outside of both, a new action that came from nowhere."""
    return _facts.get() or Facts()


@contextmanager
def one_action(facts: Facts | None = None) -> Iterator[Facts]:
    """All that is recorded within the block is one action: for commands and jobs, which no request brought."""
    facts = facts or Facts()
    token = _facts.set(facts)
    try:
        yield facts
    finally:
        _facts.reset(token)


def facts_of(request: HttpRequest) -> Facts:
    """The facts of a request. An id that the proxy gave it is kept where it is plain, so that logs can be matched."""
    given = request.headers.get("X-Request-ID", "")
    return Facts(
        request_id=given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex,
        ip=_address_of(request),
        user_agent=request.headers.get("User-Agent", ""),
    )


def _address_of(request: HttpRequest) -> str:
    """The client's address, or "" where there is none (a socket). Anybody can send X-Forwarded-For: it counts only
    behind our proxy, and of it only the last address, which is the one that our proxy saw."""
    candidates = [request.META.get("REMOTE_ADDR", "")]
    if settings.BEHIND_PROXY:
        candidates.insert(0, request.headers.get("X-Forwarded-For", "").rpartition(",")[2])
    for candidate in candidates:
        try:
            return str(ip_address(candidate.strip().partition("%")[0]))
        except ValueError:
            continue
    return ""


class AuditMiddleware:
    """Makes each request one action, and adds its id to the answer's headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with one_action(facts_of(request)) as facts:
            response = self.get_response(request)
        response.headers["X-Request-ID"] = facts.request_id
        return response
