"""Recording who did and read what. No entry, no act: wrap the act and its entry in one ``transaction.atomic()``."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models, transaction
from django.utils import timezone
from django.utils.text import capfirst

from ops.audit import context
from ops.audit.events import Event, declared
from ops.audit.models import Entry
from ops.audit.sealing import chain
from ops.audit.sealing.canonical import storable_text
from ops.console.rooms import rooms

READING_INTERVAL = timedelta(hours=1)  # one person's readings of one thing are one entry within it

# A model instance, (type, id) such as ("messaging.conversation", 12), or a model for its list.
Target = models.Model | tuple[str, Any] | type[models.Model] | None


class NotRecorded(Exception):
    """The entry could not be stored, so what it records must not happen. The text is for the person in front of it."""

    def __init__(self) -> None:
        super().__init__(
            "This was refused because it could not be recorded in the audit trail. Try again in a minute; "
            "if it happens again, tell whoever runs the console."
        )


def record(
    event: str,
    *,
    actor: Any,
    target: Target = None,
    details: Any = None,
    reason: str = "",
    label: str | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> Entry:
    """Record that ``actor`` (a user, or None for nobody) did ``event``, in the caller's transaction.

    ``label`` is what the target is called; by default a username, or the kind of thing with its id. ``details`` are
    JSON without texts of messages and without names of people, who could not be scrubbed from there: those belong
    into ``label`` and ``reason``. Raises NotRecorded where the entry cannot be stored; the caller's transaction then
    rolls back. The entry is sealed after the commit.
    """
    entry = new_entry(event, actor=actor, target=target, details=details, reason=reason, label=label)
    return _store(entry, using)


def record_reading(target: models.Model, *, actor: Any) -> Entry | None:
    """Record that ``actor`` opened ``target`` (a conversation, a message, a user), once per hour for both.

    Returns None where that was recorded already. Raises NotRecorded: the view then shows the sentence, not the page.
    """
    try:
        if _read_lately(target, actor):
            return None
        with transaction.atomic():
            _one_reading_at_a_time(target, actor)
            if _read_lately(target, actor):
                return None
            return record(_readings()[target._meta.label_lower], actor=actor, target=target)
    except DatabaseError as error:
        raise NotRecorded from error


def record_refused_sign_in(username: str) -> Entry:
    """Record that somebody failed to sign in under a name: nobody's act, about the account where there is one."""
    user = get_user_model()._default_manager.filter(username=storable_text(username, 150)).first()
    entry = new_entry(Event.SIGN_IN_REFUSED, actor=None, target=user)
    entry.actor_name = username
    return _store(entry, DEFAULT_DB_ALIAS)


def record_search(model: type[models.Model], *, actor: Any, terms: str, filters: Any, results: int | str) -> Entry:
    """Record a search of a model's list: terms, filters (what the address says) and how many rows it found.

    Terms are the entry's label, because they may be a person's name: what stands there can be scrubbed.
    """
    details = {"filters": filters, "results": results}
    return record(Event.SEARCH_MADE, actor=actor, target=model, details=details, label=terms)


@cache
def _readings() -> dict[str, str]:
    """The event that opening a row of a model is, as the rooms declare it."""
    return {model: event for room in rooms() for model, event in room.readings.items()}


def new_entry(
    event: str, *, actor: Any, target: Target = None, details: Any = None, reason: str = "", label: str | None = None
) -> Entry:
    """An entry with copies of who, what and where from, not stored yet."""
    if event not in declared():
        raise ValueError(f"No room declares the event {event}: name it in its events (Room.events).")
    facts = context.current()
    actor = actor if actor is not None and actor.is_authenticated else None
    target_type, target_id, own_label = _described(target)
    return Entry(
        event=event,
        actor_id=actor.pk if actor else None,
        actor_name=actor.get_username() if actor else "",
        actor_role=role_of(actor) if actor else "",
        target_type=target_type,
        target_id=target_id,
        target_label=own_label if label is None else label,
        details={} if details is None else details,
        reason=reason,
        request_id=facts.request_id,
        action=facts.action,
        ip=facts.ip,
        user_agent=facts.user_agent,
    )


def role_of(user: Any) -> str:
    """What made a person mighty: the names of their roles, or "superuser"."""
    if user.is_superuser:
        return "superuser"
    return ", ".join(user.groups.order_by("name").values_list("name", flat=True))


def _store(entry: Entry, using: str) -> Entry:
    try:
        entry.save(using=using)
    except DatabaseError as error:
        raise NotRecorded from error
    _seal_after_commit(using)
    return entry


def _described(target: Target) -> tuple[str, str, str]:
    """Type, id and label of a target."""
    if target is None:
        return "", "", ""
    if isinstance(target, tuple):
        return target[0], str(target[1]), ""
    if isinstance(target, type):
        return target._meta.label_lower, "", str(capfirst(target._meta.verbose_name_plural))
    # Not str(): what a model calls itself may hold a message's text.
    kind = target._meta
    label = (
        target.get_username() if isinstance(target, get_user_model()) else f"{capfirst(kind.verbose_name)} {target.pk}"
    )
    return kind.label_lower, str(target.pk), label


def _read_lately(target: models.Model, actor: Any) -> bool:
    since = timezone.now() - READING_INTERVAL
    entries = Entry.objects.about(target._meta.label_lower, target.pk).by_person(actor.pk)
    return entries.filter(event=_readings()[target._meta.label_lower], at__gt=since).exists()


def _one_reading_at_a_time(target: models.Model, actor: Any) -> None:
    """Make a second tab of the same person wait for the first; SQLite's transactions wait for each other anyway."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor == "postgresql":
        key = f"audit.reading {actor.pk} {target._meta.label_lower} {target.pk}"
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _seal_after_commit(using: str) -> None:
    """Seal once per transaction, however many entries it has: twice does no harm, but costs a look."""
    planned = connections[using].run_on_commit
    sealing = chain.SealAfterCommit(using)
    # What was planned in a savepoint that is over stays or falls with the savepoints around it, as this entry does.
    if not planned or planned[-1][1] != sealing:
        transaction.on_commit(sealing, using=using, robust=True)
