"""The file of an import: opened as its uploader chose and checked, with the findings kept on the import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from ops.files import private_files
from ops.files.formulas import MARK
from ops.files.headers.unfit import HeaderUnfit
from ops.files.problems import Problem, Unreadable
from ops.files.reading import Source, open_source
from ops.files.suggestions import Suggestion
from ops.files.timestamps import DATES
from ops.imports import uploads
from ops.imports.checking.check_file import Checked, Progress, check
from ops.imports.checking.exported import rows_of
from ops.imports.checking.findings import storable
from ops.imports.checking.values.context import RowContext
from ops.imports.columns import COLUMNS, MESSAGE_COLUMNS
from ops.imports.models import Import
from ops.imports.pages import previews
from ops.imports.saved_choices import encodings
from ops.imports.staging.base import Staging
from ops.jobs.run import JobFailed

COUNTED = (
    "rows", "new", "changed", "undated", "joined", "unchanged", "repeated", "rejected", "users", "conversations",
    "replies", "warnings", "notices",
)  # fmt: skip


def check_with_preview(import_: Import, staging: Staging, progress: Progress) -> Checked | None:
    """Check the file and write its preview; return None if no part of it could be read.

    Sets ``understood``, ``counts`` and ``last_row`` of the import, without saving it. Raises JobFailed if the file is
    no longer kept.
    """
    try:
        with open_upload(import_) as source:
            import_.understood = _understood(source, import_)
            checked = check(
                staging,
                rows_of(source),
                context_of(source, import_),
                import_.get_choices(),
                progress=progress,
                notices=source.notices,
                suggestions=source.suggestions,
                by=import_.by,
            )
            import_.understood["headers"] = list(map(storable, source.headers))
    except Unreadable as error:
        unfit = error if isinstance(error, HeaderUnfit) else None
        import_.understood = _unfit(unfit) if unfit else {}
        import_.counts = nothing_read(error.problem)
        columns = _columns(unfit.headers, unfit.samples, unfit.guessed) if unfit else []
        offered = [*_encodings(import_), *error.suggestions]
        previews.write_problem(error.problem, import_.upload, offered, columns)
        return None
    import_.understood["complete"] = checked.complete
    import_.counts, import_.last_row = checked.counts, checked.last_row
    checked.findings.suggestions[:0] = _encodings(import_)
    used = {name: header for name, header in zip(COLUMNS, source.used, strict=True) if header is not None}
    previews.write(checked, import_.upload, staging, _columns(source.headers, source.samples, used))
    return checked


@contextmanager
def open_upload(import_: Import) -> Iterator[Source]:
    """Open the file for reading its rows. Raises JobFailed if it is no longer kept, or Unreadable."""
    if not uploads.is_kept(import_):
        raise JobFailed(str(uploads.NOT_KEPT))
    with open_source(private_files.path(import_.upload), MESSAGE_COLUMNS, import_.get_reading()) as source:
        yield source


def context_of(source: Source, import_: Import) -> RowContext:
    """Return the context in which the rows of an open file are read."""
    reading = import_.get_reading()
    return RowContext(
        now=timezone.now(),
        time_zone=reading.time_zone,
        guarded=MARK in source.headers,
        empty_read=_has_no_read(source) and not import_.get_choices().unread,
        self_parents_begin=import_.get_choices().self_parents_begin,
        dates=reading.dates,
        repeated_times=reading.repeated_times,
        yes=reading.yes,
        no=reading.no,
        nothing=reading.nothing,
        ids=reading.ids,
    )


def nothing_read(problem: Problem | None = None) -> dict[str, Any]:
    """Return the counts of a file that one problem made unreadable."""
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
        "dates": str(DATES.get(dates, "")) if (dates := import_.get_reading().dates) else "",
        "no_read": _has_no_read(source),
        **({"sheets": list(map(storable, source.sheets))} if len(source.sheets) > 1 else {}),
    }


def _has_no_read(source: Source) -> bool:
    """Return whether the file has no column ``read``."""
    return source.used[COLUMNS.index("read")] is None


def _encodings(import_: Import) -> list[Suggestion]:
    """Return encodings to suggest if the file is not valid UTF-8 and none was chosen; store the likeliest one."""
    if import_.get_reading().encoding or "encoding" not in import_.counts["cures"]:
        return []
    found = encodings.suggestions(private_files.path(import_.upload), by=import_.by)
    if found:
        import_.understood["suggested_encoding"] = found[0].value
    return found


def _unfit(error: HeaderUnfit) -> dict[str, Any]:
    found = {
        "headers": error.headers,
        "unknown": error.unknown,
        "missing": error.missing,
        "repeated": error.repeated,
        "unnamed": error.unnamed,
    }
    return {
        **{name: list(map(storable, headers)) for name, headers in found.items()},
        **({"without_header": True} if error.without_header else {}),
    }


def _columns(headers: Sequence[str], samples: Sequence[Sequence[str]], held: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return each column of the file for the preview: its header, first values, and which of our columns it holds."""
    columns = {header: column for column, header in held.items()}
    shown = [*samples, *[()] * (len(headers) - len(samples))]
    return [
        {"header": storable(header), "column": columns.get(header, ""), "values": list(map(storable, values))}
        for header, values in zip(headers, shown, strict=True)
    ]
