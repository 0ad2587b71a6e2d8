"""Strict readers of environment variables: nonsense stops the start with a sentence that says what to write instead."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})


def refuse(name: str, value: str, expected: str) -> ImproperlyConfigured:
    """The error for variable ``name`` holding ``value`` where ``expected`` (a noun phrase) is wanted."""
    return ImproperlyConfigured(f"The environment variable {name} is {value!r}; it should be {expected}.")


def text(name: str, default: str = "") -> str:
    """The variable without blanks at either end; ``default`` where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    """A yes-or-no variable. Raises ImproperlyConfigured for anything that is neither."""
    value = text(name)
    if not value:
        return default
    if value.lower() in YES:
        return True
    if value.lower() in NO:
        return False
    raise refuse(name, value, "true or false")


def number(name: str, default: int, *, least: int = 0) -> int:
    """A whole number of at least ``least``. Raises ImproperlyConfigured for anything else."""
    value = text(name)
    if not value:
        return default
    if not value.isdecimal() or int(value) < least:
        raise refuse(name, value, f"a whole number, {least} or more")
    return int(value)


def names(name: str, default: list[str]) -> list[str]:
    """Host names separated by commas. Raises ImproperlyConfigured where one holds a blank, a scheme or a path."""
    values = [part.strip() for part in text(name).split(",") if part.strip()]
    for value in values:
        if "/" in value or " " in value:
            raise refuse(name, value, "host names separated by commas, such as console.example.org,10.0.0.5")
    return values or default


def origins(name: str) -> list[str]:
    """Origins (scheme and host) separated by commas. Raises ImproperlyConfigured where a scheme is missing."""
    values = [part.strip() for part in text(name).split(",") if part.strip()]
    for value in values:
        if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc:
            raise refuse(name, value, "origins separated by commas, such as https://console.example.org")
    return values


def database(name: str, default: Path) -> dict[str, Any]:
    """A Django database entry from a URL; the SQLite file ``default`` where the variable is unset.

    Takes ``postgres://user:password@host:port/name`` and ``sqlite:///path``; raises ImproperlyConfigured for others.
    """
    value = text(name, f"sqlite:///{default}")
    expected = "postgres://user:password@host:5432/name or sqlite:////absolute/path.sqlite3"
    if urlsplit(value).scheme not in ("postgres", "postgresql", "sqlite"):
        raise refuse(name, value, expected)
    try:
        entry = dict(dj_database_url.parse(value))
    except (ValueError, KeyError) as error:
        raise refuse(name, value, expected) from error
    if not entry.get("NAME"):
        raise refuse(name, value, expected)
    return entry


def redis(name: str) -> str:
    """A Redis URL, or an empty string where the variable is unset. Raises ImproperlyConfigured for another scheme."""
    value = text(name)
    if value and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        raise refuse(name, value, "redis://host:6379/0, rediss://… or unix://…")
    return value


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of ``allowed``, in any case. Raises ImproperlyConfigured for anything else."""
    value = text(name, default).upper()
    if value not in allowed:
        raise refuse(name, value, "one of " + ", ".join(allowed))
    return value
