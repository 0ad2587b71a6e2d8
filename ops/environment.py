"""Strict readers of environment variables: an invalid value stops the start with a sentence that names a valid one.

Every variable may be given as ``NAME``, or as ``NAME_FILE``: a file that holds the value, for secrets. In development a
file of variables is read as well (``read_file``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import FileAwareEnv

variables = FileAwareEnv(strip_whitespace=True)

YES = frozenset({"1", "true", "yes", "on"})
NO = frozenset({"0", "false", "no", "off"})
REDIS_QUEUE = "django-tasks-rq==0.12.0"  # as in pyproject.toml
REDIS_SECONDS = 0.3  # longest wait of a page that starts a job for a silent Redis
SMTP_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
DURATION = re.compile(r"(?P<name>\w+)=(?P<number>\d{1,4})(?P<unit>[mhd])", re.ASCII)
PASSWORD = re.compile(r"(?<=:)[^:/@]+(?=@)")
ORIGIN = re.compile(r"(https|http|wss|ws)://(\*\.)?[\w.-]+(:\d+)?", re.ASCII)
DOMAIN = re.compile(r"([\w-]+\.)+[a-z][a-z0-9-]+", re.ASCII | re.IGNORECASE)
HASH = re.compile(r"'sha(256|384|512)-[A-Za-z0-9+/]+={0,2}'")


def invalid(name: str, value: str, expected: str) -> ImproperlyConfigured:
    """Return the error for variable ``name`` with ``value`` if ``expected`` (a noun phrase) is required."""
    # Without a password in a URL, because the sentence ends up in logs.
    shown = PASSWORD.sub("…", value)
    return ImproperlyConfigured(f"The environment variable {name} is {shown!r}; it should be {expected}.")


def text(name: str, default: str = "") -> str:
    """Return the variable, or the content of its file, without blanks at either end; ``default`` if unset or empty.

    Raises ImproperlyConfigured if both are given, or if the file cannot be read.
    """
    given = [one for one in (name, f"{name}_FILE") if os.environ.get(one, "").strip()]
    if len(given) > 1:
        raise ImproperlyConfigured(f"The environment variables {name} and {name}_FILE are both set: keep one of them.")
    if given == [name]:
        return os.environ[name].strip()
    try:
        return variables.str(name, "").strip() or default
    except (OSError, ValueError) as error:
        # The value is not repeated: it may be the secret itself by mistake, and the sentence ends up in logs.
        raise ImproperlyConfigured(
            f"The environment variable {name}_FILE should be the path of a file of text that Threadward may read; "
            "what it holds is none."
        ) from error


def secret(name: str, *, least: int) -> str:
    """Return a secret of at least ``least`` characters without blanks, or "" if unset. Raises ImproperlyConfigured for
    anything else, without repeating the value."""
    value = text(name)
    if value and (len(value) < least or not value.isascii() or not value.isprintable() or " " in value):
        raise ImproperlyConfigured(
            f"The environment variable {name} should be a secret of at least {least} ASCII characters without blanks "
            "(python -c 'import secrets; print(secrets.token_urlsafe(48))')."
        )
    return value


def read_file(path: Path) -> None:
    """Read variables from a file of ``NAME=value`` lines, if it exists; the environment itself wins. For development:
    in production, variables are set where processes are started."""
    if path.is_file():
        variables.read_env(path, recurse=False)


def folder(name: str, default: Path) -> Path:
    """Return a folder, created if it is missing. Raises ImproperlyConfigured if it cannot be created."""
    path = Path(text(name, str(default)))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise invalid(name, str(path), "a folder that Threadward may write to") from error
    return path


def flag(name: str, default: bool) -> bool:
    """Return a yes-or-no variable. Raises ImproperlyConfigured for anything else."""
    value = text(name)
    if not value:
        return default
    if value.lower() in YES:
        return True
    if value.lower() in NO:
        return False
    raise invalid(name, value, "true or false")


def number(name: str, default: int, *, least: int = 0) -> int:
    """Return a whole number of at least ``least``. Raises ImproperlyConfigured for anything else."""
    value = text(name)
    if not value:
        return default
    if not (value.isascii() and value.isdecimal()) or int(value) < least:
        raise invalid(name, value, f"a whole number, {least} or more")
    return int(value)


def durations(name: str, default: dict[str, timedelta]) -> dict[str, timedelta]:
    """Return lengths of time by name, such as ``threat=30m low=5d``; names not given keep their ``default``.

    Raises ImproperlyConfigured for an unknown or repeated name, for anything other than whole minutes (m), hours (h) or
    days (d) of at least one, and if one is longer than the next in the order of ``default``.
    """
    value, given = text(name), {}
    expected = f"lengths of time such as {' '.join(f'{one}=2h' for one in default)}, in m, h or d, the shortest first"
    for part in value.split():
        found = DURATION.fullmatch(part)
        if not found or found["name"] not in default or found["name"] in given or not int(found["number"]):
            raise invalid(name, value, expected)
        given[found["name"]] = int(found["number"]) * UNITS[found["unit"]]
    lengths = {**default, **given}
    if sorted(lengths.values()) != list(lengths.values()):
        raise invalid(name, value, expected)
    return lengths


def names(name: str, default: list[str]) -> list[str]:
    """Return host names separated by commas. Raises ImproperlyConfigured if one is more than a host name."""
    values = [part.strip() for part in text(name).split(",") if part.strip()]
    for value in values:
        if "/" in value or " " in value or (":" in value and not value.endswith("]")):
            raise invalid(name, value, "host names separated by commas, such as console.example.org,10.0.0.5")
    return values or default


def languages(name: str, known: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the codes of ``known`` languages separated by commas, each with its name; English if none is given.

    Raises ImproperlyConfigured for any other code, and for one that is given twice.
    """
    value = text(name, "en")
    codes, all_known = [part.strip().lower() for part in value.split(",")], dict(known)
    if len(set(codes)) != len(codes) or not set(codes) <= all_known.keys():
        raise invalid(name, value, "codes of languages that Django knows, each once, such as en,de,pt-br")
    return [(code, all_known[code]) for code in codes]


