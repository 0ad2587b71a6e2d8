"""The job that makes the file of an export, taken up after any death where its last range of rows ended.

What is made lies in private files beside the one that the export names. A worker that was thought dead may still write
to the file it had: whoever takes up its work goes on in a copy.
"""

from __future__ import annotations

import os
import secrets
import zipfile
from collections.abc import Sequence
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.urls import reverse
from django.utils import timezone

from ops.exports import contents, requests, selections
from ops.exports.contents import File
from ops.exports.formats import workbook
from ops.exports.models import Export
from ops.exports.rows import ranges
from ops.exports.selections import Refused, author
from ops.files import private_files
from ops.jobs.kinds import KindWithRollback
from ops.jobs.models import Job
from ops.jobs.run import JobFailed, Run

PLACE = ("file", "size", "rows", "after")  # in the cursor: how far the file is that is being made
KEPT = timedelta(hours=24)  # how long the file may be downloaded
GONE = "This export is not known any more: ask for it again."


def make(run: Run) -> dict[str, Any]:
    """Make the file of the export that ``params`` names. Raises JobFailed with the sentence why that may not be."""
    export = Export.objects.select_related("by").filter(pk=run.params["export"]).first()
    if export is None:
        raise JobFailed(GONE)
    if export.size is not None:  # the worker died after its last batch
        return _tidied(export)
    try:
        files = contents.files_of(export)
        return _Making(run, export).make(files)
    except Refused as refusal:
        raise JobFailed(str(refusal)) from None


def remove(run: Run) -> None:
    """Taking it back: whatever was made goes."""
    export = Export.objects.filter(pk=run.params["export"]).first()
    if export is not None:
        private_files.delete_all(export.file)


def _tidied(export: Export) -> dict[str, Any]:
    """What came of an export that is made; what it was made of goes."""
    private_files.delete_all(export.file, keep=[export.file[private_files.STEM + 1 :]])
    return {"rows": export.rows, "size": export.size}


class _Making:
    """One attempt. The cursor holds the files that are ``made`` ([name, rows] each) and how far the next one is:
    its ``file``, ``size`` and ``rows``, and ``after``, the last key that is in it."""

    def __init__(self, run: Run, export: Export) -> None:
        self.run = run
        self.export = export
        self.made: list[list[Any]] = run.cursor.setdefault("made", [])
        self.counted = 0  # of the files that are made, what counts

    def make(self, files: Sequence[File]) -> dict[str, Any]:
        for number, file in enumerate(files):
            if number >= len(self.made):
                self._make_one(file)
            self.counted += self.made[number][1] if file.counts else 0
        name = self.made[0][0] if len(files) == 1 else self._zipped(files)
        return self._finish(name)

    def _make_one(self, file: File) -> None:
        if file.rows is not None:
            return self._make_lines(file)
        name = self._new("part")
        with _opened(name) as target:
            target.write(file.text.encode())
        self._is_made(name, 0)

    def _make_lines(self, file: File) -> None:
        """Range by range, each stored with the place in the file where it ends."""
        cursor, name = self.run.cursor, self._new("part")
        with _opened(name) as target:
            before = self._taken_up(target)
            if not before:
                target.write(file.header())
            for after, up_to in ranges(file.up_to, after=cursor.get("after", 0)):
                rows = cursor.get("rows", 0)
                for piece, number in file.lines(after, up_to, rows):
                    target.write(piece)
                    rows += number
                _to_disk(target)
                with self.run.batch():
                    cursor.update(file=name, size=target.tell(), rows=rows, after=up_to)
                    self.run.advance(done=self.counted + rows if file.counts else None)
                private_files.delete(before)
        rows = cursor.get("rows", 0)
        self._is_made(self._packed(name, file) if file.format == Export.Format.XLSX else name, rows)

    def _taken_up(self, target: BinaryIO) -> str:
        """Copy what an attempt before this one stored with its cursor; its file, or "" where all begins anew."""
        cursor = self.run.cursor
        before = cursor.get("file", "")
        if before and _copy(before, target, cursor["size"]):
            return before
        for key in PLACE:
            cursor.pop(key, None)
        target.seek(0)
        target.truncate()
        return ""

    def _packed(self, sheet: str, file: File) -> str:
        name = self._new("xlsx")
        with _opened(name) as target:
            workbook.pack(
                private_files.path(sheet),
                target,
                file.title,
                author=author(self.export),
                created=self.export.created_at,
                beat=self.run.beat,
            )
        return name

    def _is_made(self, name: str, rows: int) -> None:
        self.made.append([name, rows])
        with self.run.batch():
            for key in PLACE:
                self.run.cursor.pop(key, None)

    def _zipped(self, files: Sequence[File]) -> str:
        name = self._new("zip")
        with _opened(name) as target, zipfile.ZipFile(target, "w") as archive:
            for file, (part, _) in zip(files, self.made, strict=True):
                self._add(archive, file.name, private_files.path(part))
        return name

    def _add(self, archive: zipfile.ZipFile, name: str, part: Path) -> None:
        """Every member is of the moment of the export, so that the same rows give the same bytes."""
        member = zipfile.ZipInfo(name, date_time=self.export.created_at.astimezone(UTC).timetuple()[:6])
        member.compress_type = zipfile.ZIP_DEFLATED
        member.external_attr = 0o600 << 16
        member.file_size = part.stat().st_size
        with part.open("rb") as source, archive.open(member, "w") as target:
            while chunk := source.read(2**20):
                target.write(chunk)
                self.run.beat()

    def _finish(self, name: str) -> dict[str, Any]:
        file = private_files.path(name)
        with file.open("rb") as made:
            _to_disk(made)
        with self.run.batch():
            self.export.size, self.export.rows = file.stat().st_size, self.counted
            self.export.file, self.export.expires_at = name, timezone.now() + KEPT
            self.export.save(update_fields=["size", "rows", "file", "expires_at"])
            self.run.advance(done=self.counted)
        return _tidied(self.export)

    def _new(self, kind: str) -> str:
        """A name of this attempt alone, beside the one that the export has."""
        return private_files.beside(self.export.file, f"{secrets.token_hex(4)}.{kind}")


def _opened(name: str) -> BinaryIO:
    return open(private_files.path(name), "w+b", opener=private_files.opener)


def _copy(name: str, target: BinaryIO, size: int) -> bool:
    """Copy the first ``size`` bytes of a file (what comes after them was stored with no cursor); whether they exist."""
    if not private_files.exists(name):
        return False
    with private_files.path(name).open("rb") as source:
        while size and (chunk := source.read(min(size, 2**20))):
            target.write(chunk)
            size -= len(chunk)
    return not size


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


class MakeExport(KindWithRollback):
    """Makes the file of an export; none is kept where that fails or is cancelled."""

    name = requests.KIND
    unit = "messages"
    permission = selections.PERMISSION
    cancel_note = "No file is kept."

    def work(self, run: Run) -> dict[str, Any]:
        return make(run)

    def roll_back(self, run: Run) -> None:
        remove(run)

    def page(self, job: Job) -> str:
        return reverse("admin:exports_export_change", args=[job.params["export"]])
