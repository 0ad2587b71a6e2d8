"""The people who request the console's addresses, and the response to each, as listed in the rooms' tables.

Each room has a table of its addresses in ``tests/addresses.py``, and ``keys``: the keys of the rows in its addresses,
by the beginning of their routes, longer beginnings first. ``UNASKED`` gives the reason why an address that takes a form
does not require the password first (by name, ``*`` for any letters); addresses that can give power require it.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from ops.console.rooms import rooms

# Who requests pages, and their roles. Nobody is not signed in, Alice is a participant, Nils is staff without a role.
ROLE_OF = {"rita": "Reviewer", "lena": "Lead", "sue": "Support", "dan": "Data operator", "otto": "Auditor"}
PEOPLE = ("nobody", "alice", "nils", *ROLE_OF, "rosa")

# Responses: one word for both GET and POST, or GET/POST.
#   in   redirected to sign in            no   refused: 403         ok   gets the page
#   go   redirected to another page       --   not found: 404       x    method not allowed: 405
# An address is listed by its name, or by its route if it has none; its argument follows an =.


def tables() -> list[ModuleType]:
    """Return the module of each room that has addresses."""
    names = (f"{room.name}.tests.addresses" for room in rooms())
    return [import_module(name) for name in names if find_spec(name.rpartition(".")[0]) and find_spec(name)]


def expected() -> dict[str, dict[str, str]]:
    """Return the response to each of PEOPLE, by the name of the address."""
    lines = (line for table in tables() for line in table.TABLE.splitlines())
    cells = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: dict(zip(PEOPLE, what, strict=True)) for name, *what in cells}


def keys_of_rows(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    """Return the keys of all rooms, for rows about Alice, Bob and an edited and answered message between them."""
    return {route: key for table in tables() for route, key in table.keys(alice, bob, message).items()}


def unasked() -> dict[str, str]:
    """Return the reason why an address does not require the password first, by its name or a pattern of names."""
    return {name: because for table in tables() for name, because in getattr(table, "UNASKED", {}).items()}