def origins(name: str) -> list[str]:
    """Return origins (scheme and host) separated by commas. Raises ImproperlyConfigured for anything else."""
    values = [part.strip() for part in text(name).split(",") if part.strip()]
    for value in values:
        expected = "origins separated by commas, such as https://console.example.org"
        parts = url(name, value, expected, schemes=("http", "https"))
        if not parts.netloc or value != f"{parts.scheme}://{parts.netloc}":
            raise invalid(name, value, expected)
    return values


def origin(name: str, default: str) -> str:
    """Return one origin (scheme and host). Raises ImproperlyConfigured for anything else."""
    value = text(name)
    if not value:
        return default
    expected = "an origin such as https://console.example.org"
    parts = url(name, value, expected, schemes=("http", "https"))
    if not parts.netloc or value != f"{parts.scheme}://{parts.netloc}":
        raise invalid(name, value, expected)
    return value


def site(hosts: list[str], *, https: bool, debug: bool) -> str:
    """Return the console's origin according to the other settings: its first host without a wildcard, or ""."""
    if debug:
        return f"http://{text('HOST', '127.0.0.1')}:{number('PORT', 8000)}"
    named = next((host for host in hosts if "*" not in host and not host.startswith(".")), "")
    return f"{'https' if https else 'http'}://{named}" if named else ""


def sources(name: str, *, scripts: bool = False) -> list[str]:
    """Return extra sources for a directive of the content security policy, separated by blanks or commas.

    Takes origins such as ``https://cdn.example.org``, hashes, and (not for ``scripts``) ``data:`` and ``blob:``. Raises
    ImproperlyConfigured for anything else: keywords such as ``'unsafe-inline'`` would switch the policy off.
    """
    values = text(name).replace(",", " ").split()
    for value in values:
        scheme = value in ("data:", "blob:") and not scripts
        if not (scheme or ORIGIN.fullmatch(value) or HASH.fullmatch(value)):
            schemes = "" if scripts else ", data:, blob:"
            raise invalid(
                name, value, f"origins such as https://cdn.example.org{schemes} or hashes, separated by blanks"
            )
    return values


