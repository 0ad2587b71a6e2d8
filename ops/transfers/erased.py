"""What imports and exports keep of somebody whose account was erased: their files, and words that name them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_plus

from django.db.models import Q

from ops.accounts.leftovers import NAME_ERASED
from ops.audit import scrubbing
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job
from ops.transfers import previews, private_files
from ops.transfers.models import Export, Import, RememberedColumn
from ops.transfers.problems import label

REMOVED, NONE, PARTIAL = "removed", "none", "partial"
AT_WORK = Q(job__state__in=UNDER_WAY)
IMPORT_GOES_ON = "A file that is being imported right now goes when that is done, within a day at most."
OTHERS_BROUGHT = "Files that others brought to import may name this person; they go within a day."
EXPORT_GOES_ON = "A file that is being made right now may hold their messages; it goes within a day."
SOMEBODYS_FILE, SOMEBODYS_IMPORT, SOMEBODYS_EXPORT = "a file", "Import of a file", "Export"

HEADERS = {"headers", "unknown", "repeated"}  # in Import.understood
Outcome = tuple[str, str, str]  # step, what became of it, a note


def forget(sender: Any, user_id: Any, username: str, email: str, **_: Any) -> list[Outcome]:
    """Remove what is kept of the person, for the receipt of their deletion; doing it again is harmless.

    Their account is gone by now, or has lost its name: what nobody's account brought or asked for was theirs, or
    somebody's who went before.
    """
    theirs = Q(by=None) | Q(by=user_id)
    # Problems name people as labels: in part where a name is long, some characters spelled out.
    pattern = scrubbing.pattern_of([username, email, label(username, quoted=True)[1:-1]])
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
    removed += _take_out(pattern) if pattern else 0
    notes = [
        IMPORT_GOES_ON if at_work else "",
        OTHERS_BROUGHT if any(map(private_files.left_of, _brought_by_others(theirs))) else "",
    ]
    return _outcome("uploads", removed, " ".join(filter(None, notes)))


def _take_out(pattern: re.Pattern[str]) -> int:
    """Names in what is told of anybody's imports; in how many places there were some.

    What is at work is left: it tells anew what it finds in a file, and then as long as the file is there.
    """

    def reworded(text: str) -> str:
        return pattern.sub(NAME_ERASED, text)

    changed = 0
    for pk, error in Job.objects.exclude(state__in=UNDER_WAY).exclude(error="").values_list("pk", "error"):
        if pattern.search(error):
            changed += Job.objects.filter(pk=pk).update(error=reworded(error))
    for import_ in Import.objects.exclude(AT_WORK):
        changed += _reword(import_, reworded) + previews.reword(import_.upload, reworded)
    for column in RememberedColumn.objects.all():
        changed += bool(pattern.search(column.header) and column.delete()[0])
    return changed


def _reword(import_: Import, reworded: Callable[[str], str]) -> bool:
    """Change headers of the file, and why the import was taken back; all else are numbers and words of ours."""
    understood, reading, outcome = before = import_.understood, import_.reading, import_.outcome
    headers = {name: list(map(reworded, understood[name])) for name in HEADERS & understood.keys()}
    columns = {name: reworded(header) for name, header in reading.get("columns", {}).items()}
    why = reworded(outcome.get("why", ""))
    after = (
        {**understood, **headers},
        {**reading, **({"columns": columns} if columns else {})},
        {**outcome, **({"why": why} if why else {})},
    )
    if after == before:
        return False
    as_seen = Import.objects.filter(pk=import_.pk, state=import_.state, job=import_.job_id)
    return bool(as_seen.update(**dict(zip(("understood", "reading", "outcome"), after, strict=True))))


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
