"""Receiving a file to import: straight into a private file, and no further than the limit."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from ops.console.rooms import files_in_use
from ops.files import private_files
from ops.imports.models import Import
from ops.imports.options import Choices, Reading
from ops.jobs.leases import UNDER_WAY

SUFFIX = "upload"  # what a file is, its content says; the name that somebody gave it says nothing
# A browser shows no answer before it has sent everything, so a file that is too large is heard to its end and thrown
# away. Whoever sends many times the limit is cut off instead.
HEARD = 4  # times the limit
LONGEST_NAME = 255
NO_ROOM = "The server could not keep the file: its disk is full, or may not be written to. Tell whoever runs it."


def in_words(size: int) -> str:
    """So many bytes as people say it: "512 MB"."""
    for unit, step in (("GB", 2**30), ("MB", 2**20), ("kB", 2**10)):
        if size >= step:
            return f"{size / step:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} byte{'' if size == 1 else 's'}"


class PrivateUpload(UploadedFile):
    """A file of a form that lies in a private file already. Unless it is kept, the end of the request removes it."""

    def __init__(self, incoming: private_files.Incoming, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, *args, **kwargs)
        self.incoming = incoming

    def close(self) -> None:
        self.incoming.close()


class PrivateUploadHandler(FileUploadHandler):
    """Streams the field ``file`` into a private file. ``problem`` says why it stopped, where it did.

    Must be set before anything reads the form, and the check of its token reads it. ``limit`` 0 takes nothing.
    """

    field = "file"
    file: private_files.Incoming  # is there once one came; Django closes it where a form breaks off

    def __init__(self, request: HttpRequest, *, limit: int) -> None:
        super().__init__(request)
        self.limit = limit
        self.problem = ""
        self._announced = 0
        self._listens = False  # to the file that comes just now

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:
        self._announced = content_length

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        self._listens = field_name == self.field and not hasattr(self, "file")
        if self._listens:
            try:
                self.file = private_files.Incoming(SUFFIX, self.limit)
            except OSError:
                raise self._stop(NO_ROOM) from None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            if self._listens:
                self.file.write(raw_data)
        except private_files.TooLarge:
            raise self._stop(
                f"The file is larger than {in_words(self.limit)}, the most that is taken: split it and import the "
                "parts one after the other, beginning with the oldest messages."
            ) from None
        except OSError:
            raise self._stop(NO_ROOM) from None

    def file_complete(self, file_size: int) -> PrivateUpload | None:
        if not self._listens:
            return None
        return PrivateUpload(self.file, self.file_name, self.content_type, file_size, self.charset)

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()

    def _stop(self, problem: str) -> StopUpload:
        self.problem = problem
        self.upload_interrupted()
        return StopUpload(connection_reset=self._announced > HEARD * max(self.limit, 2**20))


def receive(request: HttpRequest, *, allowed: bool) -> PrivateUploadHandler:
    """Make ``request`` stream its file into a private one; nothing is taken from whoever is not ``allowed``."""
    handler = PrivateUploadHandler(request, limit=settings.MOST_UPLOADED if allowed else 0)
    request.upload_handlers = [handler]
    return handler


def keep(upload: PrivateUpload, *, by: Any) -> Import:
    """A new import of a file that came whole, to be checked next."""
    upload.incoming.keep()
    return Import.objects.create(
        by=by,
        file_name=shown_name(upload.name or ""),
        size=upload.incoming.size,
        digest=upload.incoming.digest,
        upload=upload.incoming.name,
        # An edit is counted and shown first, and asked about before it is stored.
        choices=Choices(existing="edit").as_json(),
        reading=Reading().as_json(),
    )


def shown_name(name: str) -> str:
    """A file's name as we show and keep it: cut in the middle, without what cannot be stored."""
    name = "".join(character for character in name if character.isprintable()) or "a file without a name"
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[-half:]}"


def may_be_discarded(import_: Import) -> bool:
    """Whether the file waits for a decision, or for another try."""
    nobody_checks = import_.job is None or import_.job.ended_at is not None
    waits = import_.state in (Import.State.CHECKED, Import.State.TAKEN_BACK)
    return bool(import_.upload) and (waits or (import_.state == Import.State.CHECKING and nobody_checks))


def discard(import_: Import) -> bool:
    """Forget a file that was not imported at once, with all that was found in it; False where it went on meanwhile."""
    as_seen = Import.objects.filter(pk=import_.pk, state=import_.state, job=import_.job_id)
    if not may_be_discarded(import_) or not as_seen.update(state=Import.State.DISCARDED, upload=""):
        return False
    private_files.delete_with_company(import_.upload)
    return True


def sweep() -> int:
    """Remove the files that nobody came back for within a day, and say so of their imports; how many files."""
    now = timezone.now()
    removed = private_files.sweep(now, in_use=files_in_use())
    for left in Import.objects.filter(state=Import.State.CHECKED, created_at__lte=now - private_files.KEPT):
        if not private_files.exists(left.upload):
            discard(left)
    return removed


def in_use() -> list[str]:
    """The uploads that jobs which wait or run work with, or that an import which is being rolled back needs."""
    at_work = Q(job__state__in=UNDER_WAY) | Q(job__ending__gt="")
    return list(Import.objects.filter(at_work).order_by().values_list("upload", flat=True))
