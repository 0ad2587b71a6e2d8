"""Who asks for the addresses of the console, and what each of them gets, as the rooms' tables say.

Each room has a table of its addresses in ``tests/addresses.py``, and ``keys``: the keys of rows that the addresses are
about, by the beginning of their routes, longer beginnings first. ``UNASKED`` says of each address that takes a form why
it does not ask for the password first (by name, ``*`` for any letters); whoever can give power asks.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from ops.console.rooms import rooms

# Who asks, and what they are. Nobody is not signed in, Alice is a participant, Nils is staff without a role.
ROLE_OF = {"rita": "Reviewer", "lena": "Lead", "sue": "Support", "dan": "Data operator", "otto": "Auditor"}
PEOPLE = ("nobody", "alice", "nils", *ROLE_OF, "rosa")

# What they get: one word for GET and POST alike, or GET/POST.
#   in   is sent to the sign-in page     no   is refused: 403      ok   gets the page
#   go   is sent on to another page      --   there is none: 404   x    cannot be asked that way: 405
# An address with a name of its own has that name, another one its route; after an =, what it is asked about.


def tables() -> list[ModuleType]:
    """The module of each room that has addresses."""
    names = (f"{room.name}.tests.addresses" for room in rooms())
    return [import_module(name) for name in names if find_spec(name.rpartition(".")[0]) and find_spec(name)]


def expected() -> dict[str, dict[str, str]]:
    """What each of PEOPLE gets, by the name of the address."""
    lines = (line for table in tables() for line in table.TABLE.splitlines())
    cells = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: dict(zip(PEOPLE, what, strict=True)) for name, *what in cells}


def keys_of_rows(alice: Any, bob: Any, message: Any) -> dict[str, Any]:
    """The keys of all rooms: of rows about Alice, Bob and a message between them, which was edited and answered."""
    return {route: key for table in tables() for route, key in table.keys(alice, bob, message).items()}


def unasked() -> dict[str, str]:
    """Why an address does what it does without asking for the password first, by its name or a pattern of names."""
    return {name: because for table in tables() for name, because in getattr(table, "UNASKED", {}).items()}
