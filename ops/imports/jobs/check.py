"""The job that reads and checks the file of an import, and writes what people see of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from ops.files import private_files
from ops.files.headers import HeaderUnfit
from ops.files.problems import Problem, Unreadable
from ops.files.reading import Reading, Source, open_source
from ops.imports import previews
from ops.imports.checking.check_file import Checked, How, check
from ops.imports.checking.findings import storable
from ops.imports.columns import ALWAYS_IGNORED, MESSAGE_COLUMNS
from ops.imports.models import Import
from ops.imports.options import Choices
from ops.imports.staging.base import Staging
from ops.imports.staging.vendors import staging_on
from ops.jobs.run import JobFailed, Run

GONE = "The file is not kept any more: upload it again."
TAKEN_OVER = "Something else was done with this import meanwhile: look at its page."
STOPPED = "The check was stopped before its end: check the file again."


def work(run: Run) -> dict[str, Any]:
    """Check the file; the import is checked then, whatever was found."""
    import_ = mine(run, Import.State.CHECKING)
    if import_ is None:
        return {}
    with staging_on(DEFAULT_DB_ALIAS) as staging:
        checked = read(import_, staging, lambda rows: run.beat(done=rows))
        if isinstance(checked, Checked):
            previews.write(checked, import_.upload, staging)
    with run.batch():
        run.advance(done=import_.counts["rows"], total=import_.counts["rows"])
        now_checked(import_)
    return summary(import_.counts)


def roll_back(run: Run) -> None:
    """The check failed or was cancelled: the file can be checked again."""
    import_ = mine(run, Import.State.CHECKING)
    if import_ is None:
        return
    problem = Problem(None, "", "error", run.job.error or STOPPED)
    if import_.upload:
        # Where the disk is full the page says the same from the job.
        with suppress(OSError):
            previews.write_problem(problem, import_.upload)
    import_.understood, import_.counts = {}, nothing_read()
    with run.batch():
        now_checked(import_)


def mine(run: Run, state: str) -> Import | None:
    """The import that this job works on; None where that is done. Raises JobFailed where another job has it."""
    import_ = Import.objects.filter(pk=run.params["import"]).first()
    if import_ is None or import_.job_id != run.job.pk:
        if run.job.ending:
            return None
        raise JobFailed(TAKEN_OVER)
    return import_ if import_.state == state else None


def read(import_: Import, staging: Staging, tell: Callable[[int], None]) -> Checked | None:
    """Check the file of an import, and set what was understood and counted; None where nothing could be read.

    What nobody can read has its preview written here.
    """
    reading, choices = Reading.from_json(import_.reading), Choices.from_json(import_.choices)
    try:
        with open_source(file_of(import_), MESSAGE_COLUMNS, reading) as source:
            import_.understood = _understood(source, reading)
            how = how_of(source, reading)
            checked = check(staging, source, choices=choices, how=how, tell=tell, also=source.notices)
    except Unreadable as error:
        import_.understood = _unfit(error) if isinstance(error, HeaderUnfit) else {}
        import_.counts = nothing_read() | {"cures": {error.problem.cure: 1} if error.problem.cure else {}}
        previews.write_problem(error.problem, import_.upload)
        return None
    import_.understood["complete"] = checked.complete
    import_.counts, import_.last_row = checked.counts, len(checked.plan.marks) - 1
    return checked


def file_of(import_: Import) -> Path:
    """Where the file is; raises JobFailed where it is not kept any more."""
    if not private_files.exists(import_.upload):
        raise JobFailed(GONE)
    return private_files.path(import_.upload)


def how_of(source: Source, reading: Reading) -> How:
    returning = ALWAYS_IGNORED in source.headers
    return How(reading.time_zone, source.format == "CSV", timezone.now(), returning)


def now_checked(import_: Import) -> None:
    import_.state = Import.State.CHECKED
    import_.save(update_fields=["state", "understood", "counts", "last_row"])


def summary(counts: dict[str, Any]) -> dict[str, int]:
    return {name: counts[name] for name in ("rows", "new", "changed", "unchanged", "errors")}


def nothing_read() -> dict[str, Any]:
    names = (
        "rows", "new", "changed", "unchanged", "repeated", "rejected", "users", "conversations", "replies", "warnings",
        "notices",
    )  # fmt: skip
    return dict.fromkeys(names, 0) | {"errors": 1, "cures": {}}


def _understood(source: Source, reading: Reading) -> dict[str, Any]:
    return {
        "format": source.format,
        "encoding": source.encoding,
        "separator": source.separator,
        "description": source.description,
        "time_zone": reading.time_zone,
        "headers": list(map(storable, source.headers)),
    }


def _unfit(error: HeaderUnfit) -> dict[str, Any]:
    found = {
        "headers": error.headers,
        "unknown": error.unknown,
        "missing": error.missing,
        "repeated": error.repeated,
    }
    return {name: list(map(storable, headers)) for name, headers in found.items()}
