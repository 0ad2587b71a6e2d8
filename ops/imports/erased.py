"""What imports keep of a person: uploaded files, and words of files that name somebody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q

from ops.audit import scrubbing
from ops.console.erasure import NAME_ERASED, Leaving, Outcome, Step, mentions, outcome
from ops.files import private_files
from ops.files.problems import label
from ops.imports.models import Import, RememberedColumn
from ops.imports.pages import previews
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job

AT_WORK = Q(job__state__in=UNDER_WAY)
IMPORT_GOES_ON = "A file that is being imported right now goes when that is done, within a day at most."
OTHERS_BROUGHT = "Files that others brought to import may name this person; they go within a day."
SOMEBODYS_FILE, SOMEBODYS_IMPORT = "a file", "Import of a file"

HEADERS = {"headers", "unknown", "repeated"}  # in Import.understood


def forget(person: Leaving, _: Any) -> Outcome:
    """Remove the files that the person brought and did not import yet, and the name from what is kept of other files.

    Their account is gone by now, or has lost its name: what belongs to nobody's account was theirs, or somebody's who
    was erased before.
    """
    theirs = Q(by=None) | Q(by=person.user_id)
    # Problems name people as labels: in part where a name is long, some characters spelled out.
    pattern = scrubbing.pattern_of([person.username, person.email, label(person.username, quoted=True)[1:-1]])
    RememberedColumn.objects.filter(user_id=person.user_id).delete()
    kept = Import.objects.filter(theirs).exclude(upload="")
    at_work = set(kept.filter(AT_WORK).values_list("pk", flat=True))
    removed = 0
    for import_ in kept.exclude(pk__in=at_work):
        private_files.delete_all(import_.upload)
        Import.objects.filter(pk=import_.pk).update(upload="")
        removed += 1
    for pk, file_name in Import.objects.values_list("pk", "file_name"):
        if mentions(pattern, file_name):
            Import.objects.filter(pk=pk).update(file_name=SOMEBODYS_FILE)
            # Each check, and storing and undoing, was a job with the file's name in its title.
            Job.objects.filter(params__import=str(pk)).update(title=SOMEBODYS_IMPORT)
            removed += 1
    removed += _take_out(pattern) if pattern else 0
    notes = [
        IMPORT_GOES_ON if at_work else "",
        OTHERS_BROUGHT if any(map(private_files.any_exists, _brought_by_others(theirs))) else "",
    ]
    return outcome(removed, " ".join(filter(None, notes)))


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
    return import_.update_unless_changed(**dict(zip(("understood", "reading", "outcome"), after, strict=True)))


def _brought_by_others(theirs: Q) -> Iterable[str]:
    """The uploads that stay: they are other people's work, and what they hold is refused when it is imported."""
    return Import.objects.exclude(theirs).exclude(upload="").values_list("upload", flat=True)


STEPS = (Step("uploads", "Uploaded files", forget, order=50),)
