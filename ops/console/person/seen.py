"""Who may know that there is a person with some number: those to whom a room shows something of that person
(``Room.shows_people``). Otherwise names could be read off by counting numbers up."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from ops.console.person import tabs
from ops.console.rooms import rooms


def seen_by(user: Any, people: Any) -> Any:
    """Those of ``people`` (a queryset of accounts) of whom any room shows ``user`` something."""
    shown = [one for room in rooms() for one in room.shows_people(user)]
    if any(one is True for one in shown):
        return people
    conditions = [Q(one) for one in shown if not isinstance(one, bool)]
    return people.filter(reduce(or_, conditions)) if conditions else people.none()


def address_of(key: Any, *, user: Any) -> str:
    """The page of the person with this primary key; "" if there is none, or none that opens for ``user``."""
    address = tabs.address_of(key, user=user)
    people = get_user_model()._default_manager.filter(pk=key)
    return address if address and seen_by(user, people).exists() else ""
