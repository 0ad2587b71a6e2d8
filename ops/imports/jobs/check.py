"""The job that reads and checks the file of an import, and writes what people see of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from ops.files.problems import Problem
from ops.imports.checking.check_file import Checked
from ops.imports.jobs.files import check_again, import_for, nothing_read
from ops.imports.models import Import
from ops.imports.pages import previews
from ops.imports.staging.databases import staging_on
from ops.jobs.run import Run

STOPPED = "The check was stopped before its end: check the file again."


def work(run: Run) -> dict[str, Any]:
    """Check the file; the import is checked then, whatever was found."""
    import_ = import_for(run, Import.State.CHECKING)
    if import_ is None:
        return {}
    with staging_on(DEFAULT_DB_ALIAS) as staging:
        checked = check_again(import_, staging, lambda rows: run.beat(done=rows))
        if isinstance(checked, Checked):
            previews.write(checked, import_.upload, staging)
    with run.batch():
        run.advance(done=import_.counts["rows"], total=import_.counts["rows"])
        import_.save_as_checked()
    return import_.summary


def roll_back(run: Run) -> None:
    """The check failed or was cancelled: the file can be checked again."""
    import_ = import_for(run, Import.State.CHECKING)
    if import_ is None:
        return
    problem = Problem(None, "", "error", run.job.error or STOPPED)
    if import_.upload:
        # Where the disk is full the page says the same from the job.
        with suppress(OSError):
            previews.write_problem(problem, import_.upload)
    import_.understood, import_.counts = {}, nothing_read()
    with run.batch():
        import_.save_as_checked()
