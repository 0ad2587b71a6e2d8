"""Uploaded files that wait in private files until the import is confirmed."""

from __future__ import annotations

import os
import secrets
import time
from datetime import timedelta
from typing import Any

from django.utils.crypto import salted_hmac
from import_export.tmp_storages import BaseStorage

from ops.files import private_files

MOST_BYTES = 5 * 2**20
KEPT = timedelta(hours=1)  # to be confirmed; the sweep of private files deletes what nobody confirmed
SALT = "ops.audit.reference_data.uploads"


class UploadGone(Exception):
    """There is no such upload: it was used, it expired, or it belongs to another user or model."""


class PendingUpload(BaseStorage):
    """An upload of one user for one model, found again by its ``name``, a random ticket that the form carries.

    The name of the private file is an HMAC over user, model and ticket. A form never names a file, and the ticket
    leads nowhere for another user. Web processes need to share nothing but the private files and SECRET_KEY.
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
        """Read the file and delete it. Raises UploadGone, also for all but one of several calls at the same time."""
        claimed = private_files.path(private_files.beside(self._file, "claimed"))
        try:
            os.rename(private_files.path(self._file), claimed)  # atomic, so only one call succeeds
        except FileNotFoundError:
            raise UploadGone from None
        try:
            if time.time() - claimed.stat().st_mtime > KEPT.total_seconds():
                raise UploadGone
            return claimed.read_bytes()
        finally:
            claimed.unlink(missing_ok=True)
