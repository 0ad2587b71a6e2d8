"""How long the database may work on one query of a page: nobody's search stops the pages of all others.

The limit is for requests. Workers and commands have none, nor has what says so in a request (``unlimited``): jobs,
which hand over to a worker by themselves, and downloads, which take as long as their reader does.
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

LOOK_EVERY = 10_000  # steps of SQLite's virtual machine between two looks at the clock: about a millisecond
CANCELED = "57014"  # SQLSTATE of PostgreSQL

# Seconds for one query here, 0 for any number; and when the current one has to end on SQLite (time.monotonic()).
_limit: ContextVar[float] = ContextVar("time_limit", default=0)
_deadline: ContextVar[float] = ContextVar("time_limit_deadline", default=0)
# The limit that a connection of PostgreSQL was told last. It keeps that, so that most requests tell it nothing.
_told: WeakKeyDictionary[Any, float] = WeakKeyDictionary()


class TimeLimitMiddleware:
    """Limits every query of a request to QUERY_SECONDS, and answers with a sentence where one took longer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        connection_created.connect(_tell_new, dispatch_uid="ops.console.limits.query_time")

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
    """Queries in the block may take as long as they do."""
    with _limited_to(0):
        yield


def unlimited_while_sent(chunks: Iterable[Any]) -> Iterator[Any]:
    """``chunks`` of a streamed answer, the queries for which may take as long as they do."""
    with unlimited():
        yield from chunks


def is_too_slow(error: BaseException) -> bool:
    """Whether an error is that of a query, or was caused by that of a query, that was broken off at its limit."""
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
        _tell()
        yield
    finally:
        _limit.reset(token)
        _deadline.set(0)
        if _limit.get():
            _tell()


def _tell_new(sender: Any, connection: Any, **rest: Any) -> None:
    if connection.alias == DEFAULT_DB_ALIAS:
        _tell()


def _tell() -> None:
    """Tell the connection the limit, if it is open and was told another one; a new one is told when it opens."""
    raw, seconds = connection.connection, _limit.get()
    if raw is None:
        return
    if connection.vendor == "sqlite":
        raw.set_progress_handler(_is_over if seconds else None, LOOK_EVERY)
    elif _told.get(raw, 0) != seconds:
        # Past Django's cursor, which begins a transaction. Where the connection is lost, its next query says so.
        with suppress(DatabaseError), connection.wrap_database_errors, raw.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {int(seconds * 1_000)}")
            _told[raw] = seconds


def _begin(execute: Callable[..., Any], *args: Any) -> Any:
    """Around each query of a request, for SQLite."""
    seconds = _limit.get()
    _deadline.set(time.monotonic() + seconds if seconds else 0)
    return execute(*args)


def _is_over() -> bool:
    """SQLite asks this while it works, and breaks off where it is true."""
    return 0 < _deadline.get() < time.monotonic()
