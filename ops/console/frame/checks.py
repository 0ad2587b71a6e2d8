"""A check of ``manage.py check``: rooms must count a user's pending work by nothing personal but the user's key.

The query is cached for all users with the same permissions (counting.py), so they would share a wrong number.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError
from django.utils.dateparse import parse_datetime

from ops.console.frame.counting import ANYBODY, filled
from ops.console.rooms import Room, rooms


@register()
def what_waits_is_counted_by_the_key_alone(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that a room's query for one user, with another key inserted, equals its query for another user."""
    return [
        Error(
            f"What waits in {room.label} is counted by more of a person than their key and what they are and may do, "
            "or by something else that their key is compared with than a foreign key.",
            hint="The query is kept for all who may do the same, and asked with the key of each: see Room.waiting "
            "(ops/console/rooms.py).",
            obj=type(room),
            id="console.E004",
        )
        for room in rooms()
        if any(_differs(room, is_superuser) for is_superuser in (True, False))
    ]


def _differs(room: Room, is_superuser: bool) -> bool:
    with suppress(DatabaseError):  # it reads tables, which may not exist yet
        one, another = _made_up(3, is_superuser), _made_up(ANYBODY, is_superuser)
        return _counted(room, one) != _counted(room, another, put_in=one.pk)
    return False


def _made_up(key: int, is_superuser: bool) -> Any:
    """Return a user with all permissions, whose other values differ with the key."""
    name = f"person{key}"
    user: Any = get_user_model()(username=name, email=f"{name}@example.com", is_staff=True, is_superuser=is_superuser)
    user.pk, user.has_perm, user.get_all_permissions = key, lambda *_: True, lambda *_: set()
    return user


def _counted(room: Room, user: Any, *, put_in: Any = None) -> list[Any]:
    """Return the queries of a user's pending work, without times, which change between two calls."""
    found: list[Any] = []
    for one in room.waiting(user):
        try:
            sql, params = one.rows.query.get_compiler(one.rows.db).as_sql()
        except EmptyResultSet:
            sql, params = "", ()
        found.append((one.item, one.query, sql, [one for one in filled(params, put_in) if not _is_time(one)]))
    return found


def _is_time(param: Any) -> bool:
    return isinstance(param, datetime) or (isinstance(param, str) and parse_datetime(param) is not None)
