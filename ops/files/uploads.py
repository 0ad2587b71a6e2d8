"""Receiving an uploaded file: straight into a private file, up to a limit."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from ops.files import private_files

SUFFIX = "upload"  # the format of a file is detected from its content; the name it was uploaded under is not used
# A browser shows no answer before it has sent everything, so the rest of a file that is too large is read and dropped.
# Whoever sends many times the limit is cut off instead.
ABORT_FACTOR = 4  # times the limit
NO_ROOM = "The server could not keep the file: its disk is full, or may not be written to. Tell whoever runs it."
CHOOSE_ANOTHER = "choose a smaller one."


def size_in_words(size: int) -> str:
    """A number of bytes as people say it: "512 MB"."""
    for unit, step in (("GB", 2**30), ("MB", 2**20), ("kB", 2**10)):
        if size >= step:
            return f"{size / step:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} byte{'' if size == 1 else 's'}"


class PrivateUpload(UploadedFile):
    """An uploaded file that is in a private file already. Unless it is kept, the end of the request deletes it."""

    def __init__(self, incoming: private_files.Incoming, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, *args, **kwargs)
        self.incoming = incoming

    def close(self) -> None:
        self.incoming.close()


class PrivateUploadHandler(FileUploadHandler):
    """Streams the field ``file`` into a private file. Where that stopped, ``problem`` says why.

    Must be set before anything reads the form; the CSRF check does. ``limit`` is in bytes, 0 accepts nothing.
    ``too_large`` is the sentence about a file that is larger.
    """

    field = "file"
    file: private_files.Incoming  # set once a file arrived; Django closes it where the form breaks off

    def __init__(self, request: HttpRequest, *, limit: int, too_large: str) -> None:
        super().__init__(request)
        self.limit = limit
        self.too_large = too_large
        self.problem = ""
        self._announced = 0
        self._accepts = False  # the file that is being received

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:
        self._announced = content_length

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        self._accepts = field_name == self.field and not hasattr(self, "file")
        if self._accepts:
            try:
                self.file = private_files.Incoming(SUFFIX, self.limit)
            except OSError:
                raise self._stop(NO_ROOM) from None

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            if self._accepts:
                self.file.write(raw_data)
        except private_files.TooLarge:
            raise self._stop(self.too_large) from None
        except OSError:
            raise self._stop(NO_ROOM) from None

    def file_complete(self, file_size: int) -> PrivateUpload | None:
        if not self._accepts:
            return None
        return PrivateUpload(self.file, self.file_name, self.content_type, file_size, self.charset)

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()

    def _stop(self, problem: str) -> StopUpload:
        self.problem = problem
        self.upload_interrupted()
        return StopUpload(connection_reset=self._announced > ABORT_FACTOR * max(self.limit, 2**20))


def receive(
    request: HttpRequest, *, limit: int, remedy: str = CHOOSE_ANOTHER, too_large: str = ""
) -> PrivateUploadHandler:
    """Stream the uploaded file of ``request`` into a private one, up to ``limit`` bytes.

    ``remedy`` ends the sentence about a file that is too large (what to do instead), unless that is ``too_large``.
    """
    sentence = too_large or f"The file is larger than {size_in_words(limit)}, the most that is taken: {remedy}"
    handler = PrivateUploadHandler(request, limit=limit, too_large=sentence)
    request.upload_handlers = [handler]
    return handler
