"""A time limit for each query of a page, so that one user's search does not stop the pages of all others.

It applies to requests, not to workers and commands. Within a request, ``unlimited`` lifts it: for jobs, which hand over
to a worker by themselves, and for downloads, which take as long as their reader.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connection
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ops.console.refusals import refusal

LOOK_EVERY = 10_000  # steps of SQLite's virtual machine between two checks of the clock: about a millisecond
CANCELED = "57014"  # SQLSTATE of PostgreSQL

# Seconds per query in this context, 0 for no limit; and the deadline of the current query on SQLite (time.monotonic()).
_limit: ContextVar[float] = ContextVar("time_limit", default=0)
_deadline: ContextVar[float] = ContextVar("time_limit_deadline", default=0)
# The limit last set on each connection of PostgreSQL. It persists, so that most requests need not set it again.
_told: WeakKeyDictionary[Any, float] = WeakKeyDictionary()


class TimeLimitMiddleware:
    """Limit every query of a request to QUERY_SECONDS, and return an error page if one takes longer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        connection_created.connect(_apply_to_new, dispatch_uid="ops.console.limits.query_time")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with _limited_to(settings.QUERY_SECONDS), connection.execute_wrapper(_begin):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not is_too_slow(exception):
            return None
        title, seconds = _("This took too long and was stopped"), settings.QUERY_SECONDS
        return refusal(request, title, "too_slow", status=503, seconds=seconds)


@contextmanager
def unlimited() -> Iterator[None]:
    """Lift the time limit of queries in the block."""
    with _limited_to(0):
        yield


def unlimited_while_sent(chunks: Iterable[Any]) -> Iterator[Any]:
    """Yield the ``chunks`` of a streaming response, without a time limit for their queries."""
    with unlimited():
        yield from chunks


def is_too_slow(error: BaseException) -> bool:
    """Whether an error is, or was caused by, that of a query that was cancelled at its limit."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, OperationalError):
        found = found.__cause__
    if found is None:
        return False
    return getattr(found.__cause__, "sqlstate", None) == CANCELED or str(found) == "interrupted"


@contextmanager
def _limited_to(seconds: float) -> Iterator[None]:
    token = _limit.set(seconds)
    try:
        _apply_limit()
        yield
    finally:
        _limit.reset(token)
        _deadline.set(0)
        if _limit.get():
            _apply_limit()


def _apply_to_new(sender: Any, connection: Any, **rest: Any) -> None:
    if connection.alias == DEFAULT_DB_ALIAS:
        _apply_limit()


def _apply_limit() -> None:
    """Set the limit on the connection, if it is open and has another one; a new connection gets it when it opens."""
    raw, seconds = connection.connection, _limit.get()
    if raw is None:
        return
    if connection.vendor == "sqlite":
        raw.set_progress_handler(_is_over if seconds else None, LOOK_EVERY)
    elif _told.get(raw, 0) != seconds:
        # A raw cursor, because Django's begins a transaction. If the connection is lost, its next query raises that.
        with suppress(DatabaseError), connection.wrap_database_errors, raw.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {int(seconds * 1_000)}")
            _told[raw] = seconds


def _begin(execute: Callable[..., Any], *args: Any) -> Any:
    """Wrap each query of a request, to set the deadline on SQLite."""
    seconds = _limit.get()
    _deadline.set(time.monotonic() + seconds if seconds else 0)
    return execute(*args)


def _is_over() -> bool:
    """Whether the deadline has passed: SQLite calls this during a query, and interrupts it if true."""
    return 0 < _deadline.get() < time.monotonic()
