"""What a check leaves beside the upload: a preview for the page, and all problems."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from messaging.models import Message
from ops.files import private_files
from ops.files.encodings import ESCAPED_BYTES
from ops.files.formulas import bare, guarded
from ops.files.invisible import INVISIBLE
from ops.files.problems import Problem
from ops.files.sources import SourceRow
from ops.imports.checking.check_file import SHOWN, Checked
from ops.imports.checking.findings import Mark, storable
from ops.imports.checking.rows import FLAGS
from ops.imports.columns import COLUMNS, GUARDED
from ops.imports.models import Import
from ops.imports.staging.base import Staging

PREVIEW, PROBLEMS, REJECTED = "preview.json", "problems.csv", "rejected.csv"
TEXTS = {*COLUMNS, "message", "before", "after"}  # what in a preview may be somebody's words
SHOWN_PROBLEMS = 100
LONGEST_SHOWN = 500  # characters of a value
LONGEST_COMPARED = 10_000  # characters of a text whose words are compared

STATES = {Mark.NEW: "new", Mark.CHANGED: "changed", Mark.KNOWN: "unchanged", Mark.REPEATED: "repeated"}
MOMENTS = "SELECT number, sent_at FROM {rows} WHERE number <= %s"
CHANGED_TEXTS = """
SELECT changes.number, rows.external_id, changes.message_id, stored.content, rows.content
FROM {changes} changes CROSS JOIN {rows} rows CROSS JOIN {messages} stored
WHERE rows.number = changes.number AND stored.id = changes.message_id ORDER BY changes.number LIMIT %s
"""


def write(checked: Checked, upload: str, staging: Staging) -> None:
    """Write preview and problems of a checked file."""
    with _create(upload, PROBLEMS, newline="") as file:
        listed = _listing(checked.findings.problems(), file)
        shown = [_problem(problem) for problem in islice(listed, SHOWN_PROBLEMS)]
        for _ in listed:
            pass  # all of them are in the file
    _write_json({"first": _first_rows(checked, staging), "changed": _changed(staging), "problems": shown}, upload)


def write_problem(problem: Problem, upload: str) -> None:
    """Write the preview of a file of which nothing could be read, for one reason."""
    with _create(upload, PROBLEMS, newline="") as file:
        shown = [_problem(one) for one in _listing([problem], file)]
    _write_json({"first": [], "changed": [], "problems": shown}, upload)


def exists(import_: Import, kind: str) -> bool:
    """Whether a file of this kind (PREVIEW, PROBLEMS, REJECTED) is beside the upload."""
    return bool(import_.upload) and private_files.exists(private_files.beside(import_.upload, kind))


def path_of(import_: Import, kind: str) -> Path:
    return private_files.path(private_files.beside(import_.upload, kind))


def load(import_: Import) -> dict[str, Any] | None:
    """What the last check wrote for the page, None where it is gone."""
    if not exists(import_, PREVIEW):
        return None
    preview: dict[str, Any] = json.loads(path_of(import_, PREVIEW).read_text(encoding="utf-8"))
    for row in preview["first"]:
        row["edited"], row["read"] = (FLAGS.get(row[name].strip().lower()) for name in ("edited", "read"))
    return preview


def load_problems(import_: Import) -> Iterator[Problem]:
    """All problems that the last check found, without their cures; none where the file of them is gone."""
    if not exists(import_, PROBLEMS):
        return
    with path_of(import_, PROBLEMS).open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            row = int(line["row"]) if line["row"] else None
            yield Problem(row, line["column"], line["level"], bare(line["problem"]))  # type: ignore[arg-type]


def reword(upload: str, reworded: Callable[[str], str]) -> int:
    """Change what may be somebody's words in the preview and the problems; how many of the two files changed.

    Stored texts that are not stored any more are removed from the preview.
    """
    if not upload:
        return 0
    preview, problems = (private_files.beside(upload, kind) for kind in (PREVIEW, PROBLEMS))
    return _reword_preview(preview, upload, reworded) + _reword_problems(problems, reworded)


def _first_rows(checked: Checked, staging: Staging) -> list[dict[str, Any]]:
    """The first rows as they will be; those with a fault as they are."""
    last = checked.first[-1][0] if checked.first else 0
    moments = {number: _iso(moment) for number, moment in staging.stream(MOMENTS, [last]) if moment}
    return [_row(row, checked, moments) for row in checked.first]


def _row(row: SourceRow, checked: Checked, moments: dict[int, str]) -> dict[str, Any]:
    number, values, _ = row
    cells = dict(zip(COLUMNS, map(_shown, values), strict=True))
    if checked.guarded:
        cells.update({column: bare(cells[column]) for column in GUARDED})
    cells["timestamp"] = moments.get(number, cells["timestamp"])
    content = cells["content"]
    return {
        "row": number,
        "state": STATES.get(Mark(checked.findings.marks[number]), "faulty"),
        "dated": number in moments,
        **{column: value[:LONGEST_SHOWN] for column, value in cells.items()},
        "cut": len(content) > LONGEST_SHOWN,
        "marked": INVISIBLE.search(content) is not None,
    }


def _shown(text: str) -> str:
    """A value of a file as a page can show it; bytes that were not decoded as the numbers that their problem names."""
    return storable(ESCAPED_BYTES.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02X}", text))


def _changed(staging: Staging) -> list[dict[str, Any]]:
    names = ("row", "external_id", "message_id", "before", "after")
    rows = staging.stream(CHANGED_TEXTS, [SHOWN])
    return [
        {
            **dict(zip(names, (*row, before[:LONGEST_COMPARED], after[:LONGEST_COMPARED]), strict=True)),
            "cut": max(len(before), len(after)) > LONGEST_COMPARED,
        }
        for *row, before, after in rows
    ]


def _reword_preview(name: str, upload: str, reworded: Callable[[str], str]) -> bool:
    if not private_files.exists(name):
        return False
    try:
        preview = json.loads(private_files.path(name).read_text(encoding="utf-8"))
    except ValueError:  # writing it was broken off by a full disk
        private_files.delete(name)
        return True
    current = _still_stored(preview["changed"])
    changed = current != preview["changed"]
    preview["changed"] = current
    for one in (one for part in preview.values() for one in part):
        for key in one.keys() & TEXTS:
            before, one[key] = one[key], reworded(one[key])
            changed |= one[key] != before
    if changed:
        _write_json(preview, upload)
    return changed


def _still_stored(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = [change["message_id"] for change in changes]
    stored = dict(Message.objects.filter(pk__in=ids).values_list("pk", "content"))
    return [one for one in changes if stored.get(one["message_id"], "")[:LONGEST_COMPARED] == one["before"]]


def _reword_problems(name: str, reworded: Callable[[str], str]) -> bool:
    if not private_files.exists(name):
        return False
    path, new_path = private_files.path(name), private_files.path(private_files.beside(name, "anew.csv"))
    changed = False
    with (
        path.open(encoding="utf-8", errors="replace", newline="") as old,
        open(new_path, "w", encoding="utf-8", newline="", opener=private_files.opener) as new,
    ):
        writer = csv.writer(new)
        for *place, before in csv.reader(old):
            after = reworded(before)
            writer.writerow((*place, after))
            changed |= after != before
    os.replace(new_path, path)
    return changed


def _listing(problems: Iterable[Problem], file: Any) -> Iterator[Problem]:
    """The problems, each once it is written as a line of a CSV file that no spreadsheet computes."""
    writer = csv.writer(file)
    writer.writerow(("row", "column", "level", "problem"))
    for problem in problems:
        writer.writerow((problem.row or "", problem.column, problem.level, guarded(problem.message)))
        yield problem


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "row": problem.row,
        "column": problem.column,
        "level": problem.level,
        "message": problem.message,
        "cure": problem.cure,
    }


def _write_json(preview: dict[str, Any], upload: str) -> None:
    with _create(upload, PREVIEW) as file:
        json.dump(preview, file)


def _create(upload: str, kind: str, *, newline: str | None = None) -> Any:
    """Open a new file beside the upload, which only we may read."""
    path = private_files.path(private_files.beside(upload, kind))
    return open(path, "w", encoding="utf-8", newline=newline, opener=private_files.opener)


def _iso(moment: Any) -> str:
    return f"{str(moment).replace(' ', 'T')}+00:00"
