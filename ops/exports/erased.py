"""What exports keep of a person: files that hold their messages, and words that name them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_plus

from django.db.models import Q

from ops.audit import scrubbing
from ops.console.erasure import Leaving, Outcome, Step, mentions, outcome
from ops.exports.models import Export
from ops.files import private_files
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job

AT_WORK = Q(job__state__in=UNDER_WAY)
EXPORT_GOES_ON = "A file that is being made right now may hold their messages; it goes within a day."
SOMEBODYS_EXPORT = "Export"


def forget(person: Leaving, _: Any) -> Outcome:
    """Remove what the person exported, what was exported about them, and all exported files: any of these may hold
    their messages. What belongs to nobody's account was theirs, or somebody's who was erased before."""
    theirs = Q(by=None) | Q(by=person.user_id)
    pattern = scrubbing.pattern_of([person.username, person.email])
    removed = 0
    at_work = Export.objects.filter(AT_WORK).exists()
    # Their name is part of the name of the file, and with it of the job's title.
    Job.objects.filter(pk__in=Export.objects.filter(theirs).values("job")).update(title=SOMEBODYS_EXPORT)
    for export in Export.objects.exclude(AT_WORK).exclude(file=""):
        removed += private_files.exists(export.file)
        private_files.delete_all(export.file)
    doomed = Export.objects.filter(theirs | Q(pk__in=_about(person.user_id, pattern)))
    removed += doomed.delete()[0]
    return outcome(removed, EXPORT_GOES_ON if at_work else "")


def _about(user_id: Any, pattern: re.Pattern[str] | None) -> list[Any]:
    """The exports of this person's data, and those whose search, filters or reason name them."""
    found = []
    for pk, selection, reason in Export.objects.values_list("pk", "selection", "reason"):
        texts = [unquote_plus(selection.get("query", "")), *selection.get("words", ()), reason]
        if selection.get("person") == user_id or any(mentions(pattern, text) for text in texts):
            found.append(pk)
    return found


STEPS = (Step("exports", "Export files", forget, order=60),)
