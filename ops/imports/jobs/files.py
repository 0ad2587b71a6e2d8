"""What the jobs of an import have in common: the import, its file, and checking it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils import timezone

from ops.files import private_files
from ops.files.encodings import suggest_encoding
from ops.files.headers import HeaderUnfit
from ops.files.problems import Unreadable
from ops.files.reading import Reading, Source, open_source
from ops.imports import uploads
from ops.imports.checking.check_file import Checked, Progress, RowContext, check
from ops.imports.checking.findings import storable
from ops.imports.columns import ALWAYS_IGNORED, MESSAGE_COLUMNS
from ops.imports.models import Import
from ops.imports.pages import previews
from ops.imports.staging.base import Staging
from ops.jobs.run import JobFailed, Run

TAKEN_OVER = "Something else was done with this import meanwhile: look at its page."


def import_for(run: Run, state: str) -> Import | None:
    """The import that this job works on; None where that is done. Raises JobFailed where another job has it."""
    import_ = Import.objects.filter(pk=run.params["import"]).first()
    if import_ is None or import_.job_id != run.job.pk:
        if run.job.ending:
            return None
        raise JobFailed(TAKEN_OVER)
    return import_ if import_.state == state else None


def check_again(import_: Import, staging: Staging, progress: Progress) -> Checked | None:
    """Check the file of an import, and set what was understood and counted; None where nothing could be read.

    What nobody can read has its preview written here.
    """
    reading, choices = import_.get_reading(), import_.get_choices()
    try:
        with open_source(file_of(import_), MESSAGE_COLUMNS, reading) as source:
            import_.understood = _understood(source, reading)
            context = context_of(source, reading)
            checked = check(staging, source, choices=choices, context=context, progress=progress, also=source.notices)
    except Unreadable as error:
        import_.understood = _unfit(error) if isinstance(error, HeaderUnfit) else {}
        import_.counts = nothing_read() | {"cures": {error.problem.cure: 1} if error.problem.cure else {}}
        import_.understood |= _suggestion(import_, reading)
        previews.write_problem(error.problem, import_.upload)
        return None
    import_.understood["complete"] = checked.complete
    import_.counts, import_.last_row = checked.counts, len(checked.findings.marks) - 1
    import_.understood |= _suggestion(import_, reading)
    return checked


def file_of(import_: Import) -> Path:
    """Where the file is; raises JobFailed where it is not kept any more."""
    if not uploads.is_kept(import_):
        raise JobFailed(uploads.NOT_KEPT)
    return private_files.path(import_.upload)


def context_of(source: Source, reading: Reading) -> RowContext:
    returning = ALWAYS_IGNORED in source.headers
    return RowContext(reading.time_zone, source.format == "CSV", timezone.now(), returning)


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


def _suggestion(import_: Import, reading: Reading) -> dict[str, str]:
    """The encoding to suggest for a file that is not valid UTF-8, where none was chosen."""
    if reading.encoding or "encoding" not in import_.counts["cures"]:
        return {}
    suggested = suggest_encoding(file_of(import_))
    return {"suggested_encoding": suggested} if suggested else {}


def _unfit(error: HeaderUnfit) -> dict[str, Any]:
    found = {
        "headers": error.headers,
        "unknown": error.unknown,
        "missing": error.missing,
        "repeated": error.repeated,
    }
    return {name: list(map(storable, headers)) for name, headers in found.items()}
