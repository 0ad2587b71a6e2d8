"""No file, however hostile, takes more than 300 MiB or 10 s of the processor before people are told what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from ops.files.tests.hostile import WRITERS
from ops.files.tests.limited import MOST_SECONDS

pytestmark = pytest.mark.once

MOST_MIB = 300


def read_limited(path: Path, module: str = "ops.files.tests.limited") -> dict[str, Any]:
    """What a limited process printed of the file. It must have ended within its limits."""
    run = subprocess.run(
        [sys.executable, "-m", module, str(path)], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    told: dict[str, Any] = json.loads(run.stdout)
    assert told["peak_mib"] < MOST_MIB
    assert told["seconds"] < MOST_SECONDS
    return told


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_made_to_do_harm_is_refused_within_the_limits(name: str, tmp_path: Path) -> None:
    write, beginning = WRITERS[name]
    path = tmp_path / name
    write(path)
    told = read_limited(path)
    assert told["problems"] > 0
    assert told["first"][0].startswith(beginning)
