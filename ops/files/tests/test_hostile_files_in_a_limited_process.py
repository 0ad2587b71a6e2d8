"""No file, however hostile, takes more than 300 MiB or much time before people learn what is wrong with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, cast

import pytest
from django.conf import settings

from ops.files.tests.hostile import MOST_MIB, MOST_TIMES, NO_LIMITS, WRITERS

pytestmark = pytest.mark.once


class ReadLimited(Protocol):
    """Reads a file in a limited process, with lowered ``limits``; checks what it took and returns what it found."""

    def __call__(
        self, path: Path, *, times: float = MOST_TIMES, mib: int = MOST_MIB, limits: Mapping[str, int] = NO_LIMITS
    ) -> dict[str, Any]: ...


@contextmanager
def limited_reader(module: str) -> Iterator[ReadLimited]:
    """Yield a function that reads a file in a limited process, and asserts that it finished within its limits."""

    def read(
        path: Path, *, times: float = MOST_TIMES, mib: int = MOST_MIB, limits: Mapping[str, int] = NO_LIMITS
    ) -> dict[str, Any]:
        print(json.dumps({"path": str(path), "limits": dict(limits)}), file=process.stdin, flush=True)
        result: dict[str, Any] = json.loads(cast(IO[str], process.stdout).readline())
        assert "status" not in result, result
        assert result["peak_mib"] < MOST_MIB
        assert result["grown_mib"] < mib
        assert result["times"] < times
        return result

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
    hostile = WRITERS[name]
    path = tmp_path / name
    hostile.write(path)
    result = read_limited(path, times=hostile.times, mib=hostile.mib, limits=hostile.limits)
    assert result["problems"] > 0
    assert result["first"][0].startswith(hostile.beginnings)
