"""Recording changes of accounts and roles: usernames, passwords, flags, groups and permissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import get_hasher, identify_hasher, is_password_usable
from django.contrib.auth.models import Group, Permission

from ops.audit import recording
from ops.audit.details import Key
from ops.audit.events import Event

FLAGS = ("is_active", "is_staff", "is_superuser")
RECORDED_FIELDS = frozenset({*FLAGS, "password", "username"})
ANONYMISED = "anonymised_at"  # when the account was anonymised


def snapshot(user: Any, *, using: str, fields: Iterable[str] | None) -> None:
    """Load the stored values of an account before it is saved; no query if no recorded field is saved."""
    user._stored_before = None
    if user.pk is not None and (fields is None or RECORDED_FIELDS & set(fields)):
        stored = type(user)._default_manager.using(using).filter(pk=user.pk)
        user._stored_before = stored.values(*RECORDED_FIELDS, ANONYMISED).first()


def record_saved(user: Any, *, by: Any, using: str, fields: Iterable[str] | None) -> None:
    """Record which of username, flags and password a save changed; of a new account, only the flags.

    Skips the save that anonymises an account: that is recorded as a deletion, and an entry about the account would lead
    from the deletion to its number.
    """
    saved = RECORDED_FIELDS if fields is None else RECORDED_FIELDS & set(fields)
    if not saved:
        return
    # A new account is compared with an ordinary one: active, not staff.
    before = user.__dict__.pop("_stored_before", None)
    anonymised = user.anonymised_at is not None and (fields is None or ANONYMISED in fields)
    if before and before[ANONYMISED] is None and anonymised:
        return
    flags = before or {"is_active": True, "is_staff": False, "is_superuser": False}
    changed = {
        name: {"before": flags[name], "after": getattr(user, name)}
        for name in FLAGS
        if name in saved and flags[name] != getattr(user, name)
    }
    if before and "username" in saved and user.get_username() != before["username"]:
        # Both names are in the reason, which is redacted when the person is erased.
        names = f"“{before['username']}” is called “{user.get_username()}” now."
        recording.record(Event.RENAMED, actor=by, target=user, reason=names, using=using)
    if changed:
        recording.record(Event.ROLES_CHANGED, actor=by, target=user, details=changed, using=using)
    if before and "password" in saved and _is_new_password(user, before["password"], saved):
        recording.record(Event.PASSWORD_CHANGED, actor=by, target=user, using=using)


def _is_new_password(user: Any, stored: str, saved: Iterable[str]) -> bool:
    """Return whether the password itself changed. Signing in may rehash the same one with newer settings."""
    rehashed = (
        set(saved) == {"password"}
        and user._password is None
        and is_password_usable(user.password)
        and _needs_rehash(stored)
    )
    return user.password != stored and not rehashed


def _needs_rehash(encoded: str) -> bool:
    """Return whether Django rehashes this password when it is next used (the rule in ``verify_password``)."""
    preferred = get_hasher("default")
    try:
        return identify_hasher(encoded).algorithm != preferred.algorithm or preferred.must_update(encoded)
    except ValueError:  # the hasher is no longer installed, so nobody can sign in with this password
        return False


def record_relation(
    through: Any, instance: Any, *, reverse: bool, keys: set[Any] | None, kind: str, by: Any, using: str
) -> None:
    """Record that groups or permissions were added to users or groups, or are about to be removed.

    ``kind`` is "added" or "removed"; ``keys`` are the primary keys on the other side, None for all. Reads the rows of
    the ``through`` table, so that a relation that does not exist is not recorded as removed.
    """
    field = next(field for field in relations() if field.remote_field.through is through)
    owner, granted = field.m2m_field_name(), field.m2m_reverse_field_name()
    this, other = (granted, owner) if reverse else (owner, granted)
    rows = through._default_manager.using(using).filter(**{this: instance.pk})
    if keys is not None:
        rows = rows.filter(**{f"{other}__in": keys})
    granted_by_owner = defaultdict(list)
    for owner_key, granted_key in rows.values_list(owner, granted):
        granted_by_owner[owner_key].append(granted_key)
    granted_keys = _keys(field.related_model, {key for keys in granted_by_owner.values() for key in keys}, using)
    for target in field.model._default_manager.using(using).filter(pk__in=granted_by_owner).order_by("pk"):
        changed = sorted(granted_keys[key] for key in granted_by_owner[target.pk])
        details = {"field": Key(field.name), kind: changed}
        event = Event.GROUP_CHANGED if isinstance(target, Group) else Event.ROLES_CHANGED
        label = target.name if isinstance(target, Group) else None
        recording.record(event, actor=by, target=target, details=details, label=label, using=using)


def relations() -> list[Any]:
    """Return the many-to-many fields that grant permissions."""
    user = get_user_model()
    return [
        user._meta.get_field("groups"),
        user._meta.get_field("user_permissions"),
        Group._meta.get_field("permissions"),
    ]


def through_models() -> list[Any]:
    """Return the through models of ``relations()``, whose rows are recorded by signal receivers."""
    return [field.remote_field.through for field in relations()]


def _keys(model: Any, keys: set[Any], using: str) -> dict[Any, Any]:
    """Return how details name groups (by number, since people choose their names) or permissions, by primary key."""
    if model is not Permission:
        return {key: key for key in keys}
    permissions = Permission.objects.using(using).filter(pk__in=keys).select_related("content_type")
    return {row.pk: Key(f"{row.content_type.app_label}.{row.codename}") for row in permissions}
