"""Recording who did and read what.

Wrap an action and its entry in one ``transaction.atomic()``, so that neither is stored without the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models, transaction
from django.db.models.signals import post_save
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from messaging.database.alike import bulk_insert
from ops.audit import context
from ops.audit.details import check_details
from ops.audit.events import Event, declared
from ops.audit.models import SUPERUSER, Entry
from ops.audit.sealing import chain
from ops.audit.sealing.canonical import storable_text

# A model instance, (type, id) such as ("messaging.conversation", 12), or a model class for its list.
Target = models.Model | tuple[str, Any] | type[models.Model] | None


MAX_REFUSED_SIGN_INS = 1_000  # failed sign-ins recorded one by one within the interval
REFUSED_SIGN_INS_INTERVAL = timedelta(hours=1)


class NotRecorded(Exception):
    """The entry could not be stored, so the action must not happen. The message is shown to the user."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This was refused because it could not be recorded in the audit trail. Try again in a minute; "
                "if it happens again, tell the system administrator."
            )
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
    """Record ``event`` by ``actor`` (None: nobody) in the caller's transaction; NotRecorded, if raised, rolls it back.
    ``details`` hold keys and numbers; names and text belong in ``label`` (default: the target's name) or ``reason``."""
    # Details cannot be scrubbed. The entry is sealed after the commit.
    entry = new_entry(event, actor=actor, target=target, details=details, reason=reason, label=label)
    return _store(entry, using)


def record_each(
    event: str, about: Iterable[tuple[models.Model, Any]], *, actor: Any, using: str = DEFAULT_DB_ALIAS
) -> None:
    """Record the same ``event`` for several targets, each with its details, as ``record`` does for one.

    Inserts thousands of entries per statement. Raises NotRecorded if they cannot be stored.
    """
    entries: list[Entry] = []
    for target, details in about:
        if not entries:
            entries.append(new_entry(event, actor=actor, target=target, details=details))
            entries[0].prepare()
            continue
        check_details(details)
        target_type, target_id, label = _describe_target(target)
        entries.append(entries[0].alike(target_type, target_id, label, details))
    if entries:
        try:
            bulk_insert(entries, using=using)
        except DatabaseError as error:
            raise NotRecorded from error
        announce(entries[0], using)  # once for all of them
        _seal_after_commit(using)


def announce(entry: Entry, using: str) -> None:
    """Send ``post_save``, which dashboards receive, for an entry that was stored by a statement without signals."""
    post_save.send(Entry, instance=entry, created=True, raw=False, using=using, update_fields=None)


def record_refused_sign_in(username: str, *, locks_out: bool = False, confirming: Any = None) -> None:
    """Record a failed sign-in, or that ``confirming``, who is signed in, mistyped their password; and the lock-out.

    Entries of a sign-in have no actor; their target is the account with this username, if any. After
    MAX_REFUSED_SIGN_INS in an hour, one entry records that the rest of this hour's are left out, so that nobody can
    flood the trail from outside.
    """
    refused = Event.SIGN_IN_REFUSED if confirming is None else Event.CONFIRMATION_REFUSED
    since = timezone.now() - REFUSED_SIGN_INS_INTERVAL
    lately = Entry.objects.filter(at__gt=since)
    if lately.filter(event=refused)[:MAX_REFUSED_SIGN_INS].count() == MAX_REFUSED_SIGN_INS:
        if not lately.filter(event=Event.SIGN_INS_LEFT_OUT).exists():
            record(Event.SIGN_INS_LEFT_OUT, actor=None, details={"recorded": MAX_REFUSED_SIGN_INS})
        return
    user = get_user_model()._default_manager.filter(username=storable_text(username, 150)).first()
    for event in (refused, *([Event.SIGN_IN_LOCKED] if locks_out else [])):
        entry = new_entry(event, actor=confirming, target=user)
        entry.actor_name = username
        _store(entry, DEFAULT_DB_ALIAS)


def new_entry(
    event: str,
    *,
    actor: Any,
    target: Target = None,
    details: Any = None,
    reason: str = "",
    label: str | None = None,
    role: str | None = None,
) -> Entry:
    """Return an unsaved entry with copies of the names and of the current request's facts. Looks up the actor's role
    unless ``role`` is given."""
    if event not in declared():
        raise ValueError(f"No room declares the event {event}: name it in its events (Room.events).")
    check_details(details)
    facts = context.current()
    actor = actor if actor is not None and actor.is_authenticated else None
    target_type, target_id, own_label = _describe_target(target)
    return Entry(
        event=event,
        actor_id=actor.pk if actor else None,
        actor_name=actor.get_username() if actor else "",
        actor_role=role if role is not None else role_of(actor) if actor else "",
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
    """Return the names of a user's roles, or "superuser"."""
    if user.is_superuser:
        return SUPERUSER
    return ", ".join(user.groups.order_by("name").values_list("name", flat=True))


def _store(entry: Entry, using: str) -> Entry:
    try:
        entry.save(using=using)
    except DatabaseError as error:
        raise NotRecorded from error
    _seal_after_commit(using)
    return entry


def _describe_target(target: Target) -> tuple[str, str, str]:
    """Return the type, id and label of a target."""
    if target is None:
        return "", "", ""
    if isinstance(target, tuple):
        return target[0], str(target[1]), ""
    if isinstance(target, type):
        return target._meta.label_lower, "", _in_english(target._meta.verbose_name_plural)
    # Not str(target), which may contain a message's text.
    opts = target._meta
    label = target.get_username() if isinstance(target, get_user_model()) else f"{name_of(type(target))} {target.pk}"
    return opts.label_lower, str(target.pk), label


def _seal_after_commit(using: str) -> None:
    """Schedule sealing once per transaction, however many entries it has. Twice would be harmless but costs a query."""
    callbacks = connections[using].run_on_commit
    sealing = chain.after_commit(using)
    # A callback registered in a released savepoint is dropped with the enclosing savepoint, and so is this entry.
    if not callbacks or callbacks[-1][1] is not sealing:
        transaction.on_commit(sealing, using=using, robust=True)


@cache
def name_of(model: type[models.Model]) -> str:
    """Return the name of a model in entries."""
    return _in_english(model._meta.verbose_name)


def _in_english(name: Any) -> str:
    """Return a model's name in English, whatever the actor's language."""
    with translation.override("en"):
        return str(capfirst(str(name)))
