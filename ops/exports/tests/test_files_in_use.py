"""Files of unfinished jobs of imports and exports are not swept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ops.console.rooms import files_in_use
from ops.exports.models import Export
from ops.imports.models import Import
from ops.jobs.models import Job


@pytest.mark.parametrize(
    ("state", "ending"), [(Job.State.QUEUED, ""), (Job.State.RUNNING, ""), (Job.State.FAILED, Job.Ending.CANCELLED)]
)
def test_files_are_in_use_until_their_job_is_over(folder: Path, db: Any, state: str, ending: str) -> None:
    """This includes a job that has ended but is not rolled back."""
    job = Job.objects.create(kind="import.store", title="Import", state=state, ending=ending)
    Import.objects.create(file_name="a.csv", upload="the upload", job=job)
    Export.objects.create(file="the file", job=job)
    assert sorted(files_in_use()) == ["the file", "the upload"]
    Job.objects.update(state=Job.State.FINISHED, ending="")
    assert files_in_use() == []
