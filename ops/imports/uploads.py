"""Uploaded files: kept while somebody decides about them, deleted afterwards."""

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
NOT_KEPT = gettext_lazy("The file is not kept any more: upload it again.")
SMALLER = gettext_lazy("split it and import the parts one after the other, beginning with the oldest messages.")


class QuotaExceeded(Exception):
    """One person's files may take so much room; the text is the sentence for people."""

    def __init__(self, stored: int) -> None:
        said = _(
            "Your uploaded files take %(stored)s of the %(quota)s that one person may keep, so this file does not fit. "
            "Import or discard those that wait, or try again tomorrow: they are deleted after a day."
        )
        super().__init__(said % {"stored": size_in_words(stored), "quota": size_in_words(settings.UPLOAD_QUOTA)})


def receive(request: HttpRequest) -> PrivateUploadHandler:
    """Stream the file of ``request`` into a private one, as far as its size and its sender's quota allow."""
    stored = stored_by(request.user)
    room = max(0, settings.UPLOAD_QUOTA - stored)
    if room < settings.MOST_UPLOADED:
        return uploads.receive(request, limit=room, too_large=str(QuotaExceeded(stored)))
    return uploads.receive(request, limit=settings.MOST_UPLOADED, remedy=str(SMALLER))


def stored_by(person: Any) -> int:
    """How many bytes the uploads take that are kept for a person."""
    kept = Import.objects.filter(by=person).exclude(upload="").values_list("upload", "size")
    return sum(size for name, size in kept if private_files.exists(name))


def keep(upload: PrivateUpload, *, by: Any) -> Import:
    """A new import of a file that was received whole, to be checked next. Raises QuotaExceeded."""
    with transaction.atomic():
        # One after the other: files that arrive at the same time do not all find the same room.
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
            # An edit is counted and shown first, and confirmed before it is stored.
            choices=Choices(existing="edit").as_json(),
            reading=Reading().as_json(),
        )


def shown_name(name: str) -> str:
    """A file's name as we show and store it: cut in the middle, without what cannot be stored."""
    name = "".join(character for character in name if character.isprintable()) or _("a file without a name")
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
    gone = {"upload": "", "choices": import_.choices_without_people}
    if not import_.update_unless_changed(state=Import.State.DISCARDED, **gone):
        return False
    private_files.delete_all(import_.upload)
    return True


def sweep() -> int:
    """Delete files that were left for a day and mark their imports as discarded; returns how many files."""
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
    """The uploads that waiting or running jobs need, and imports that are being rolled back."""
    at_work = Q(job__state__in=UNDER_WAY) | Q(job__ending__gt="")
    return list(Import.objects.filter(at_work).order_by().values_list("upload", flat=True))
