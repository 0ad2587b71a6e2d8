"""Running the console on a free port of this machine, with the documented commands.

SQLite is served as by ``make run``, with the commands of Procfile. PostgreSQL is served as in docs/deploying.md, with
as many web processes, or with one if REDIS_URL is not set, since several need it.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench import databases
from bench.measure import Failed

PROCFILE = databases.ROOT / "Procfile"
DEPLOYING = databases.ROOT / "docs" / "deploying.md"
START_SECONDS = 60
PAGE_SECONDS = 30
END_SECONDS = 40  # gunicorn waits 30 s for requests


class Commands(NamedTuple):
    """The shell commands that start the console on 127.0.0.1:$PORT, and the number of web processes."""

    web: str
    worker: str
    web_processes: int = 1


class Served(NamedTuple):
    """A running console: its port, and the environment of its processes."""

    port: int
    environment: dict[str, str]


def from_procfile(text: str) -> Commands:
    """Return the commands of a Procfile."""
    web, worker = (_one(rf"^{name}: (.+)$", text, f"Procfile names no process {name!r}") for name in ("web", "worker"))
    return Commands(_startable(web), _startable(worker))


def from_paper(text: str) -> Commands:
    """Return the commands and the number of web processes in docs/deploying.md."""
    text = re.sub(r"\\\n\s*", "", text)
    web = _one(r"^ {4}(\S*gunicorn .+)$", text, "docs/deploying.md shows no command with gunicorn")
    worker = _one(r"^ {4}(\S*python manage\.py work.*)$", text, "docs/deploying.md shows no command of the worker")
    processes = _one(r"^ {4}WEB_CONCURRENCY=(\d+)$", text, "docs/deploying.md shows no WEB_CONCURRENCY")
    return Commands(_startable(web), _startable(worker), int(processes))


def _one(pattern: str, text: str, otherwise: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise Failed(f"{otherwise}.")
    return found[1]


def _startable(command: str) -> str:
    """Return the command with programs from PATH, on $PORT, and with ``exec``, so that signals reach the program."""
    command = command.removeprefix("exec ").replace(".venv/bin/", "")
    return "exec " + re.sub(r"--bind \S+", "--bind 127.0.0.1:$PORT", command)


def commands(url: str) -> Commands:
    """Return the commands that serve the database ``url``. Raises Failed if the documents do not show them."""
    if not url.startswith("postgres"):
        return from_procfile(PROCFILE.read_text(encoding="utf-8"))
    found = from_paper(DEPLOYING.read_text(encoding="utf-8"))
    return found if redis_url() else found._replace(web_processes=1)


def in_words(url: str) -> str:
    """Return a description of how the database ``url`` is served, for the results."""
    number = commands(url).web_processes
    processes = f"{number} web process{'' if number == 1 else 'es'}"
    if not url.startswith("postgres"):
        return f"{processes}, as by make run"
    return f"{processes}, Redis" if redis_url() else f"{processes}, since REDIS_URL is not set"


def redis_url() -> str:
    return os.environ.get("REDIS_URL", "").strip()


@contextmanager
def served(url: str, folder: Path) -> Iterator[Served]:
    """Run web processes and a worker on the database ``url`` during the block.

    Their uploads are stored in ``folder``, which is removed afterwards. Raises Failed if they do not answer. The
    message of any Failed, also from the block, contains their error output.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = commands(url)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = databases.environment(
        url,
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        HOST="127.0.0.1",
        PORT=str(port),
        VAR_DIR=str(folder),
        REDIS_URL=redis_url() if url.startswith("postgres") else "",
        BENCH_CACHE=uuid.uuid4().hex,
        WEB_CONCURRENCY=str(told.web_processes),
    )
    errors = folder / "errors.log"
    processes: list[subprocess.Popen] = []
    try:
        with errors.open("wb") as output:
            processes += [start(["sh", "-c", one], environment, output) for one in (told.web, told.worker)]
        _wait_for(port, processes)
        yield Served(port, environment)
    except Failed as error:
        raise Failed(f"{errors.read_text(encoding='utf-8', errors='replace')}\n{error}") from error
    finally:
        end(processes)
        shutil.rmtree(folder, ignore_errors=True)


def start(command: Sequence[str], environment: dict[str, str], errors: object, told: object = None) -> subprocess.Popen:
    """Start a process in a group of its own; ``errors`` and ``told`` are the files for its stderr and stdout."""
    return subprocess.Popen(  # type: ignore[call-overload]
        command,
        cwd=databases.ROOT,
        env=environment,
        stdout=subprocess.DEVNULL if told is None else told,
        stderr=errors,
        start_new_session=True,
    )


def end(processes: Sequence[subprocess.Popen]) -> None:
    """Terminate all processes, and kill those that do not end in time, with their groups."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(port: int, processes: Sequence[subprocess.Popen]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if any(process.poll() is not None for process in processes):
            raise Failed("The web server or the worker ended by itself.")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PAGE_SECONDS)
            connection.request("GET", "/sign-in/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise Failed(f"gunicorn did not answer within {START_SECONDS} s.")
