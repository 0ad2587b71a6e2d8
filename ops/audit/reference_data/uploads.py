"""Uploaded files, kept among the private files until the import is confirmed."""

from __future__ import annotations

import io
import os
import secrets
import time
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from import_export.tmp_storages import BaseStorage

from ops.files import private_files

MAX_BYTES = 5 * 2**20
ABORT_FACTOR = 4  # times MAX_BYTES: an upload that announces more is aborted before it is read
MAX_AGE = timedelta(hours=1)  # of an unconfirmed upload; the sweep of private files deletes older ones
SALT = "ops.audit.reference_data.uploads"


class UploadGone(Exception):
    """The upload was used already, has expired, or belongs to another user or model."""


class SmallUploadHandler(FileUploadHandler):
    """Keeps a file in memory; of a file that is too large, only enough for the form to refuse it."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:
        self._announced = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self._announced > ABORT_FACTOR * MAX_BYTES:
            raise StopUpload(connection_reset=True)
        self._content = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._content.write(raw_data[: MAX_BYTES + 1 - self._content.tell()])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        size = self._content.tell()
        self._content.seek(0)
        return InMemoryUploadedFile(
            self._content, self.field_name, self.file_name, self.content_type, size, self.charset
        )


def receive(request: HttpRequest) -> None:
    """Have the file of ``request`` read into memory."""
    request.upload_handlers = [SmallUploadHandler(request)]


class PendingUpload(BaseStorage):
    """An upload by one user for one model; its ``name`` is a random token in the confirmation form.

    The private file is named by an HMAC over user, model and token, so a form never names a file and the token is
    useless to other users. Web processes share nothing but the private files and SECRET_KEY.
    """

    def __init__(self, *, owner: Any, model: Any, name: str = "") -> None:
        super().__init__(name=name or secrets.token_urlsafe(16), read_mode="rb")
        key = f"{owner.pk}|{model._meta.label_lower}|{self.name}"
        digest = salted_hmac(SALT, key, algorithm="sha256").hexdigest()
        self._file = f"{digest[: private_files.STEM]}.reference"

    def save(self, data: bytes) -> None:
        with open(private_files.path(self._file), "xb", opener=private_files.opener) as file:
            file.write(data)

    def read(self) -> bytes:
        return private_files.path(self._file).read_bytes()

    def remove(self) -> None:
        private_files.delete(self._file)

    def take(self) -> bytes:
        """Read the file and delete it. Raises UploadGone; of simultaneous calls, only one succeeds."""
        claimed = private_files.path(private_files.beside(self._file, "claimed"))
        try:
            os.rename(private_files.path(self._file), claimed)  # atomic
        except FileNotFoundError:
            raise UploadGone from None
        try:
            if time.time() - claimed.stat().st_mtime > MAX_AGE.total_seconds():
                raise UploadGone
            return claimed.read_bytes()
        finally:
            claimed.unlink(missing_ok=True)
