"""What is left of a person when their account is gone: each kind is one step with an outcome for the receipt.

A step prepares outside of the transaction (slow reading, what no transaction allows) and does within it. Doing it again
is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, Q
from django.dispatch import Signal

from messaging import pages
from ops.accounts import sessions, throttling
from ops.accounts.deletion_models import OPEN, DeletionRequest, ErasedIdentifier, Mode
from ops.accounts.hold_models import Hold
from ops.audit import scrubbing
from ops.jobs.running import Run
from ops.jobs.write_ahead import begun_anew

# Sent with ``user_id``, ``username``, ``email`` and ``anonymised`` when an account was erased or anonymised, perhaps
# more than once. Receivers remove what they keep of the person and return [(step, outcome, note)] for the receipt, or
# None; ``step`` is a key of receipts.STEP_WORDS. What they raise has them asked again later.
account_erased = Signal()

REMOVED, NONE, PARTIAL = "removed", "none", "partial"
Outcomes = Iterable[tuple[str, str, str]]

KEPT_PAGES = "views.decorators.cache."  # what the keys of Django's cache_page begin with
SCRUBBED_BECAUSE = "The account was erased."
NAME_ERASED = "[erased]"  # what stands in place of a name
LONGEST_REASON = 1_000  # characters that each of these columns has room for
WRITTEN: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (DeletionRequest, ("reason",)),
    (Hold, ("reason", "lift_reason")),
    (ErasedIdentifier, ("lift_reason",)),
)
LOCAL_MEMORY = "Other processes keep pages in their own memory, for a minute at most."
REDIS_AWAY = "Redis could not be reached: what it keeps goes by itself, within a minute."
READERS = "Somebody was reading all the time: the write-ahead log is emptied by one of the next checkpoints."
NOT_OVERWRITTEN = "This connection does not overwrite what it deletes (PRAGMA secure_delete)."
VACUUM = "PostgreSQL overwrites the space of deleted rows after its next VACUUM."
CHECKPOINTS, CHECKPOINT_PAUSE = 20, 0.2  # tries, and seconds between them


class Step(NamedTuple):
    """One kind of what is left. ``do`` gets the request and what ``prepare`` returned."""

    name: str
    do: Callable[[DeletionRequest, Any], Outcomes]
    prepare: Callable[[DeletionRequest, Run], Any] = lambda request, run: None


def _outcome(rows: int) -> str:
    return REMOVED if rows else NONE


def _names(request: DeletionRequest) -> list[str]:
    return [name for name in (request.username, request.email) if name]


def _entries_that_name(request: DeletionRequest, run: Run) -> list[int]:
    return scrubbing.entries_naming(_names(request), user_id=request.user_id, progress=run.beat)


def _audit_trail(request: DeletionRequest, named: list[int]) -> Outcomes:
    by = get_user_model().objects.filter(pk=request.requested_by_id).exclude(pk=request.user_id).first()
    entry = scrubbing.scrub_person(
        request.user_id,
        by=by,
        reason=SCRUBBED_BECAUSE,
        named=named,
        anonymised=request.group.mode == Mode.ANONYMISE,
    )
    rows = entry.details["as_actor"] + entry.details["as_target"] + len(named)
    return [("audit_trail", _outcome(rows), "")]


def _sessions(request: DeletionRequest, _: Any) -> Outcomes:
    return [("sessions", _outcome(sessions.end_all(request.user_id)), "")]


def _sign_ins(request: DeletionRequest, _: Any) -> Outcomes:
    return [("sign_ins", _outcome(throttling.forget(request.username)), "")]


def _admin_log(request: DeletionRequest, _: Any) -> Outcomes:
    """Django's own log is not written here, but an older installation may have left something in it."""
    log = apps.get_model("admin", "LogEntry")._default_manager
    kind = get_user_model()._meta
    about = Q(
        content_type__app_label=kind.app_label, content_type__model=kind.model_name, object_id=str(request.user_id)
    )
    return [("admin_log", _outcome(log.filter(about | Q(user_id=request.user_id)).delete()[0]), "")]


def _others(request: DeletionRequest, _: Any) -> Outcomes:
    """What other parts of the console keep: each is asked, and all are asked again where one fails."""
    found: list[tuple[str, str, str]] = []
    failure = None
    for _receiver, answer in account_erased.send_robust(
        sender=None,
        user_id=request.user_id,
        username=request.username,
        email=request.email,
        anonymised=request.group.mode == Mode.ANONYMISE,
    ):
        if isinstance(answer, Exception):
            failure = answer
        else:
            found += answer or []
    if failure is not None:
        raise failure
    return found


def _requests(request: DeletionRequest, _: Any) -> Outcomes:
    """Copies of the name and reasons written by hand; also of earlier requests. After this, nobody knows the name."""
    pattern = scrubbing.pattern_of(_names(request))
    request.username = request.email = request.reason = ""
    empty_names(request.user_id)
    if pattern is not None:
        _take_out_elsewhere(pattern)
    return [("requests", REMOVED, "")]


def empty_names(user_id: Any, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Empty names and reasons in what is over: requests that came to nothing, and holds. An open request needs them."""
    requests = DeletionRequest.objects.using(using).filter(user=user_id).exclude(state__in=OPEN)
    requests.update(username="", email="", reason="")
    Hold.objects.using(using).of(user_id).update(reason="", lift_reason="")


def _take_out_elsewhere(pattern: re.Pattern[str]) -> None:
    """Take a name out of what was written about others, who may have been asked for together with this person: the
    rest of it is still needed there."""
    for model, columns in WRITTEN:
        rows = model._default_manager.exclude(**dict.fromkeys(columns, "")).order_by("pk")
        for pk, *texts in list(rows.values_list("pk", *columns)):
            without = [pattern.sub(NAME_ERASED, text)[:LONGEST_REASON] for text in texts]
            if without != texts:
                model._default_manager.filter(pk=pk).update(**dict(zip(columns, without, strict=True)))


def _caches(request: DeletionRequest, _: Any) -> Outcomes:
    """Nobody is shown a kept page again, and none stays in the memory of Redis, or of this process."""
    pages.forget_all()
    if settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
        cache.clear()
        return [("caches", PARTIAL, LOCAL_MEMORY)]
    shared: Any = cache
    if shared.delete_beginning(KEPT_PAGES) is None:
        return [("caches", PARTIAL, REDIS_AWAY)]
    return [("caches", REMOVED, "")]


def _overwrite(request: DeletionRequest, run: Run) -> str:
    """What is still to be found of deleted rows in the files of the database, as a sentence; "" for nothing."""
    if connection.vendor != "sqlite":
        return VACUUM
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        if not cursor.fetchone()[0]:
            return NOT_OVERWRITTEN
        for _ in range(CHECKPOINTS):
            if begun_anew("TRUNCATE"):
                return ""
            if connection.in_atomic_block:
                break
            run.wait(CHECKPOINT_PAUSE)
    return READERS


def _database_file(request: DeletionRequest, note: str) -> Outcomes:
    return [("database_file", PARTIAL if note else REMOVED, note)]


# Names are needed until "requests", and the last step takes out of the files what the others left there.
STEPS = (
    Step("audit_trail", _audit_trail, _entries_that_name),
    Step("sessions", _sessions),
    Step("sign_ins", _sign_ins),
    Step("admin_log", _admin_log),
    Step("others", _others),
    Step("requests", _requests),
    Step("caches", _caches),
    Step("database_file", _database_file, _overwrite),
)
