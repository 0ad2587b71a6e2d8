"""What changed about an account or a role, in words for an entry: passwords, flags, groups and permissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import get_hasher, identify_hasher, is_password_usable
from django.contrib.auth.models import Group, Permission

from ops.audit import recording
from ops.audit.events import Event

FLAGS = ("is_active", "is_staff", "is_superuser")
WATCHED = frozenset({*FLAGS, "password"})


def remember(user: Any, *, using: str, fields: Iterable[str] | None) -> None:
    """Keep what is stored of an account that is about to be saved; no query where nothing watched is saved."""
    user._stored_before = None
    if user.pk is not None and (fields is None or WATCHED & set(fields)):
        stored = type(user)._default_manager.using(using).filter(pk=user.pk)
        user._stored_before = stored.values(*WATCHED).first()


def record_saved(user: Any, *, by: Any, using: str, fields: Iterable[str] | None) -> None:
    """Record what a save changed: flags and passwords of an account, and the flags of a new one that is mighty."""
    saved = WATCHED if fields is None else WATCHED & set(fields)
    if not saved:
        return
    # An account begins active and as a participant.
    before = user.__dict__.pop("_stored_before", None)
    flags = before or {"is_active": True, "is_staff": False, "is_superuser": False}
    changed = {
        name: {"before": flags[name], "after": getattr(user, name)}
        for name in FLAGS
        if name in saved and flags[name] != getattr(user, name)
    }
    if changed:
        recording.record(Event.ROLES_CHANGED, actor=by, target=user, details=changed, using=using)
    if before and "password" in saved and _chose_password(user, before["password"], saved):
        recording.record(Event.PASSWORD_CHANGED, actor=by, target=user, using=using)


def _chose_password(user: Any, stored: str, saved: Iterable[str]) -> bool:
    """Whether somebody changed the password. Signing in may hash the same one anew, in Django's newer way."""
    hashed_anew = (
        set(saved) == {"password"}
        and user._password is None
        and is_password_usable(user.password)
        and _outdated(stored)
    )
    return user.password != stored and not hashed_anew


def _outdated(encoded: str) -> bool:
    """Whether Django hashes this password anew when it is next used (the rule of its ``verify_password``)."""
    preferred = get_hasher("default")
    try:
        return identify_hasher(encoded).algorithm != preferred.algorithm or preferred.must_update(encoded)
    except ValueError:  # hashed in a way that is not installed any more: nobody can sign in with it
        return False


def record_relation(
    through: Any, instance: Any, *, reverse: bool, keys: set[Any] | None, kind: str, by: Any, using: str
) -> None:
    """Record that groups or permissions were ``added`` to people or roles, or are about to be ``removed``.

    Everything is read from the rows between the two sides, so what was not there is not said to be removed. ``keys``
    are those of the other side, None for all.
    """
    field = next(field for field in relations() if field.remote_field.through is through)
    owner, thing = field.m2m_field_name(), field.m2m_reverse_field_name()
    this, other = (thing, owner) if reverse else (owner, thing)
    rows = through._default_manager.using(using).filter(**{this: instance.pk})
    if keys is not None:
        rows = rows.filter(**{f"{other}__in": keys})
    things_of = defaultdict(list)
    for owner_key, thing_key in rows.values_list(owner, thing):
        things_of[owner_key].append(thing_key)
    names = _names(field.related_model, {key for things in things_of.values() for key in things}, using)
    for target in field.model._default_manager.using(using).filter(pk__in=things_of).order_by("pk"):
        details = {"field": field.name, kind: sorted(names[key] for key in things_of[target.pk])}
        event = Event.GROUP_CHANGED if isinstance(target, Group) else Event.ROLES_CHANGED
        label = target.name if isinstance(target, Group) else None
        recording.record(event, actor=by, target=target, details=details, label=label, using=using)


def relations() -> list[Any]:
    """The many-to-many fields that say who may do what."""
    user = get_user_model()
    return [
        user._meta.get_field("groups"),
        user._meta.get_field("user_permissions"),
        Group._meta.get_field("permissions"),
    ]


def _names(model: Any, keys: set[Any], using: str) -> dict[Any, str]:
    """Groups by their names, permissions as ``app.codename``."""
    if model is Permission:
        permissions = Permission.objects.using(using).filter(pk__in=keys).select_related("content_type")
        return {row.pk: f"{row.content_type.app_label}.{row.codename}" for row in permissions}
    return dict(model._default_manager.using(using).filter(pk__in=keys).values_list("pk", "name"))
