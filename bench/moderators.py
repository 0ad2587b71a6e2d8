"""Moderators at work over HTTP, with the processes that the console is started with: alone, and during an import.

Each reads pages as a browser does, with a pause between two, over one connection to 127.0.0.1; their number, their
pages and their time are bounded. On SQLite the processes are those of ``make run`` (one gunicorn process of eight
threads, one worker), on PostgreSQL those of docs/deploying.md (four gunicorn processes).
"""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import django
from django.conf import settings

from bench import databases
from bench.measure import Case, Figure

START_SECONDS = 30
PAGE_SECONDS = 30
SHARES = (50, 95, 99)


class Crowd(NamedTuple):
    """How many moderators there are, how many pages each reads, and how long each thinks between two (seconds)."""

    moderators: int
    pages: int
    thinking: float


USUAL = Crowd(20, 30, 1.5)
SMALL = Crowd(3, 6, 0.0)


class Failed(Exception):
    """The crowd could not be measured; the text says why."""


def measure(url: str, crowd: Crowd, importing: str = "") -> list[tuple[Case, dict[str, Figure], str]]:
    """The pages' times on the database ``url``; with ``importing``, the path of a file, while that is imported.

    Returns (case, figures, words) for each kind of page: the figure is the median, words are p50/p95/p99 in ms.
    Raises Failed.
    """
    guests = json.loads(databases.run(["-m", "bench.moderators", str(crowd.moderators)], url))
    suffix = " during an import" if importing else ""
    with _served(url) as port, _importing(url, importing):
        times = _crowd(port, guests, crowd)
    found = []
    for kind, seconds in times.items():
        ordered = sorted(seconds)
        shares = [ordered[min(len(ordered) * share // 100, len(ordered) - 1)] for share in SHARES]
        figure = Figure(best=shares[0], median=shares[0], rounds=len(ordered), result=len(ordered))
        words = " / ".join(f"{one * 1000:.0f}" for one in shares)
        label = f"{crowd.moderators} moderators{suffix}, {kind}"
        none = Figure(failure="—")
        found.append((Case(label, label), {"ours": figure, "vanilla": none, "raw": none}, words))
    return found


@contextmanager
def _served(url: str) -> Iterator[int]:
    """The web processes and the worker on the database, on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    several = url.startswith("postgres") and bool(os.environ.get("REDIS_URL"))
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "ops.settings",
        "DEBUG": "true",
        "HTTPS": "false",
        "LOG_LEVEL": "ERROR",
        "REDIS_URL": os.environ.get("REDIS_URL", "") if several else "",
        "WEB_CONCURRENCY": "4" if several else "1",
    }
    web = f"-m gunicorn ops.wsgi --bind 127.0.0.1:{port} --worker-class gthread --threads 8 --log-level error"
    processes = [
        subprocess.Popen([sys.executable, *command.split()], cwd=databases.ROOT, env=environment)
        for command in (web, "manage.py work")
    ]
    try:
        _wait_for(port)
        yield port
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=15)


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PAGE_SECONDS)
            connection.request("GET", "/sign-in/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise Failed(f"gunicorn did not answer within {START_SECONDS} s.")


@contextmanager
def _importing(url: str, path: str) -> Iterator[None]:
    """Import a file in a process of its own within the block; what is not imported by its end is given up."""
    if not path:
        yield
        return
    environment = {**os.environ, "DATABASE_URL": url, "DEBUG": "true", "REDIS_URL": "", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "manage.py", "import_messages", path, "--create-users"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=databases.ROOT, env=environment, **quiet)  # type: ignore[call-overload]
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _crowd(port: int, guests: Mapping[str, Any], crowd: Crowd) -> dict[str, list[float]]:
    """Seconds of every page, by its kind. Raises Failed where one does not answer with a page."""
    times: dict[str, list[float]] = defaultdict(list)
    problems: list[str] = []

    def read(number: int, cookie: str) -> None:
        chance = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PAGE_SECONDS)
        kinds = list(guests["pages"])
        for turn in range(crowd.pages):
            kind = kinds[(number + turn) % len(kinds)]
            address = chance.choice(guests["pages"][kind])
            started = time.perf_counter()
            try:
                status = _get(connection, address, cookie)
            except (OSError, http.client.HTTPException) as error:
                problems.append(f"{address} was not answered: {error}")
                return
            if status != 200:
                problems.append(f"{address} answered with status {status}")
                return
            times[kind].append(time.perf_counter() - started)
            time.sleep(crowd.thinking * chance.uniform(0.5, 1.5))

    threads = [threading.Thread(target=read, args=(number, cookie)) for number, cookie in enumerate(guests["sessions"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise Failed(problems[0])
    return dict(times)


def _get(connection: http.client.HTTPConnection, address: str, cookie: str) -> int:
    """Read a page to its end; returns its status. As browsers do, connects again where the server closed meanwhile."""
    headers = {"Cookie": f"sessionid={cookie}"}
    try:
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
    except (http.client.RemoteDisconnected, ConnectionError):
        connection.close()
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
    answer.read()
    return answer.status


def invite(number: int) -> dict[str, Any]:
    """Sign so many moderators in to the database of this process; their sessions, and the pages that they read."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415 - after django.setup()
    from django.test import Client  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from messaging.models import Conversation, Message  # noqa: PLC0415

    users, sessions = get_user_model().objects, []
    for place in range(number):
        name = f"moderator {place}"
        user = users.filter(username=name).first() or users.create_superuser(name)
        client = Client()
        client.force_login(user)
        sessions.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    conversations = Conversation.objects.order_by("-last_message_at").values_list("pk", flat=True)[:200]
    messages = Message.objects.order_by("-timestamp").values_list("pk", flat=True)[:200]
    lists = {name: reverse(f"admin:messaging_{name}_changelist") for name in ("conversation", "message")}
    pages = {
        "overview": [reverse("admin:index")],
        "list of conversations": [lists["conversation"], f"{lists['conversation']}?unread=yes"],
        "conversation": [reverse("admin:messaging_conversation_change", args=[pk]) for pk in conversations],
        "list of messages": [lists["message"], f"{lists['message']}?edited=yes"],
        "message": [reverse("admin:messaging_message_change", args=[pk]) for pk in messages],
        "search": [f"{lists['message']}?q=weather", f"{lists['conversation']}?q=thanks"],
    }
    return {"sessions": sessions, "pages": pages}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(invite(int(sys.argv[1]))))
