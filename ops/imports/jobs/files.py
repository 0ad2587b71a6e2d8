"""The file of an import: opened as its uploader chose, checked, and what was understood kept with the import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from ops.files import private_files
from ops.files.encodings import suggest_encoding
from ops.files.headers import HeaderUnfit
from ops.files.problems import Problem, Unreadable
from ops.files.reading import Source, open_source
from ops.imports import uploads
from ops.imports.checking.check_file import Checked, Progress, check
from ops.imports.checking.findings import storable
from ops.imports.checking.rows import RowContext
from ops.imports.columns import ALWAYS_IGNORED, MESSAGE_COLUMNS
from ops.imports.models import Import
from ops.imports.pages import previews
from ops.imports.staging.base import Staging
from ops.jobs.run import JobFailed

COUNTED = (
    "rows", "new", "changed", "unchanged", "repeated", "rejected", "users", "conversations", "replies", "warnings",
    "notices",
)  # fmt: skip


def check_with_preview(import_: Import, staging: Staging, progress: Progress) -> Checked | None:
    """Check the file and write its preview; returns None where nothing of it could be read.

    Sets ``understood``, ``counts`` and ``last_row`` of the import, which is not saved. Raises JobFailed where the file
    is not kept any more.
    """
    try:
        with open_upload(import_) as source:
            import_.understood = _understood(source, import_)
            checked = check(
                staging,
                source,
                context_of(source, import_),
                import_.get_choices(),
                progress=progress,
                notices=source.notices,
            )
    except Unreadable as error:
        import_.understood = _unfit(error) if isinstance(error, HeaderUnfit) else {}
        import_.counts = nothing_read(error.problem)
        import_.understood |= _suggestion(import_)
        previews.write_problem(error.problem, import_.upload)
        return None
    import_.understood["complete"] = checked.complete
    import_.counts, import_.last_row = checked.counts, checked.last_row
    import_.understood |= _suggestion(import_)
    previews.write(checked, import_.upload, staging)
    return checked


@contextmanager
def open_upload(import_: Import) -> Iterator[Source]:
    """Open the file for reading its rows. Raises JobFailed where it is not kept any more, Unreadable."""
    if not uploads.is_kept(import_):
        raise JobFailed(uploads.NOT_KEPT)
    with open_source(private_files.path(import_.upload), MESSAGE_COLUMNS, import_.get_reading()) as source:
        yield source


def context_of(source: Source, import_: Import) -> RowContext:
    """How the rows of an open file are read."""
    return RowContext(
        now=timezone.now(),
        time_zone=import_.get_reading().time_zone,
        guarded=source.format == "CSV",
        ours=ALWAYS_IGNORED in source.headers,
    )


def nothing_read(problem: Problem | None = None) -> dict[str, Any]:
    """The counts of a file of which nothing could be read, because of one problem."""
    cures = {problem.cure: 1} if problem is not None and problem.cure else {}
    return dict.fromkeys(COUNTED, 0) | {"errors": 1, "cures": cures}


def _understood(source: Source, import_: Import) -> dict[str, Any]:
    return {
        "format": source.format,
        "encoding": source.encoding,
        "separator": source.separator,
        "description": source.description,
        "time_zone": import_.get_reading().time_zone,
        "headers": list(map(storable, source.headers)),
    }


def _suggestion(import_: Import) -> dict[str, str]:
    """The encoding to suggest for a file that is not valid UTF-8, where none was chosen."""
    if import_.get_reading().encoding or "encoding" not in import_.counts["cures"]:
        return {}
    suggested = suggest_encoding(private_files.path(import_.upload))
    return {"suggested_encoding": suggested} if suggested else {}


def _unfit(error: HeaderUnfit) -> dict[str, Any]:
    found = {
        "headers": error.headers,
        "unknown": error.unknown,
        "missing": error.missing,
        "repeated": error.repeated,
    }
    return {name: list(map(storable, headers)) for name, headers in found.items()}
