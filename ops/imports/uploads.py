"""Uploaded files: kept while somebody decides about them, deleted afterwards."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from ops.console.rooms import files_in_use
from ops.files import private_files, uploads
from ops.files.sources import Reading
from ops.files.uploads import PrivateUpload, PrivateUploadHandler
from ops.imports.models import Import
from ops.imports.options import Choices
from ops.jobs.leases import UNDER_WAY

LONGEST_NAME = 255
NOT_KEPT = "The file is not kept any more: upload it again."
SMALLER = "split it and import the parts one after the other, beginning with the oldest messages."


def receive(request: HttpRequest, *, allowed: bool) -> PrivateUploadHandler:
    """Stream the file of ``request`` into a private one; nothing is stored unless it is ``allowed``."""
    return uploads.receive(request, limit=settings.MOST_UPLOADED, allowed=allowed, remedy=SMALLER)


def keep(upload: PrivateUpload, *, by: Any) -> Import:
    """A new import of a file that was received whole, to be checked next."""
    upload.incoming.keep()
    return Import.objects.create(
        by=by,
        file_name=shown_name(upload.name or ""),
        size=upload.incoming.size,
        digest=upload.incoming.digest,
        upload=upload.incoming.name,
        # An edit is counted and shown first, and confirmed before it is stored.
        choices=Choices(existing="edit").as_json(),
        reading=Reading().as_json(),
    )


def shown_name(name: str) -> str:
    """A file's name as we show and store it: cut in the middle, without what cannot be stored."""
    name = "".join(character for character in name if character.isprintable()) or "a file without a name"
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[-half:]}"


def is_kept(import_: Import) -> bool:
    """Whether the file is still there."""
    return private_files.exists(import_.upload)


def may_be_discarded(import_: Import) -> bool:
    """Whether the file waits for a decision, or for another try."""
    nobody_checks = import_.job is None or import_.job.ended_at is not None
    waits = import_.state in (Import.State.CHECKED, Import.State.TAKEN_BACK)
    return bool(import_.upload) and (waits or (import_.state == Import.State.CHECKING and nobody_checks))


def discard(import_: Import) -> bool:
    """Delete a file that was not imported, with all that was found in it; False where the import went on meanwhile."""
    if not may_be_discarded(import_):
        return False
    if not import_.update_unless_changed(state=Import.State.DISCARDED, upload=""):
        return False
    private_files.delete_all(import_.upload)
    return True


def sweep() -> int:
    """Delete files that were left for a day and mark their imports as discarded; returns how many files."""
    now = timezone.now()
    removed = private_files.sweep(now, in_use=files_in_use())
    for abandoned in Import.objects.filter(state=Import.State.CHECKED, created_at__lte=now - private_files.KEPT):
        if not is_kept(abandoned):
            discard(abandoned)
    return removed


def in_use() -> list[str]:
    """The uploads that waiting or running jobs need, and imports that are being rolled back."""
    at_work = Q(job__state__in=UNDER_WAY) | Q(job__ending__gt="")
    return list(Import.objects.filter(at_work).order_by().values_list("upload", flat=True))
