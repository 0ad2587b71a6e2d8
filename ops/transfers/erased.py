"""What imports and exports keep of somebody whose account was erased: their files, and files that may name them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from django.db.models import Q

from ops.audit import scrubbing
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job
from ops.transfers import private_files
from ops.transfers.models import Export, Import, RememberedColumn

REMOVED, NONE, PARTIAL = "removed", "none", "partial"
AT_WORK = Q(job__state__in=UNDER_WAY)
IMPORT_GOES_ON = "A file that is being imported right now goes when that is done, within a day at most."
OTHERS_BROUGHT = "Files that others brought to import may name this person; they go within a day."
EXPORT_GOES_ON = "A file that is being made right now may hold their messages; it goes within a day."
SOMEBODYS_FILE, SOMEBODYS_IMPORT, SOMEBODYS_EXPORT = "a file", "Import of a file", "Export"

Outcome = tuple[str, str, str]  # step, what became of it, a note


def forget(sender: Any, user_id: Any, username: str, email: str, **_: Any) -> list[Outcome]:
    """Remove what is kept of the person, for the receipt of their deletion; doing it again is harmless.

    Their account is gone by now, or has lost its name: what nobody's account brought or asked for was theirs, or
    somebody's who went before.
    """
    theirs = Q(by=None) | Q(by=user_id)
    pattern = scrubbing.pattern_of([username, email])
    RememberedColumn.objects.filter(user_id=user_id).delete()
    return [_forget_uploads(theirs, pattern), _forget_exports(user_id, theirs, pattern)]


def _forget_uploads(theirs: Q, pattern: re.Pattern[str] | None) -> Outcome:
    """Files that they brought and did not import yet, and names of files that name them."""
    kept = Import.objects.filter(theirs).exclude(upload="")
    at_work = set(kept.filter(AT_WORK).values_list("pk", flat=True))
    removed = 0
    for import_ in kept.exclude(pk__in=at_work):
        private_files.delete_with_company(import_.upload)
        Import.objects.filter(pk=import_.pk).update(upload="")
        removed += 1
    for pk, file_name in Import.objects.values_list("pk", "file_name"):
        if _names(pattern, file_name):
            Import.objects.filter(pk=pk).update(file_name=SOMEBODYS_FILE)
            # Each check, and storing and undoing, was a job with the file's name in its title.
            Job.objects.filter(params__import=str(pk)).update(title=SOMEBODYS_IMPORT)
            removed += 1
    notes = [
        IMPORT_GOES_ON if at_work else "",
        OTHERS_BROUGHT if any(map(private_files.left_of, _brought_by_others(theirs))) else "",
    ]
    return _outcome("uploads", removed, " ".join(filter(None, notes)))


def _brought_by_others(theirs: Q) -> Iterable[str]:
    """The uploads that stay: they are other people's work, and what they hold is refused when it is imported."""
    return Import.objects.exclude(theirs).exclude(upload="").values_list("upload", flat=True)


def _forget_exports(user_id: Any, theirs: Q, pattern: re.Pattern[str] | None) -> Outcome:
    """What they asked for, what was asked for about them, and the files of all others: any may hold their messages."""
    removed = 0
    at_work = Export.objects.filter(AT_WORK).exists()
    # Their name is part of the name of the file, and with it of the job's title.
    Job.objects.filter(pk__in=Export.objects.filter(theirs).values("job")).update(title=SOMEBODYS_EXPORT)
    for export in Export.objects.exclude(AT_WORK).exclude(file=""):
        removed += private_files.exists(export.file)
        private_files.delete_with_company(export.file)
    doomed = Export.objects.filter(theirs | Q(pk__in=_about(user_id, pattern)))
    removed += doomed.delete()[0]
    return _outcome("exports", removed, EXPORT_GOES_ON if at_work else "")


def _about(user_id: Any, pattern: re.Pattern[str] | None) -> list[Any]:
    """The exports of this person's data, and those whose search, filters or reason name them."""
    found = []
    for pk, selection, reason in Export.objects.values_list("pk", "selection", "reason"):
        texts = [unquote_plus(selection.get("query", "")), *selection.get("words", ()), reason]
        if selection.get("person") == user_id or any(_names(pattern, text) for text in texts):
            found.append(pk)
    return found


def _names(pattern: re.Pattern[str] | None, text: str) -> bool:
    """Whether a text names the person; in the names of files, words are joined by "_"."""
    return pattern is not None and any(map(pattern.search, (text, text.replace("_", " "))))


def _outcome(step: str, removed: int, note: str) -> Outcome:
    return step, PARTIAL if note else REMOVED if removed else NONE, note
