"""The files that a check writes beside the upload: a preview for the page, and all problems."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from messaging.models import Message
from ops.files import private_files
from ops.files.csv_writing import Writer
from ops.files.encodings import ESCAPED_BYTES
from ops.files.formulas import bare
from ops.files.invisible import INVISIBLE
from ops.files.problems import Problem
from ops.files.sources import SourceRow
from ops.files.suggestions import Suggestion
from ops.imports.checking.check_file import SHOWN, Checked
from ops.imports.checking.findings import Mark, storable
from ops.imports.checking.groups import Groups
from ops.imports.checking.values.words import FLAGS, flag
from ops.imports.columns import COLUMNS, GUARDED
from ops.imports.models import Import
from ops.imports.staging.base import Staging

PREVIEW, PROBLEMS, REJECTED = "preview.json", "problems.csv", "rejected.csv"
PARTS = ("first", "changed", "groups", "people", "suggestions", "columns")  # the parts of a preview, each a list
# The keys of a preview whose values may be people's words.
TEXTS = {*COLUMNS, "message", "before", "after", "sentence", "button", "written"}
LONGEST_SHOWN = 500  # characters of a value
LONGEST_COMPARED = 10_000  # characters of a text whose words are compared

STATES = {Mark.NEW: "new", Mark.CHANGED: "changed", Mark.KNOWN: "unchanged", Mark.REPEATED: "repeated"}
STAGED = """
SELECT number, external_id, parent_external_id, sender, receiver, sent_at, edited, seen FROM {rows}
WHERE number <= %s AND content IS NOT NULL
"""
# One character more than is compared, to see whether a text is longer.
CHANGED_TEXTS = f"""
SELECT changes.number, rows.external_id, changes.message_id,
    substr(stored.content, 1, {LONGEST_COMPARED + 1}), substr(rows.content, 1, {LONGEST_COMPARED + 1})
