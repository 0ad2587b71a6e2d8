"""Forks for small runs, of a process that has already loaded Django, since loading takes longer than most measurements.

``python -m bench.forking`` reads lines of JSON (words of a command line, and the URL of a database) and answers each
with a line: the exit code and the output.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple
from urllib.parse import urlsplit

import dj_database_url
import django
from django.db import connection

from ops.serving.collecting import loading

Kind = tuple[str, str]  # the settings, and the scheme of the database's URL


class Ended(NamedTuple):
    """The exit code and the output of a module."""

    code: int
    output: str
    errors: str


class Forks:
    """The processes to fork: one for each kind of settings and databases, from first use to the end of this process."""

    def __init__(self) -> None:
        self.loaded: dict[Kind, subprocess.Popen[str]] = {}

    def run(self, words: Sequence[str], url: str, environment: Mapping[str, str]) -> Ended:
        """Run a module, the first of ``words``, on the database ``url``.

        Each ``environment`` must differ only in the settings and the database's URL.
        """
        kind = environment["DJANGO_SETTINGS_MODULE"], urlsplit(url).scheme
        if kind not in self.loaded:
            self.loaded[kind] = _start(environment)
        process = self.loaded[kind]
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{json.dumps([*words, url])}\n")
        process.stdin.flush()
        return Ended(*json.loads(process.stdout.readline() or '[1, "", "What was forked has ended."]'))


def _start(environment: Mapping[str, str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.forking"],
        cwd=Path(__file__).resolve().parent.parent,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.communicate)  # closes its input, which ends it
    return process


def answer(line: str) -> str:
    """Run the command in ``line`` in a fork; returns the answer line, an Ended as JSON."""
    *words, url = json.loads(line)
    with TemporaryFile() as output, TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            os._exit(_code(words, url))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        errors.seek(0)
        return json.dumps(Ended(code, output.read().decode(), errors.read().decode(errors="replace")))


def _code(words: Sequence[str], url: str) -> int:
    """Run the module on this database in the current process; returns its exit code."""
    try:
        os.environ["DATABASE_URL"] = url
        connection.settings_dict["NAME"] = dj_database_url.parse(url)["NAME"]
        sys.argv[1:] = words[1:]
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    with loading():
        django.setup()
    for line in sys.stdin:
        print(answer(line), flush=True)
