"""The facts about the current request that entries record, for code that is not given the request."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,47}")  # with the part appended, fits in Entry.request_id


@dataclass(frozen=True)
class Facts:
    """Where an action came from. All entries of one request, command or job share ``action``."""

    request_id: str = ""
    ip: str = ""
    user_agent: str = ""
    action: uuid.UUID = field(default_factory=uuid.uuid4)


_facts: ContextVar[Facts | None] = ContextVar("audit_facts", default=None)


def current() -> Facts:
    """Return the facts of the current request or ``one_action`` block, or else empty facts with a new action."""
    return _facts.get() or Facts()


@contextmanager
def one_action(facts: Facts | None = None) -> Iterator[Facts]:
    """Give everything recorded in the block the same facts; for commands and jobs, which have no request."""
    facts = facts or Facts()
    token = _facts.set(facts)
    try:
        yield facts
    finally:
        _facts.reset(token)


def facts_of(request: HttpRequest) -> Facts:
    """Return the facts of a request.

    The request id begins with a well-formed X-Request-ID of the proxy, so that logs can be matched, and ends in a
    random part, so that two requests with the same header have different ids.
    """
    given, own = request.headers.get("X-Request-ID", ""), uuid.uuid4().hex
    named = settings.BEHIND_PROXY and REQUEST_ID.fullmatch(given)
    return Facts(
        request_id=f"{given}.{own[:16]}" if named else own,
        ip=_address_of(request),
        user_agent=request.headers.get("User-Agent", ""),
    )


def _address_of(request: HttpRequest) -> str:
    """Return the client's IP address, or "" if there is none (a Unix socket).

    Anybody can send X-Forwarded-For, so it is used only behind our proxy, and only its last address, which the proxy
    added.
    """
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
    """Makes each request one action, and adds the request id to the response headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with one_action(facts_of(request)) as facts:
            response = self.get_response(request)
        response.headers["X-Request-ID"] = facts.request_id
        return response


class ReferenceFilter(logging.Filter):
    """Adds to each log record the ``reference`` of its request, which the error page shows; "" outside a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        request_id = current().request_id
        record.reference = f" [{request_id}]" if request_id else ""
        return True


class RefusalFilter(logging.Filter):
    """Keeps the log of a refused page (403) to one line: drops Django's traceback, a screenful that helps nobody."""

    def filter(self, record: logging.LogRecord) -> bool:
        # An exception raised while the refusal was rendered is logged as an error; its traceback stays.
        refused = record.exc_info and isinstance(record.exc_info[1], PermissionDenied)
        if refused and record.levelno < logging.ERROR:
            record.exc_info = None
        return True
