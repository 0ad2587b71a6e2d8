"""Erasing a person from exports: files that may contain their messages, and texts that name them."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from messaging.people.naming import NamePattern, name_pattern
from ops.audit import context
from ops.console.erasure import ErasedPerson, Outcome, Step, mentions, outcome
from ops.exports.models import Export
from ops.exports.notices import notices
from ops.files import private_files
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job

RUNNING = Q(job__state__in=UNDER_WAY)
EXPORT_RUNNING = gettext_lazy("A file that is being made right now may hold their messages; it goes within a day.")
ANONYMOUS_TITLE = gettext_lazy("Export")
# Changes to an export about an erased person. Who made it, of what kind, and when remain.
EMPTY: dict[str, Any] = {
    "removed": True,
    "reason": "",
    "selection": {},
    "columns": [],
    "file": "",
    "file_name": "",
    "approval": "",
    **dict.fromkeys(("size", "rows", "expires_at", "entry_id", "job", "person", "decided_by", "decided_at")),
}


def remove_exports(person: ErasedPerson, _: Any) -> Outcome:
    """Delete the person's exports, and all exported files, which may contain their messages. Empty exports about them.

    Exports without an account belonged to this person, or to one erased earlier. An export about the person that is
    being made is deleted instead of emptied: without its selection, its job would export everything.
    """
    theirs = Q(by=None) | Q(by=person.user_id)
    pattern = name_pattern(person.names)
    removed = 0
    at_work = Export.objects.filter(RUNNING).exists()
    # The job's title contains the name of the file, and that contains their username.
    Job.objects.filter(pk__in=Export.objects.filter(theirs).values("job")).update(title=str(ANONYMOUS_TITLE))
    for export in Export.objects.exclude(RUNNING).exclude(file=""):
        removed += private_files.exists(export.file)
        private_files.delete_all(export.file)
    about = Export.objects.filter(pk__in=_about(person.user_id, pattern))
    # Files that expired earlier were not removed by this erasure.
    kept = Export.objects.exclude(RUNNING).filter(expires_at__gt=timezone.now())
    notices.notify_removed(kept.exclude(theirs).exclude(removed=True), occasion=context.current().action)
    kept.update(removed=True)
    removed += Export.objects.filter(theirs | Q(pk__in=about.filter(RUNNING).values("pk"))).delete()[0]
    removed += about.update(**EMPTY)
    return outcome(removed, str(EXPORT_RUNNING) if at_work else "")


def _about(user_id: Any, pattern: NamePattern | None) -> list[Any]:
    """Return the keys of exports of this person's data, and of exports whose search, filters or reason name them."""
    found = []
    for pk, selection, reason in Export.objects.values_list("pk", "selection", "reason"):
        texts = [unquote_plus(selection.get("query", "")), *selection.get("descriptions", ()), reason]
        if selection.get("person") == user_id or any(mentions(pattern, text) for text in texts):
            found.append(pk)
    return found


STEPS = (Step("exports", gettext_lazy("Export files"), remove_exports, order=60),)
