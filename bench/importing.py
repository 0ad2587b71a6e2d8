"""Imports, one after the other until the process is ended, each stored by the worker while a crowd reads pages.

Import this module only after Django is set up. ``bench.scenarios.moderators`` reads its output.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model

from ops.files import private_files
from ops.files.sources import Reading
from ops.files.uploads import SUFFIX
from ops.imports import steps
from ops.imports.models import Import
from ops.imports.options import Choices
from ops.jobs.models import Job

LOOK_EVERY = 0.1  # seconds between two looks at a job
EXTERNAL_ID = re.compile(rb"\bm(?=\d)")  # the beginning of the ids of bench.scenarios.imports.external_id


def keep_importing(path: Path, username: str) -> None:
    """Import the file repeatedly, with new external ids each time. Ends the process if an import fails.

    Prints "began SECONDS" when a worker has begun an import, and "ended SECONDS ROWS" (seconds since the epoch).
    """
    uploader = get_user_model().objects.get(username=username)
    for content in fresh(path.read_bytes()):
        import_ = upload(content, path.name, by=uploader)
        job = steps.store(import_, by=uploader)
        _wait(job, "started_at")
        print(f"began {job.started_at.timestamp() if job.started_at else time.time()}", flush=True)
        _wait(job, "ended_at")
        import_.refresh_from_db()
        rows = content.count(b"\n") - 1
        stored = import_.outcome.get("messages", 0)
        if job.ended_at is None or job.state != Job.State.FINISHED or stored != rows:
            sys.exit(f"An import of {rows:,} rows stored {stored:,} and ended as {job.state}. {job.error}".strip())
        print(f"ended {job.ended_at.timestamp()} {stored}", flush=True)


def fresh(content: bytes) -> Iterator[bytes]:
    """Yield the same rows endlessly, with new external ids each time."""
    for turn in count(1):
        yield EXTERNAL_ID.sub(f"again{turn}-m".encode(), content)


def upload(content: bytes, name: str, *, by: Any) -> Import:
    """Create an import of the file, as the upload page does, that creates missing users."""
    kept, size, digest = private_files.save([content], SUFFIX, sys.maxsize)
    return Import.objects.create(
        by=by,
        file_name=name,
        size=size,
        digest=digest,
        upload=kept,
        reading=Reading().as_json(),
        choices=Choices(create_users=True).as_json(),
    )


def _wait(job: Job, moment: str) -> None:
    """Wait until the job has a value in the field ``moment``, or has ended."""
    while getattr(job, moment) is None and job.ended_at is None:
        time.sleep(LOOK_EVERY)
        job.refresh_from_db()
