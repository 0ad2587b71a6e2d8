"""No file, however hostile, takes more than 300 MiB or much time before people are told what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pytest
from django.conf import settings

from ops.files.tests.hostile import WRITERS

pytestmark = pytest.mark.once

MOST_MIB = 300
# Of the fixed work of ops.files.tests.limited, of which 0.05 to 0.1 s are one. On a quiet machine with two cores the
# worst files took 74 to 178 of them.
MOST_TIMES = 250


ReadLimited = Callable[[Path], dict[str, Any]]


@contextmanager
def limited_reader(module: str) -> Iterator[ReadLimited]:
    """A function that has a limited process read a file; that must have ended within its limits."""

    def read(path: Path) -> dict[str, Any]:
        print(path, file=process.stdin, flush=True)
        told: dict[str, Any] = json.loads(cast(IO[str], process.stdout).readline())
        assert "status" not in told, told
        assert told["peak_mib"] < MOST_MIB
        assert told["times"] < MOST_TIMES
        return told

    command = [sys.executable, "-m", module]
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield read


@pytest.fixture(scope="module")
def read_limited() -> Iterator[ReadLimited]:
    with limited_reader("ops.files.tests.limited") as read:
        yield read


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_made_to_do_harm_is_refused_within_the_limits(
    name: str, read_limited: ReadLimited, tmp_path: Path
) -> None:
    write, beginnings = WRITERS[name]
    path = tmp_path / name
    write(path)
    told = read_limited(path)
    assert told["problems"] > 0
    assert told["first"][0].startswith(beginnings)
