"""Erasing a person from imports: their uploads, and their name wherever an import quotes a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.people.naming import NamePattern, name_pattern
from ops.console.erasure import NAME_ERASED, ErasedPerson, Outcome, Step, mentions, outcome
from ops.files import private_files
from ops.files.problems import label
from ops.imports.models import Import, SavedColumn, SavedEncoding, SavedPerson
from ops.imports.pages import previews
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job

AT_WORK = Q(job__state__in=UNDER_WAY)

HEADERS = {"headers", "unknown", "repeated", "sheets"}  # in Import.understood


def erase(person: ErasedPerson, prepared: Any) -> Outcome:
    """Delete the files that the person uploaded and did not import yet, and their name from other imports.

    Their account is deleted or renamed by now, so an import without an account may be theirs or an earlier erased
    person's.
    """
    theirs = Q(by=None) | Q(by=person.user_id)
    # Problems show names as labels: long ones are cut, some characters spelled out.
    pattern = name_pattern([*person.names, label(person.username, quoted=True)[1:-1]])
    for remembered in (SavedColumn, SavedEncoding):
        remembered._base_manager.filter(user_id=person.user_id).delete()
    SavedPerson.objects.filter(Q(user_id=person.user_id) | Q(account_id=person.user_id)).delete()
    kept = Import.objects.filter(theirs).exclude(upload="")
    at_work = set(kept.filter(AT_WORK).values_list("pk", flat=True))
    removed = 0
    for import_ in kept.exclude(pk__in=at_work):
        private_files.delete_all(import_.upload)
        Import.objects.filter(pk=import_.pk).update(upload="", choices=import_.choices_without_people)
        removed += 1
    for pk, file_name in Import.objects.values_list("pk", "file_name"):
        if mentions(pattern, file_name):
            Import.objects.filter(pk=pk).update(file_name=_("a file"))
            # Every check, storing and undoing was a job with the file's name in its title.
            Job.objects.filter(params__import=str(pk)).update(title=_("Import of a file"))
            removed += 1
    removed += _redact(pattern) if pattern else 0
    notes = [
        _("A file that is being imported right now goes when that is done, within a day at most.") if at_work else "",
        _("Files that others brought to import may name this person; they go within a day.")
        if any(map(private_files.any_exists, _uploaded_by_others(theirs)))
        else "",
    ]
    return outcome(removed, " ".join(filter(None, notes)))


def _redact(pattern: NamePattern) -> int:
    """Redact the names in everybody's imports and in the errors of jobs; return in how many places there were some.

    Imports with a job under way are skipped: the job would write the names again, and they are deleted with its file.
    """

    def reworded(text: str) -> str:
        return pattern.sub(NAME_ERASED, text)

    changed = 0
    for pk, error in Job.objects.exclude(state__in=UNDER_WAY).exclude(error="").values_list("pk", "error"):
        if pattern.search(error):
            changed += Job.objects.filter(pk=pk).update(error=reworded(error))
    for import_ in Import.objects.exclude(AT_WORK):
        changed += _reword(import_, reworded) + previews.reword(import_.upload, reworded)
    for column in SavedColumn.objects.all():
        changed += bool(pattern.search(column.header) and column.delete()[0])
    for remembered in SavedPerson.objects.all():
        changed += bool(pattern.search(remembered.name) and remembered.delete()[0])
    return changed


def _reword(import_: Import, reworded: Callable[[str], str]) -> bool:
    """Redact the file's headers, its matched people and the reason for a roll-back; return whether anything changed.
    All other fields hold numbers and words of ours.
    """
    understood, reading, outcome, choices = before = (
        import_.understood,
        import_.reading,
        import_.outcome,
        import_.choices,
    )
    headers = {name: list(map(reworded, understood[name])) for name in HEADERS & understood.keys()}
    columns = {name: reworded(header) for name, header in reading.get("columns", {}).items()}
    sheet = reworded(reading.get("sheet", ""))
    why = reworded(outcome.get("why", ""))
    people = choices.get("people", {})
    kept = {name: other for name, other in people.items() if (reworded(name), reworded(other)) == (name, other)}
    after = (
        {**understood, **headers},
        {**reading, **({"columns": columns} if columns else {}), **({"sheet": sheet} if sheet else {})},
        {**outcome, **({"why": why} if why else {})},
        {**choices, **({"people": kept} if people else {})},
    )
    if after == before:
        return False
    fields = ("understood", "reading", "outcome", "choices")
    return import_.update_unless_changed(**dict(zip(fields, after, strict=True)))


def _uploaded_by_others(theirs: Q) -> Iterable[str]:
    """Return the uploads that are kept: they are other people's work, and importing an erased person is refused."""
    return Import.objects.exclude(theirs).exclude(upload="").values_list("upload", flat=True)


STEPS = (Step("uploads", gettext_lazy("Uploaded files"), erase, order=50),)
