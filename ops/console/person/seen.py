"""Which people a user may see: those of whom a room shows the user something (``Room.shows_people``). Without this,
anybody could list all names by counting up primary keys."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from ops.console.person import tabs
from ops.console.rooms import rooms


def seen_by(user: Any, people: Any) -> Any:
    """Return those of ``people`` (a queryset of accounts) of whom any room shows ``user`` something."""
    shown = [one for room in rooms() for one in room.shows_people(user)]
    if any(one is True for one in shown):
        return people
    conditions = [Q(one) for one in shown if not isinstance(one, bool)]
    return people.filter(reduce(or_, conditions)) if conditions else people.none()


def address_of(key: Any, *, user: Any) -> str:
    """Return the address of the page of the person with this primary key; "" if ``user`` may not open it or there is
    no such person."""
    address = tabs.address_of(key, user=user)
    people = get_user_model()._default_manager.filter(pk=key)
    return address if address and seen_by(user, people).exists() else ""
