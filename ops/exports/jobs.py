"""The job that makes the file of an export. If a worker dies, the job resumes after the last committed range of rows.

Unfinished files are private files beside the one that the export names. A worker that lost its lease may still write to
its file, so an attempt that resumes continues in a copy. A file that its worker gave back is continued in place.
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
from django.utils.translation import gettext_lazy

from ops.exports import contents, requests, selections
from ops.exports.contents import File
from ops.exports.formats import workbook
from ops.exports.models import Export
from ops.exports.notices import notices
from ops.exports.rows import ranges
from ops.exports.selections import ExportRefused, author_name
from ops.files import private_files
from ops.files.xlsx import writing
from ops.jobs.kinds import KindWithRollback
from ops.jobs.models import Job
from ops.jobs.run import JobFailed, Run

# In the cursor: the position in the unfinished file, and whether the attempt that wrote it gave it back.
POSITION_KEYS = ("file", "size", "rows", "after", "given_back")
KEPT = timedelta(hours=24)  # how long the file can be downloaded
NOT_FOUND = gettext_lazy("This export is not known any more: ask for it again.")


def make(run: Run) -> dict[str, Any]:
    """Make the file of the export that ``params`` names; returns its rows and size. Raises JobFailed."""
    export = Export.objects.select_related("by").filter(pk=run.params["export"]).first()
    if export is None:
        raise JobFailed(str(NOT_FOUND))
    if export.size is not None:  # a worker died after its last batch
        return _clean_up(export)
    try:
        files = contents.files_of(export)
        return _FileBuilder(run, export).make(files)
    except ExportRefused as refusal:
        raise JobFailed(str(refusal)) from None


def remove(run: Run) -> None:
    """Roll back: delete all files of the export."""
    export = Export.objects.filter(pk=run.params["export"]).first()
    if export is not None:
        private_files.delete_all(export.file)


def _clean_up(export: Export) -> dict[str, Any]:
    """Delete the unfinished files of a finished export; returns its rows and size."""
    private_files.delete_all(export.file, keep=[export.file[private_files.STEM + 1 :]])
    return {"rows": export.rows, "size": export.size}


class _FileBuilder:
    """One attempt to make an export's file.

    The cursor holds the finished files as ``made`` ([name, rows] each), and for the unfinished one its ``file``,
    ``size``, ``rows``, ``after`` (its last key) and ``given_back``.
    """

    def __init__(self, run: Run, export: Export) -> None:
        self.run = run
        self.export = export
        self.made: list[list[Any]] = run.cursor.setdefault("made", [])
        self.counted = 0  # rows of the finished files whose rows are counted

    def make(self, files: Sequence[File]) -> dict[str, Any]:
        for number, file in enumerate(files):
            if number >= len(self.made):
                self._make_one(file)
            self.counted += self.made[number][1] if file.counts else 0
        name = self.made[0][0] if len(files) == 1 else self._zip(files)
        return self._finish(name)

    def _make_one(self, file: File) -> None:
        if file.rows is not None:
            return self._write_rows(file)
        name = self._new("part")
        with _open(name) as target:
            target.write(file.text.encode())
        self._mark_done(name, 0)

    def _write_rows(self, file: File) -> None:
        """Write range by range, and commit each with the position in the file where it ends."""
        run, cursor = self.run, self.run.cursor
        name = self._given_back() or self._new("part")
        with _open(name) as target:
            before = self._resume(name, target)
            if not target.tell():
                target.write(file.header())
            for after, up_to in ranges(file.up_to, after=cursor.get("after", 0)):
                run.beat()  # the attempt may end here, but not between writing and committing a range
                rows = cursor.get("rows", 0)
                for piece, number in file.lines(after, up_to, rows):
                    target.write(piece)
                    rows += number
                _sync(target)
                with run.batch(work_is_done=True):
                    run.advance(done=self.counted + rows if file.counts else None)
                    cursor.update(file=name, size=target.tell(), rows=rows, after=up_to, given_back=run.must_end)
                private_files.delete(before)
        rows = cursor.get("rows", 0)
        self._mark_done(self._pack(name, file, rows) if file.format == Export.Format.XLSX else name, rows)

    def _given_back(self) -> str:
        """Return the file that an earlier attempt gave back, in which this one continues; "" if there is none.

        Clears ``given_back`` before the first byte is written: if this attempt loses its lease, the next uses a copy.
        """
        if not self.run.cursor.get("given_back"):
            return ""
        with self.run.batch():
            self.run.cursor["given_back"] = False
        return str(self.run.cursor["file"])

    def _resume(self, name: str, target: BinaryIO) -> str:
        """Seek to where an earlier attempt ended, or to the beginning if its committed bytes are gone.

        Returns the earlier attempt's file if the bytes were copied from it, or else "".
        """
        before, size = self.run.cursor.get("file", ""), self.run.cursor.get("size", 0)
        if before == name and target.seek(0, os.SEEK_END) >= size:
            target.seek(size)
            target.truncate()
            return ""
        if before not in ("", name) and _copy(before, target, size):
            return str(before)
        for key in POSITION_KEYS:
            self.run.cursor.pop(key, None)
        target.seek(0)
        target.truncate()
        return ""

    def _pack(self, sheet: str, file: File, number: int) -> str:
        name, path = self._new("xlsx"), private_files.path(sheet)
        with path.open("rb") as rows, _open(name) as target:
            writing.pack(
                rows,
                path.stat().st_size,
                target,
                file.title,
                rows=number,
                columns=workbook.sheet_of(file.columns).width,
                author=author_name(self.export),
                created=self.export.created_at,
                beat=self.run.beat,
            )
        return name

    def _mark_done(self, name: str, rows: int) -> None:
        self.made.append([name, rows])
        with self.run.batch():
            for key in POSITION_KEYS:
                self.run.cursor.pop(key, None)

    def _zip(self, files: Sequence[File]) -> str:
        name = self._new("zip")
        with _open(name) as target, zipfile.ZipFile(target, "w") as archive:
            for file, (part, _) in zip(files, self.made, strict=True):
                self._add(archive, file.name, private_files.path(part))
        return name

    def _add(self, archive: zipfile.ZipFile, name: str, part: Path) -> None:
        """Add a member with the time of the export, so that the same rows give the same bytes."""
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
            _sync(made)
        with self.run.batch():
            self.export.size, self.export.rows = file.stat().st_size, self.counted
            self.export.file, self.export.expires_at = name, timezone.now() + KEPT
            self.export.save(update_fields=["size", "rows", "file", "expires_at"])
            self.run.advance(done=self.counted)
        return _clean_up(self.export)

    def _new(self, kind: str) -> str:
        """Return a new name, beside the file of the export, for a file of this attempt only."""
        return private_files.beside(self.export.file, f"{secrets.token_hex(4)}.{kind}")


def _open(name: str) -> BinaryIO:
    path = private_files.path(name)
    return open(path, "r+b" if path.exists() else "w+b", opener=private_files.opener)


def _copy(name: str, target: BinaryIO, size: int) -> bool:
    """Copy the first ``size`` bytes of a file, since later ones were not committed; returns whether they exist."""
    if not private_files.exists(name):
        return False
    with private_files.path(name).open("rb") as source:
        while size and (chunk := source.read(min(size, 2**20))):
            target.write(chunk)
            size -= len(chunk)
    return not size


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


class MakeExport(KindWithRollback):
    """Makes the file of an export. If it fails or is cancelled, no file is kept."""

    name = requests.KIND
    unit = gettext_lazy("messages")
    permission = selections.PERMISSION
    cancel_note = gettext_lazy("No file is kept.")
    notifies = {Job.State.FINISHED: notices.READY, Job.State.FAILED: notices.FAILED}

    def work(self, run: Run) -> dict[str, Any]:
        return make(run)

    def roll_back(self, run: Run) -> None:
        remove(run)

    def subject(self, job: Job) -> tuple[str, Any]:
        return notices.EXPORT, job.params["export"]

    def page(self, job: Job) -> str:
        return reverse("admin:exports_export_change", args=[job.params["export"]])
