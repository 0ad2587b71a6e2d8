"""The page of an import of reports, in each of its states. Only the uploader sees the contents of the file."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from ops.imports.pages.page import LOOKS
from ops.jobs.permissions import may_see
from ops.moderation.models import FlagImport, ImportState
from ops.moderation.report_imports import storing, uploading

AT_WORK = (ImportState.CHECKING, ImportState.STORING, ImportState.UNDOING)


def context(import_: FlagImport, *, viewer: Any) -> dict[str, Any]:
    """Return the template's context."""
    own, job = import_.by_id == viewer.pk, import_.job
    shown: dict[str, Any] = {
        "title": _("Import of %(file)s") % {"file": import_.file_name} if import_.file_name else _("Import of reports"),
        "import": import_,
        "look": LOOKS[import_.state],
        "result": one_line(import_),
        "own": own,
        "at_work": import_.state in AT_WORK,
        "job_shown": import_.state in AT_WORK and job is not None and job.ended_at is None and may_see(viewer, job),
        "error": "" if job is None else job.error or job.result.get("refused", ""),
    }
    if own and import_.state == ImportState.CHECKED:
        problems, first = uploading.preview_of(import_)
        shown |= {
            "kept": uploading.is_kept(import_),
            "problems": problems,
            "more_problems": import_.counts.get("problems", 0) - len(problems),
            "first": first,
            "obstacle": obstacle(import_),
            "button": _button(import_.counts.get("new", 0)),
        }
    return shown


def obstacle(import_: FlagImport) -> str:
    """Return why a checked file cannot be imported, or need not be, as a sentence; "" if it can."""
    errors, new = import_.counts.get("errors", 0), import_.counts.get("new", 0)
    if "rows" not in import_.counts:
        return _("The file was not checked to its end: check it again.")
    if errors:
        text = ngettext(
            "%(number)s problem must be fixed first. Correct the file and upload it again.",
            "%(number)s problems must be fixed first. Correct the file and upload it again.",
            errors,
        )
        return numbered(text, errors)
    if not new and import_.counts.get("known"):
        return _("Every report of this file is stored already: there is nothing to import.")
    return "" if new else _("The file holds no report: correct it and upload it again.")


def one_line(import_: FlagImport) -> str:
    """Return the result of an import, in a few words."""
    counts = import_.counts
    if import_.state == ImportState.CHECKED:
        return obstacle(import_) or _to_import(counts["new"])
    if import_.state == ImportState.UNDONE and "removed" in counts:
        return _removed(**counts["removed"])
    if import_.stored_at is None:
        return ""
    return _imported(counts.get("flags", 0), counts.get("cases", 0), counts.get("known", 0))


def _to_import(new: int) -> str:
    return numbered(ngettext("%(number)s report to import", "%(number)s reports to import", new), new)


def _button(new: int) -> str:
    return numbered(ngettext("Import %(number)s report", "Import %(number)s reports", new), new)


def _reports(number: int) -> str:
    return numbered(ngettext("%(number)s report", "%(number)s reports", number), number)


def _removed(flags: int, cases: int, kept: int) -> str:
    """Return what undoing an import removed and kept, in words."""
    its_cases = numbered(ngettext("%(number)s case", "%(number)s cases", cases), cases)
    removed = {"reports": _reports(flags), "cases": its_cases}
    if not kept:
        return _("%(reports)s and %(cases)s removed") % removed
    text = ngettext(
        "%(reports)s and %(cases)s removed, %(number)s kept because they were decided since",
        "%(reports)s and %(cases)s removed, %(number)s kept because they were decided since",
        kept,
    )
    return numbered(text, kept, **removed)


def _imported(flags: int, cases: int, known: int) -> str:
    """Return what an import stored, in words."""
    new = numbered(ngettext("%(number)s new case", "%(number)s new cases", cases), cases)
    if not known:
        return _("%(reports)s imported, %(cases)s") % {"reports": _reports(flags), "cases": new}
    text = ngettext(
        "%(reports)s imported, %(cases)s, %(number)s stored before",
        "%(reports)s imported, %(cases)s, %(number)s stored before",
        known,
    )
    return numbered(text, known, reports=_reports(flags), cases=new)


def undoing(import_: FlagImport) -> dict[str, int]:
    """Count the reports that undoing an import now would remove, and keep."""
    removed = storing.undecided(import_).count()
    return {"removed": removed, "kept": import_.flags.count() - removed}
