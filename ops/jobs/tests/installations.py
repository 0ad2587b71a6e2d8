"""Threadward in separate processes, with a database and a folder of their own, for tests of what processes do."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test.testcases import LiveServerThread

from messaging.tests.answers import static_files_are_kept
from ops.jobs.tests.forking import answer_to
from ops.serving.collecting import loading
from ops.serving.frames import with_room

MOST_SECONDS = 200  # for one call; those that kill workers end before
OURS = ("REDIS_URL", "JOBS_QUEUE", "SECRET_KEY", "DEBUG")  # settings of the test run that installations do not inherit


@dataclass(frozen=True)
class Installation:
    """A database with its ``folder`` (VAR_DIR), and methods that run code and commands with them."""

    database: str
    folder: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{key: value for key, value in os.environ.items() if key not in OURS},
            "DATABASE_URL": self.database,
            "VAR_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "ops.jobs.tests.settings",
            "JOBS_MOST_DEATHS": "1000",
            "LOG_LEVEL": "WARNING",
            **self.extra,
        }

    @cached_property
    def _answering(self) -> subprocess.Popen[str]:
        """The process that calls functions, one after the other."""
        command = [sys.executable, "-m", "ops.jobs.tests.installations"]
        return subprocess.Popen(
            command,
            env=self.environment,
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, path: str, **arguments: Any) -> Any:
        """Call the function with this dotted path in another process, the same for each call; return its result
        (JSON)."""
        asked, answers = self._answering.stdin, self._answering.stdout
        assert asked and answers
        print(json.dumps([path, arguments]), file=asked, flush=True)
        answer = json.loads(answers.readline() or '{"error": "The process has ended."}')
        assert "error" not in answer, answer["error"]
        return answer["returned"]

    def serve(self) -> str:
        """Serve pages in the process of ``call`` until it ends; return their address."""
        address: str = self.call(f"{__name__}.serve_pages")
        return address

    def end(self) -> None:
        """End the process of ``call``."""
        if "_answering" in vars(self):
            self._answering.communicate(timeout=MOST_SECONDS)

    def manage(self, *arguments: str) -> None:
        """Run a command of manage.py to its end."""
        command = self._command(arguments)
        subprocess.run(command, env=self.environment, cwd=settings.BASE_DIR, check=True, timeout=MOST_SECONDS)

    @contextmanager
    def going(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command of manage.py during the block, and then end it."""
        process = subprocess.Popen(self._command(arguments), env=self.environment, cwd=settings.BASE_DIR)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            finally:
                process.kill()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the ids of a process's children."""
    found = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout
    return [int(number) for number in found.split()]


def lives(pid: int) -> bool:
    """Return whether a process exists, and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def end_after(seconds: int) -> None:
    """End this process after so many seconds, printing where each of its threads is; 0 cancels that.

    Uses an alarm: the thread of faulthandler's own timer is missing after a fork, and would be waited for.
    """
    faulthandler.register(signal.SIGALRM, chain=True)
    signal.alarm(seconds)


def serve_pages() -> str:
    """Serve pages in a thread of this process; return their address."""
    server = LiveServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    assert server.error is None, server.error
    return f"http://127.0.0.1:{server.port}"


def answer_calls() -> None:
    """Call the function of each input line, [path, arguments], and write its result or traceback."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a called function prints is not an answer
    for line in sys.stdin:
        path, arguments = json.loads(line)
        end_after(MOST_SECONDS)
        answer = answer_to(path, arguments)
        connections.close_all()  # as at the end of a process: the database may be away until the next call
        end_after(0)
        print(answer, end="", file=answers, flush=True)


if __name__ == "__main__":
    with loading():
        django.setup()
    with static_files_are_kept():  # and axe with them
        with_room(answer_calls)
