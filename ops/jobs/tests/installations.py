"""Threadward in processes of its own, with a database and a folder of its own, for tests of what processes do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

OURS = ("REDIS_URL", "JOBS_QUEUE", "SECRET_KEY", "DEBUG")  # what the tests' own run is set to is none of theirs


@dataclass(frozen=True)
class Installation:
    """One database with its ``folder`` (VAR_DIR), and how to run things there."""

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

    def call(self, path: str, **arguments: Any) -> Any:
        """What the function with this dotted path returns (JSON), called in a process of its own."""
        command = [sys.executable, "-m", "ops.jobs.tests.installations", path, json.dumps(arguments)]
        done = subprocess.run(command, env=self.environment, cwd=settings.BASE_DIR, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])

    def manage(self, *arguments: str) -> None:
        """Run a command of manage.py to its end."""
        subprocess.run(self._command(arguments), env=self.environment, cwd=settings.BASE_DIR, check=True)

    @contextmanager
    def going(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command of manage.py that goes on, and end it."""
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
    """The ids of the processes that a process started."""
    found = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout
    return [int(number) for number in found.split()]


def lives(pid: int) -> bool:
    """Whether a process is there, and is not only waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    import django
    from django.utils.module_loading import import_string

    django.setup()
    print(json.dumps(import_string(sys.argv[1])(**json.loads(sys.argv[2]))))
