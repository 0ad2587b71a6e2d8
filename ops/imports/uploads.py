"""Uploaded files: kept until a decision is made, then deleted."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.console.rooms import files_in_use
from ops.files import private_files, uploads
from ops.files.sources import Reading
from ops.files.uploads import PrivateUpload, PrivateUploadHandler, size_in_words
from ops.imports.models import Import
from ops.imports.notices import notices
from ops.imports.options import Choices
from ops.jobs.leases import UNDER_WAY
from ops.notices.notifying import notify

LONGEST_NAME = 255
NOT_KEPT = gettext_lazy("This file is no longer available. Upload it again.")
SMALLER = gettext_lazy("split it and import the parts one after the other, beginning with the oldest messages.")


class QuotaExceeded(Exception):
    """A person's uploads exceed their quota; the text is the sentence to show."""

    def __init__(self, stored: int) -> None:
        said = _(
            "Your uploaded files take %(stored)s of the %(quota)s that one person may keep, so this file does not fit. "
            "Import or discard those that wait, or try again tomorrow: they are deleted after a day."
        )
        super().__init__(said % {"stored": size_in_words(stored), "quota": size_in_words(settings.UPLOAD_QUOTA)})


def receive(request: HttpRequest) -> PrivateUploadHandler:
    """Stream the file of ``request`` into a private file, up to the size limit and the rest of the uploader's quota."""
    stored = stored_by(request.user)
    room = max(0, settings.UPLOAD_QUOTA - stored)
    if room < settings.MOST_UPLOADED:
        return uploads.receive(request, limit=room, too_large=str(QuotaExceeded(stored)))
    return uploads.receive(request, limit=settings.MOST_UPLOADED, remedy=str(SMALLER))


def stored_by(person: Any) -> int:
    """Return how many bytes a person's uploads take."""
    kept = Import.objects.filter(by=person).exclude(upload="").values_list("upload", "size")
    return sum(size for name, size in kept if private_files.exists(name))


def keep(upload: PrivateUpload, *, by: Any) -> Import:
    """Create the import of a completely received file, which has yet to be checked. Raises QuotaExceeded."""
    with transaction.atomic():
        # One after the other: files that arrive at the same time must not count the same free space.
        get_user_model()._default_manager.select_for_update(no_key=True).get(pk=by.pk)
        stored = stored_by(by)
        if stored + upload.incoming.size > settings.UPLOAD_QUOTA:
            raise QuotaExceeded(stored)
        upload.incoming.keep()
        return Import.objects.create(
            by=by,
            file_name=shown_name(upload.name or ""),
            size=upload.incoming.size,
            digest=upload.incoming.digest,
            upload=upload.incoming.name,
            # Edits are counted, shown and confirmed before they are stored.
            choices=Choices(existing="edit").as_json(),
            reading=Reading().as_json(),
        )


def shown_name(name: str) -> str:
    """Return a file's name as shown and stored: printable characters only, cut in the middle if it is too long."""
    name = "".join(character for character in name if character.isprintable()) or _("a file without a name")
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[:half]}…{name[-half:]}"


def is_kept(import_: Import) -> bool:
    """Return whether the file still exists."""
    return private_files.exists(import_.upload)


def may_be_discarded(import_: Import) -> bool:
    """Return whether the file awaits a decision or another attempt."""
    nobody_checks = import_.job is None or import_.job.ended_at is not None
    waits = import_.state in (Import.State.CHECKED, Import.State.TAKEN_BACK)
    return bool(import_.upload) and (waits or (import_.state == Import.State.CHECKING and nobody_checks))


def discard(import_: Import) -> bool:
    """Delete a file that was not imported and its findings; return False if the import has continued meanwhile."""
    if not may_be_discarded(import_):
        return False
    gone = {"upload": "", "choices": import_.choices_without_people}
    if not import_.update_unless_changed(state=Import.State.DISCARDED, **gone):
        return False
    private_files.delete_all(import_.upload)
    return True


def sweep() -> int:
    """Delete files that are a day old, and mark undecided imports of them as discarded; return how many files."""
    now = timezone.now()
    removed = private_files.sweep(now, in_use=files_in_use())
    for abandoned in Import.objects.filter(state=Import.State.CHECKED, created_at__lte=now - private_files.KEPT):
        if not is_kept(abandoned):
            with transaction.atomic():
                if discard(abandoned):
                    notify(notices.EXPIRED, [abandoned.by_id], abandoned)
    for left in Import.objects.filter(state=Import.State.TAKEN_BACK, choices__has_key="people"):
        if left.choices["people"] and not is_kept(left):
            Import.objects.filter(pk=left.pk).update(choices=left.choices_without_people)
    return removed


def in_use() -> list[str]:
    """Return the uploads that queued or running jobs, and imports being rolled back, still need."""
    at_work = Q(job__state__in=UNDER_WAY) | Q(job__ending__gt="")
    return list(Import.objects.filter(at_work).order_by().values_list("upload", flat=True))
