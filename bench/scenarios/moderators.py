"""Moderators at work over HTTP, with the processes that the console is started with: alone, and during imports.

``python -m bench.scenarios.moderators invite NUMBER`` makes their accounts, ``… import FILE USERNAME`` imports a file
again and again until it is ended.
"""

from __future__ import annotations

import json
import math
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any, NamedTuple

import django
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.urls import reverse
from django.utils.module_loading import import_string

from bench import crowd, databases, serving
from bench.crowd import Crowd, Times
from bench.measure import NOT_MEASURED, Case, Failed, Figure

IMPORTING = "bench.importing.keep_importing"  # by name: it can be imported only in a child, where Django is set up
LEAST_ROWS = 8_000  # of an imported file: smaller ones are stored in the request, not by the worker
IMPORT_SECONDS = 300  # that one import may take
FLOOR = "an empty list"  # what any page costs, whatever is on it
USUAL = Crowd(20, 42, 1.5)
SMALL = Crowd(2, 7, 0.0)

Row = tuple[Case, dict[str, Figure], str]  # the case, its figures, and what its first cell says


def measure(url: str, size: Crowd, folder: Path, turns: Sequence[Path | None]) -> list[Row]:
    """The pages' times on the database ``url``: in each turn while a file is imported again and again, or alone.

    The figure of a page is its median. ``folder`` is where the processes keep their files. Raises Failed.
    """
    guests = json.loads(databases.run(["-m", "bench.scenarios.moderators", "invite", str(size.moderators)], url))
    rows: list[Row] = []
    with serving.served(url, folder) as console:
        port, pages = console.port, guests["pages"]
        sessions = [crowd.sign_in(port, guests["sign_in"], name, guests["password"]) for name in guests["names"]]
        crowd.read(port, sessions, pages, Crowd(size.moderators, len(pages), 0.0))  # to warm up
        for imported in turns:
            title = f"{size.moderators} moderators{' during imports' if imported else ''}"
            if imported is None:
                rows += rows_of(title, crowd.read(port, sessions, pages, size), serving.in_words(url))
                continue
            with imports_going_on(imported, guests["names"][0], console.environment, folder) as imports:
                times = crowd.read(port, sessions, pages, size)
                imports.wait_for("ended")
                spans = [span for span in imports.so_far() if span.began < times.ended]
            words = f"{len(spans)}, running {share(spans, times.began, times.ended):.0%} of the time"
            rows += [*rows_of(title, times, serving.in_words(url)), told(f"{title}, imports", words)]
    return rows


def rows_of(title: str, times: Times, served: str) -> list[Row]:
    """A row for each kind of page, for all of them, and for what served them."""
    floor = _figure(times.by_kind[FLOOR])
    pages = {kind: seconds for kind, seconds in times.by_kind.items() if kind != FLOOR}
    kinds = {FLOOR: times.by_kind[FLOOR], "all other pages": [one for some in pages.values() for one in some], **pages}
    none = Figure(failure=NOT_MEASURED)
    found: list[Row] = [told(f"{title}, served by", served)]
    for kind, seconds in kinds.items():
        figures = {"ours": _figure(seconds), "vanilla": none, "raw": none}
        if kind != FLOOR:
            figures["floor"] = floor
        label = f"{title}, {kind}"
        found.append((Case(label, label), figures, crowd.in_words(seconds)))
    return found


def told(label: str, words: str) -> Row:
    """A row that says something in words."""
    none = Figure(failure=NOT_MEASURED)
    return Case(label, label), {"ours": none._replace(result=words), "vanilla": none, "raw": none}, words


def _figure(seconds: Sequence[float]) -> Figure:
    median = crowd.part(sorted(seconds), 50)
    return Figure(best=median, median=median, rounds=len(seconds), result=len(seconds))


class Span(NamedTuple):
    """When an import began and ended, in seconds since the epoch; without an end, it goes on."""

    began: float
    ended: float = math.inf


