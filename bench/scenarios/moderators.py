"""Moderators at work over HTTP, with the console's own processes: alone, and during imports.

``python -m bench.scenarios.moderators invite NUMBER`` creates their accounts, ``… import FILE USERNAME`` imports a file
repeatedly until it is ended.
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

IMPORTING = "bench.importing.keep_importing"  # by name, because only a child with Django set up can import it
LEAST_ROWS = 8_000  # rows of an imported file: smaller ones are stored in the request, not by the worker
IMPORT_SECONDS = 300  # limit for one import
FLOOR = "an empty list"  # the cost of any page, without its contents
USUAL = Crowd(20, 42, 1.5)
SMALL = Crowd(2, 7, 0.0)

Row = tuple[Case, dict[str, Figure], str]  # the case, its figures, and the text of its first cell


def measure(url: str, size: Crowd, folder: Path, turns: Sequence[Path | None]) -> list[Row]:
    """Measure pages on the database ``url``, once for each of ``turns``: a file to import repeatedly, or None.

    The figure of a page is its median time. ``folder`` is where the processes store their files. Raises Failed.
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
            with running_imports(imported, guests["names"][0], console.environment, folder) as imports:
                times = crowd.read(port, sessions, pages, size)
                imports.wait_for("ended")
                spans = [span for span in imports.so_far() if span.began < times.ended]
            words = f"{len(spans)}, running {share(spans, times.began, times.ended):.0%} of the time"
            rows += [*rows_of(title, times, serving.in_words(url)), told(f"{title}, imports", words)]
    return rows


def rows_of(title: str, times: Times, served: str) -> list[Row]:
    """Return a row for each kind of page, for all of them, and for how they were served."""
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
    """Return a row with words instead of figures."""
    none = Figure(failure=NOT_MEASURED)
    return Case(label, label), {"ours": none._replace(result=words), "vanilla": none, "raw": none}, words


def _figure(seconds: Sequence[float]) -> Figure:
    median = crowd.part(sorted(seconds), 50)
    return Figure(best=median, median=median, rounds=len(seconds), result=len(seconds))


class Span(NamedTuple):
    """When an import began and ended, in seconds since the epoch; ``ended`` is infinite while it runs."""

    began: float
    ended: float = math.inf


def share(spans: Sequence[Span], began: float, ended: float) -> float:
    """Return the share of the time from ``began`` to ``ended`` that the spans cover; they must not overlap."""
    covered = sum(max(0.0, min(span.ended, ended) - max(span.began, began)) for span in spans)
    return covered / (ended - began) if ended > began else 0.0


class Imports(NamedTuple):
    """Imports that run in a process, with the files of its output (``told``) and its errors."""

    process: Popen
    told: Path
    errors: Path

    def wait_for(self, word: str) -> None:
        """Wait until the process has printed ``word``. Raises Failed if it ends before that, or on a timeout."""
        until = time.monotonic() + IMPORT_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Failed(self.errors.read_text(encoding="utf-8").strip() or "The imports ended by themselves.")
            if any(line.startswith(word) for line in self._lines()):
                return
            time.sleep(0.1)
        raise Failed(f"No import has {word} within {IMPORT_SECONDS} s.")

    def so_far(self) -> list[Span]:
        """Return the imports that have begun."""
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
def running_imports(
    path: Path, username: str, environment: Mapping[str, str], folder: Path, command: Sequence[str] = ()
) -> Iterator[Imports]:
    """Import a file repeatedly while the block runs, which starts when a worker has begun the first import.

    ``command`` replaces the command of this module. Raises Failed if an import fails.
    """
    command = command or (sys.executable, "-m", "bench.scenarios.moderators", "import", str(path), username)
    told_in, errors = folder / "imports.txt", folder / "imports.log"
    with told_in.open("wb") as told_to, errors.open("wb") as errors_to:
        process = serving.start(command, dict(environment), errors_to, told_to)
    try:
        imports = Imports(process, told_in, errors)
        imports.wait_for("began")
        yield imports
        imports.wait_for("began")  # raises Failed if the process has ended meanwhile
    finally:
        serving.end([process])


def invite(number: int) -> dict[str, Any]:
    """Create ``number`` moderators in the database of this process; returns how they sign in, and their pages."""
    password = secrets.token_urlsafe()
    # Hashed once for all, because hashing is slow.
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
