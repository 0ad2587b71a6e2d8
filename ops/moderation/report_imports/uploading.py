"""Uploaded files of reports: kept while their uploader decides, used once, then deleted.

Each person has at most one: a new upload replaces the pending one.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from ops.files import private_files, uploads
from ops.files.problems import Problem
from ops.files.uploads import PrivateUpload, PrivateUploadHandler
from ops.imports.uploads import NOT_KEPT, shown_name
from ops.jobs import starting
from ops.jobs.leases import UNDER_WAY
from ops.moderation.models import FlagImport, ImportState, Outcome
from ops.moderation.refusals import FlagRefused
from ops.moderation.report_imports.checking import Checked, check_file

PERMISSION = "moderation.import_flags"
CHECK, STORE, UNDO = "moderation.check_flags", "moderation.store_flags", "moderation.undo_flags"  # kinds of jobs
STATE_DURING = {CHECK: ImportState.CHECKING, STORE: ImportState.STORING, UNDO: ImportState.UNDOING}
PREVIEW = "preview.json"
MOST_BYTES = 64 * 2**20  # in a file, which holds at most 50,000 reports
MOST_PROBLEMS, MOST_ROWS_SHOWN = 300, 10
CHANGED_MEANWHILE = gettext_lazy("This import went on meanwhile, in another tab perhaps. This is how it is now.")
DISCARDABLE = Q(state__in=(ImportState.CHECKING, ImportState.CHECKED))


def address_of(import_id: Any) -> str:
    """Return the URL of the page of an import of reports."""
    return reverse("admin:moderation_flagimport_change", args=[import_id])


def receive(request: HttpRequest) -> PrivateUploadHandler:
    """Return the upload handler that streams the file of ``request`` into a private file."""
    return uploads.receive(request, limit=min(MOST_BYTES, settings.MOST_UPLOADED), remedy=_("split it."))


def keep(upload: PrivateUpload, *, by: Any) -> FlagImport:
    """Create an import of a complete upload and start its check; a small file is checked when this returns."""
    for one in FlagImport.objects.filter(DISCARDABLE, by=by):
        discard(one)
    upload.incoming.keep()
    names = {"file_name": shown_name(upload.name or ""), "upload": upload.incoming.name}
    now = timezone.now()
    import_ = FlagImport.objects.create(by=by, created_at=now, state=ImportState.CHECKED, **names)
    return start(import_, CHECK, by=by)


def start(import_: FlagImport, kind: str, *, by: Any) -> FlagImport:
    """Start the job that checks, stores or undoes an import: 2 s at most in this request, then in a worker.

    Raises FlagRefused.
    """
    if kind != UNDO and not is_kept(import_):
        raise FlagRefused(NOT_KEPT)
    before = ImportState.STORED if kind == UNDO else ImportState.CHECKED
    title = _title(kind, import_)
    with transaction.atomic():
        if not FlagImport.objects.filter(pk=import_.pk, state=before).update(state=STATE_DURING[kind]):
            raise FlagRefused(CHANGED_MEANWHILE)
        job = starting.start(kind, requester=by, title=title, params={"import": str(import_.pk)}, kick=False)
        FlagImport.objects.filter(pk=import_.pk).update(job=job)
    starting.do_here(job)
    import_.refresh_from_db()
    return import_


def _title(kind: str, import_: FlagImport) -> str:
    """Return the title of a job of an import."""
    if kind == CHECK:
        return _("Check of a file of reports")
    if kind == STORE:
        new = import_.counts.get("new", 0)
        return numbered(ngettext("Import of %(number)s report", "Import of %(number)s reports", new), new)
    stored = import_.counts.get("flags", 0)
    text = ngettext("Undoing the import of %(number)s report", "Undoing the import of %(number)s reports", stored)
    return numbered(text, stored)


def is_kept(import_: FlagImport) -> bool:
    """Return whether the file still exists."""
    return private_files.exists(import_.upload)


def discard(import_: FlagImport) -> bool:
    """Discard an import and delete its file; return False if it was imported meanwhile."""
    found = FlagImport.objects.filter(DISCARDABLE, pk=import_.pk)
    if not found.update(state=ImportState.DISCARDED, upload=""):
        return False
    private_files.delete_all(import_.upload)
    return True


def sweep() -> None:
    """Discard imports that were left for a day, with their files."""
    old = FlagImport.objects.filter(DISCARDABLE, created_at__lte=timezone.now() - private_files.KEPT)
    for import_ in old.exclude(job__state__in=UNDER_WAY):
        discard(import_)


def in_use() -> list[str]:
    """Return the uploads that queued or running jobs need."""
    at_work = FlagImport.objects.filter(job__state__in=UNDER_WAY).exclude(upload="")
    return list(at_work.order_by().values_list("upload", flat=True))


def write_preview(import_: FlagImport, found: Checked) -> None:
    """Write the uploader's preview beside the upload, and set the counts of the import, without saving it."""
    import_.counts = {
        "rows": found.rows,
        "new": len(found.ready),
        "known": found.known,
        "waiting": sum(one.row.outcome == Outcome.WAITING for one in found.ready),
        "conversations": len({one.message.conversation_id for one in found.ready}),
        "errors": found.errors,
        "problems": len(found.problems),
    }
    first = [
        {"message": one.message.pk, "label": one.label.name, "reporter": one.row.reporter, "note": one.row.note}
        for one in found.ready[:MOST_ROWS_SHOWN]
    ]
    worst_first = sorted(found.problems, key=lambda one: one.level != "error")
    problems = [[one.row, one.column, one.level, one.message] for one in worst_first[:MOST_PROBLEMS]]
    path = private_files.path(private_files.beside(import_.upload, PREVIEW))
    with open(path, "w", encoding="utf-8", opener=private_files.opener) as file:
        json.dump({"problems": problems, "first": first}, file)


def preview_of(import_: FlagImport) -> tuple[list[Problem], list[dict[str, Any]]]:
    """Return the problems and the first reports of a checked file; empty lists if it has been deleted."""
    if not import_.upload:
        return [], []
    path = private_files.path(private_files.beside(import_.upload, PREVIEW))
    if not path.is_file():
        return [], []
    found = json.loads(path.read_text(encoding="utf-8"))
    return [Problem(*one) for one in found["problems"]], found["first"]


def check(import_: FlagImport, progress: Any) -> Checked:
    """Check the file and write its preview; the import is not saved. Raises FlagRefused if the file is gone."""
    if not is_kept(import_):
        raise FlagRefused(NOT_KEPT)
    path = private_files.path(import_.upload)
    found = check_file(path, now=timezone.now(), using=DEFAULT_DB_ALIAS, progress=progress)
    write_preview(import_, found)
    return found