def share(spans: Sequence[Span], began: float, ended: float) -> float:
    """Which part of the time between ``began`` and ``ended`` the spans cover; they do not overlap."""
    covered = sum(max(0.0, min(span.ended, ended) - max(span.began, began)) for span in spans)
    return covered / (ended - began) if ended > began else 0.0


class Imports(NamedTuple):
    """Imports that go on in a process of its own; what it tells and its errors are files."""

    process: Popen
    told: Path
    errors: Path

    def wait_for(self, word: str) -> None:
        """Until it has told ``word`` once. Raises Failed where it has ended instead, or does not tell."""
        until = time.monotonic() + IMPORT_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Failed(self.errors.read_text(encoding="utf-8").strip() or "The imports ended by themselves.")
            if any(line.startswith(word) for line in self._lines()):
                return
            time.sleep(0.1)
        raise Failed(f"No import has {word} within {IMPORT_SECONDS} s.")

    def so_far(self) -> list[Span]:
        """The imports that have begun."""
        spans: list[Span] = []
        for line in self._lines():
            word, seconds = line.split()[:2]
            if word == "began":
                spans.append(Span(float(seconds)))
            else:
                spans[-1] = spans[-1]._replace(ended=float(seconds))
        return spans

    def _lines(self) -> list[str]:
        text = self.told.read_text(encoding="utf-8")
        return text[: text.rfind("\n") + 1].splitlines()


@contextmanager
def imports_going_on(
    path: Path, username: str, environment: Mapping[str, str], folder: Path, command: Sequence[str] = ()
) -> Iterator[Imports]:
    """Import a file again and again while the block runs, from when a worker has begun with the first time.

    ``command`` is what does it, where that is not this module. Raises Failed where an import fails.
    """
    command = command or (sys.executable, "-m", "bench.scenarios.moderators", "import", str(path), username)
    told_in, errors = folder / "imports.txt", folder / "imports.log"
    with told_in.open("wb") as told_to, errors.open("wb") as errors_to:
        process = serving.start(command, dict(environment), errors_to, told_to)
    try:
        imports = Imports(process, told_in, errors)
        imports.wait_for("began")
        yield imports
        imports.wait_for("began")  # has not failed meanwhile
    finally:
        serving.end([process])


def invite(number: int) -> dict[str, Any]:
    """Make so many moderators in the database of this process; how they sign in, and the pages that they read."""
    password = secrets.token_urlsafe()
    # Hashed once: that it takes long matters where they sign in.
    account = {"password": make_password(password), "is_staff": True, "is_superuser": True}
    names = [f"moderator {place}" for place in range(number)]
    for name in names:
        get_user_model().objects.update_or_create(username=name, defaults=account)
    newest = {"conversation": "-last_message_at", "message": "-timestamp"}
    models = {name: apps.get_model("messaging", name) for name in newest}
    keys = {
        name: model.objects.order_by(newest[name]).values_list("pk", flat=True)[:200] for name, model in models.items()
    }
    lists = {name: reverse(f"admin:messaging_{name}_changelist") for name in models}
    pages = {
        FLOOR: [reverse("admin:auth_group_changelist")],
        "overview": [reverse("admin:index")],
        "list of conversations": [lists["conversation"], f"{lists['conversation']}?unread=yes"],
        "conversation": [reverse("admin:messaging_conversation_change", args=[key]) for key in keys["conversation"]],
        "list of messages": [lists["message"], f"{lists['message']}?edited=yes"],
        "message": [reverse("admin:messaging_message_change", args=[key]) for key in keys["message"]],
        "search": [f"{lists['message']}?q=weather", f"{lists['conversation']}?q=thanks"],
    }
    return {"names": names, "password": password, "sign_in": reverse("admin:login"), "pages": pages}


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "invite":
        print(json.dumps(invite(int(sys.argv[2]))))
    else:
        import_string(IMPORTING)(Path(sys.argv[2]), sys.argv[3])