FROM {{changes}} changes CROSS JOIN {{rows}} rows CROSS JOIN {{messages}} stored
WHERE rows.number = changes.number AND stored.id = changes.message_id ORDER BY changes.number LIMIT %s
"""


def write(checked: Checked, upload: str, staging: Staging, columns: Sequence[dict[str, Any]] = ()) -> None:
    """Write the preview and the problems of a checked file; ``columns`` describe the columns of the file."""
    with _create(upload, PROBLEMS, newline="") as file:
        _list(checked.findings.problems(), file)
    preview = {
        "first": _first_rows(checked, staging),
        "changed": _changed(staging),
        "groups": [group.as_json() for group in checked.findings.groups.worst_first()],
        "people": checked.findings.people,
        "suggestions": [one.as_json() for one in checked.findings.suggestions],
        "columns": list(columns),
    }
    _write_json(preview, upload)


def write_problem(
    problem: Problem,
    upload: str,
    suggestions: Sequence[Suggestion] = (),
    columns: Sequence[dict[str, Any]] = (),
) -> None:
    """Write the preview of a file that one problem made unreadable."""
    with _create(upload, PROBLEMS, newline="") as file:
        _list([problem], file)
    groups = Groups()
    groups.add(problem)
    preview: dict[str, Any] = {part: [] for part in PARTS} | {"columns": list(columns)}
    shown = [group.as_json() for group in groups.worst_first()]
    _write_json({**preview, "groups": shown, "suggestions": [one.as_json() for one in suggestions]}, upload)


def _loaded(path: Path) -> dict[str, Any]:
    """Load a preview with all its parts, some of which may be missing from one that an older version wrote."""
    return {**{part: [] for part in PARTS}, **json.loads(path.read_text(encoding="utf-8"))}


def exists(import_: Import, kind: str) -> bool:
    """Return whether a file of this kind (PREVIEW, PROBLEMS, REJECTED) is beside the upload."""
    return bool(import_.upload) and private_files.exists(private_files.beside(import_.upload, kind))


def path_of(import_: Import, kind: str) -> Path:
    return private_files.path(private_files.beside(import_.upload, kind))


def load(import_: Import) -> dict[str, Any] | None:
    """Return the preview of the last check, without stored texts that have changed since; None if it is deleted."""
    if not exists(import_, PREVIEW):
        return None
    preview = _loaded(path_of(import_, PREVIEW))
    preview["changed"] = _still_stored(preview["changed"])
    for row in preview["first"]:
        row |= row.pop("flags", None) or {
            # A faulty row has no flags, and an empty value may mean that the file has no such column.
            name: flag(row[name], FLAGS) if row[name] else None
            for name in ("edited", "read")
        }
    return preview


def load_problems(import_: Import) -> Iterator[Problem]:
    """Yield all problems that the last check found, without their cures; none if their file no longer exists."""
    if not exists(import_, PROBLEMS):
        return
    with path_of(import_, PROBLEMS).open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            row = int(line["row"]) if line["row"] else None
            yield Problem(row, bare(line["column"]), line["level"], bare(line["problem"]))  # type: ignore[arg-type]


def reword(upload: str, reworded: Callable[[str], str]) -> int:
    """Apply ``reworded`` to people's words in the preview and the problems; return how many of the two files changed.

    Texts that are no longer stored are removed from the preview.
    """
    if not upload:
        return 0
    preview, problems = (private_files.beside(upload, kind) for kind in (PREVIEW, PROBLEMS))
    return _reword_preview(preview, upload, reworded) + _reword_problems(problems, reworded)


def _first_rows(checked: Checked, staging: Staging) -> list[dict[str, Any]]:
    """Return the first rows as they will be stored, faulty ones as the file has them."""
    last = checked.first[-1][0] if checked.first else 0
    staged = {number: values for number, *values in staging.stream(STAGED, [last])}
    return [_row(row, checked, staged.get(row[0])) for row in checked.first]


def _row(row: SourceRow, checked: Checked, staged: list[Any] | None) -> dict[str, Any]:
    """Return a row as it will be stored, or as the file has it if it is not ``staged``: it is faulty or a repeat."""
    number, values, _ = row
    cells = dict(zip(COLUMNS, map(_shown, values), strict=True))
    if checked.guarded:
        cells.update({column: bare(cells[column]) for column in GUARDED})
    flags = None
    if staged:
        external_id, parent_external_id, sender, receiver, moment, edited, read = staged
        cells |= {"external_id": external_id or "", "parent_external_id": parent_external_id or ""}
        # The usernames that were chosen for these names.
        cells |= {"sender": sender, "receiver": receiver}
        cells["timestamp"], flags = _iso(moment), {"edited": bool(edited), "read": bool(read)}
    content = cells["content"]
    return {
        "row": number,
        "state": STATES.get(Mark(checked.findings.marks[number]), "faulty"),
        "dated": staged is not None,
        "flags": flags,
        **{column: value[:LONGEST_SHOWN] for column, value in cells.items()},
        "cut": len(content) > LONGEST_SHOWN,
        "marked": INVISIBLE.search(content) is not None,
    }


def _shown(text: str) -> str:
    """Return a value of a file as a page can show it; undecoded bytes become the numbers that their problem names."""
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
        preview = _loaded(private_files.path(name))
    except ValueError:  # cut off by a full disk
        private_files.delete(name)
        return True
    current = _still_stored(preview["changed"])
    changed = current != preview["changed"]
    preview["changed"] = current
    changed |= _forget_people(preview, reworded)
    within = [one for whole in (*preview["suggestions"], *preview["groups"]) for one in _parts_of(whole)]
    for one in (*(one for part in preview.values() for one in part), *within):
        for key in one.keys() & TEXTS:
            before, one[key] = one[key], reworded(one[key])
            changed |= one[key] != before
    for one in preview["columns"]:
        before = dict(one)
        one["header"] = one["header"] if one["header"] in COLUMNS else reworded(one["header"])
        one["values"] = [reworded(value) for value in one["values"]]
        changed |= one != before
    for one in preview["suggestions"]:
        if isinstance(one["value"], str):  # the name of a sheet, or of a list
            before, one["value"] = one["value"], reworded(one["value"])
            changed |= one["value"] != before
    if changed:
        _write_json(preview, upload)
    return changed


def _parts_of(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the samples of a suggestion, or the first problems of a group."""
    parts: list[dict[str, Any]] = whole.get("samples", whole.get("problems", []))
    return parts


def _forget_people(preview: dict[str, Any], reworded: Callable[[str], str]) -> bool:
    """Remove questions and suggestions about names that are to be reworded; return whether there were any."""

    def stays(*names: str) -> bool:
        return all(reworded(name) == name for name in names)

    before = preview["people"], [one["value"] for one in preview["suggestions"]]
    preview["people"] = [one for one in preview["people"] if stays(one["name"], one["last"], *one["like"])]
    for one in preview["suggestions"]:
        if isinstance(one["value"], dict):
            one["value"] = {name: value for name, value in one["value"].items() if stays(name, str(value))}
    preview["suggestions"] = [one for one in preview["suggestions"] if one["value"] != {}]
    return before != (preview["people"], [one["value"] for one in preview["suggestions"]])


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
        writer = Writer(new)
        for *place, before in (map(bare, cells) for cells in csv.reader(old)):
            after = reworded(before)
            writer.row((*place, after))
            changed |= after != before
    os.replace(new_path, path)
    return changed


def _list(problems: Iterable[Problem], file: Any) -> None:
    """Write the problems as a CSV file in which no spreadsheet finds a formula."""
    writer = Writer(file)
    writer.row(("row", "column", "level", "problem"))
    for problem in problems:
        writer.row((str(problem.row or ""), problem.column, problem.level, problem.message))


def _write_json(preview: dict[str, Any], upload: str) -> None:
    with _create(upload, PREVIEW) as file:
        json.dump(preview, file)


def _create(upload: str, kind: str, *, newline: str | None = None) -> Any:
    """Open a new file beside the upload that only we may read."""
    path = private_files.path(private_files.beside(upload, kind))
    return open(path, "w", encoding="utf-8", newline=newline, opener=private_files.opener)


def _iso(moment: Any) -> str:
    return f"{str(moment).replace(' ', 'T')}+00:00"
