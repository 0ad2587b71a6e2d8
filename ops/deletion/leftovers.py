"""The steps that remove a person's remaining data after the account: those of all rooms, and this room's own.

Steps share transactions unless one fails. The receipt shows the outcome of each.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, Q
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from messaging import page_cache
from messaging.people.naming import NamePattern, name_pattern
from ops.console.erasure import NAME_ERASED, PARTIAL, REMOVED, Outcome, Step, outcome
from ops.console.rooms import rooms
from ops.deletion.models import OPEN, DeletionRequest, ErasedIdentifier, Hold
from ops.jobs.run import Run
from ops.jobs.sqlite import reset_wal

KEPT_PAGES = "views.decorators.cache."  # prefix of the cache keys of Django's cache_page
LONGEST_REASON = 1_000  # characters, max_length of these columns
WRITTEN: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (DeletionRequest, ("reason",)),
    (Hold, ("reason", "lift_reason")),
    (ErasedIdentifier, ("lift_reason",)),
)
# Sealed with the receipt in English, and translated when shown.
LOCAL_MEMORY = gettext_noop("Other processes keep pages in their own memory for a minute at most.")
REDIS_AWAY = gettext_noop("Redis could not be reached: what it keeps expires within a minute.")
READERS = gettext_noop(
    "The database was being read all the time: the write-ahead log is emptied by one of the next checkpoints."
)
NOT_OVERWRITTEN = gettext_noop("This connection does not overwrite what it deletes (PRAGMA secure_delete).")
VACUUM = gettext_noop("PostgreSQL overwrites the space of deleted rows after its next VACUUM.")
CHECKPOINTS, CHECKPOINT_PAUSE = 20, 0.2  # attempts, and seconds between them


def steps() -> list[Step]:
    """Return the steps of all rooms in the order in which they run."""
    return sorted((step for room in rooms() for step in room.erasure_steps()), key=lambda step: step.order)


def step_words() -> dict[str, str]:
    """Return the words for each step on a receipt, by the step's name."""
    first = {
        "messages": gettext("Messages, histories, notifications"),
        "account": gettext("The account and its sign-in"),
    }
    return first | {step.name: str(step.label) for step in steps()}


def _admin_log(request: DeletionRequest, _: Any) -> Outcome:
    """Delete entries of Django's own log, which the console does not write, but an older installation may have."""
    log = apps.get_model("admin", "LogEntry")._default_manager
    kind = get_user_model()._meta
    about = Q(
        content_type__app_label=kind.app_label, content_type__model=kind.model_name, object_id=str(request.user_id)
    )
    return outcome(log.filter(about | Q(user_id=request.user_id)).delete()[0])


def _requests(request: DeletionRequest, _: Any) -> Outcome:
    """Remove copies of the name, and reasons, from this request and earlier ones. Later steps do not have the name."""
    pattern = name_pattern(request.names)
    request.username = request.email = request.reason = ""
    empty_names(request.user_id)  # for anonymised accounts: ``signals.py`` does it whenever an account is deleted
    if request.anonymises:
        DeletionRequest.objects.filter(user=request.user_id).exclude(pk=request.pk).update(user=None)
        request.user = None
    if pattern is not None:
        _redact_elsewhere(pattern)
    return Outcome(REMOVED)


def empty_names(user_id: Any, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Empty names and reasons in closed requests and in holds. Open requests still need them."""
    requests = DeletionRequest.objects.using(using).filter(user=user_id).exclude(state__in=OPEN)
    requests.update(username="", email="", reason="")
    Hold.objects.using(using).of(user_id).update(reason="", lift_reason="")


def _redact_elsewhere(pattern: NamePattern) -> None:
    """Replace the name in reasons about other people; the rest of their text is kept."""
    for model, columns in WRITTEN:
        rows = model._default_manager.exclude(**dict.fromkeys(columns, "")).order_by("pk")
        for pk, *texts in list(rows.values_list("pk", *columns)):
            without = [pattern.sub(NAME_ERASED, text)[:LONGEST_REASON] for text in texts]
            if without != texts:
                model._default_manager.filter(pk=pk).update(**dict(zip(columns, without, strict=True)))


def _caches(request: DeletionRequest, _: Any) -> Outcome:
    """Invalidate all cached pages, and delete them from Redis or from the memory of this process."""
    # Done when the account went, too; later steps emptied what moderators sent, which participants' pages show.
    page_cache.invalidate_all()
    if settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
        cache.clear()
        return Outcome(PARTIAL, LOCAL_MEMORY)
    shared: Any = cache
    if shared.delete_prefix(KEPT_PAGES) is None:
        return Outcome(PARTIAL, REDIS_AWAY)
    return Outcome(REMOVED)


def _overwrite(request: DeletionRequest, run: Run) -> str:
    """Overwrite deleted rows in SQLite's files; returns a sentence on what may remain, or ""."""
    if connection.vendor != "sqlite":
        return VACUUM
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        if not cursor.fetchone()[0]:
            return NOT_OVERWRITTEN
        for _ in range(CHECKPOINTS):
            if reset_wal("TRUNCATE"):
                return ""
            if connection.in_atomic_block:
                break
            run.wait(CHECKPOINT_PAUSE)
    return READERS


def _database_file(request: DeletionRequest, note: str) -> Outcome:
    return Outcome(PARTIAL if note else REMOVED, note)


# The names are emptied near the end. The last step overwrites the deleted rows in the database's files.
STEPS = (
    Step("admin_log", gettext_lazy("Django’s own log"), _admin_log, order=40),
    Step("requests", gettext_lazy("Names and reasons in deletion requests and holds"), _requests, order=90),
    Step("caches", gettext_lazy("Pages in caches"), _caches, order=95),
    Step("database_file", gettext_lazy("Freed space in the database"), _database_file, _overwrite, order=99),
)