def url(name: str, value: str, expected: str, *, schemes: tuple[str, ...]) -> SplitResult:
    """Return the parts of the URL ``value``. Raises ImproperlyConfigured if it is no URL or has another scheme."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it proves that it is a number
    except ValueError as error:
        raise invalid(name, value, expected) from error
    if parts.scheme not in schemes:
        raise invalid(name, value, expected)
    return parts


def database(name: str, default: Path) -> dict[str, Any]:
    """Return a Django database entry from a URL; the SQLite file ``default`` if the variable is unset.

    Takes ``postgres://user:password@host:port/name`` and ``sqlite:///path``; raises ImproperlyConfigured for others.
    """
    value = text(name, f"sqlite:///{default}")
    expected = "postgres://user:password@host:5432/name or sqlite:////absolute/path.sqlite3"
    url(name, value, expected, schemes=("postgres", "postgresql", "sqlite"))
    try:
        entry = dict(dj_database_url.parse(value))
    except (ValueError, KeyError) as error:
        raise invalid(name, value, expected) from error
    if not entry.get("NAME"):
        raise invalid(name, value, expected)
    return entry


def redis(name: str) -> str:
    """Return a Redis URL, or "" if the variable is unset. Raises ImproperlyConfigured for another scheme."""
    value = text(name)
    if value:
        url(name, value, "redis://host:6379/0, rediss://… or unix://…", schemes=("redis", "rediss", "unix"))
    return value


class Smtp(NamedTuple):
    """A server that sends e-mail; no ``host`` means no server."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starts_tls: bool = False
    is_ssl: bool = False


def mail(name: str) -> Smtp:
    """Return the server of a URL: ``smtp://user:password@host:587`` (encrypted by STARTTLS), ``smtps://…:465``, or, on
    the same machine, ``smtp+plain://localhost:25``. Raises ImproperlyConfigured for others."""
    value = text(name)
    if not value:
        return Smtp()
    expected = "smtp://user:password@host:587, smtps://user:password@host:465 or smtp+plain://localhost:25"
    parts = url(name, value, expected, schemes=tuple(SMTP_PORTS))
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise invalid(name, value, expected)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    port = parts.port or SMTP_PORTS[parts.scheme]
    return Smtp(parts.hostname, port, user, password, parts.scheme == "smtp", parts.scheme == "smtps")


def sender(host: str) -> str:
    """Return the default sender of e-mail: an address at the mail server, or at localhost if the server's name is no
    domain (mail, 10.0.0.5)."""
    return f"threadward@{host if DOMAIN.fullmatch(host) else 'localhost'}"


def with_timeouts(redis_url: str) -> str:
    """Return a Redis URL with timeouts, for a library without a setting for them; timeouts in the URL itself win."""
    # Connections to a Unix socket take no connect timeout.
    names = ("socket_timeout",) if redis_url.startswith("unix") else ("socket_timeout", "socket_connect_timeout")
    options = "&".join(f"{name}={REDIS_SECONDS}" for name in names)
    return f"{redis_url}{'&' if '?' in redis_url else '?'}{options}"


def queue(name: str, *, redis_url: str) -> str:
    """Return where the queue of jobs is: "database" or "redis". Raises ImproperlyConfigured if Redis cannot be used."""
    value = text(name, "database").lower()
    if value not in ("database", "redis"):
        raise invalid(name, value, "database or redis")
    if value == "redis" and not redis_url:
        raise ImproperlyConfigured(f"{name}=redis needs the environment variable REDIS_URL: the Redis to use.")
    if value == "redis" and find_spec("django_tasks_rq") is None:
        raise ImproperlyConfigured(f"{name}=redis needs what is not installed: pip install {REDIS_QUEUE}.")
    return value


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return one of ``allowed`` (upper case); the variable may use any case. Raises ImproperlyConfigured for others."""
    value = text(name, default).upper()
    if value not in allowed:
        raise invalid(name, value, "one of " + ", ".join(allowed))
    return value
