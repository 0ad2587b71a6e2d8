"""The page of an import of reports: what it shows in each state. What is in the file is shown to its uploader only."""

from __future__ import annotations

from typing import Any

from ops.console.numbers import counted
from ops.imports.pages.page import LOOKS
from ops.jobs.permissions import may_see
from ops.moderation.bringing import storing, uploading
from ops.moderation.models import FlagImport, ImportState

AT_WORK = (ImportState.CHECKING, ImportState.STORING, ImportState.UNDOING)


def context(import_: FlagImport, *, viewer: Any) -> dict[str, Any]:
    """What the template gets."""
    own, job = import_.by_id == viewer.pk, import_.job
    shown: dict[str, Any] = {
        "title": f"Import of {import_.file_name}" if import_.file_name else "Import of reports",
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
            "button": f"Import {counted(import_.counts.get('new', 0), 'report')}",
        }
    return shown


def obstacle(import_: FlagImport) -> str:
    """Why a checked file cannot be imported, or need not be, as a sentence; "" where it can."""
    errors, new = import_.counts.get("errors", 0), import_.counts.get("new", 0)
    if "rows" not in import_.counts:
        return "The file was not checked to its end: check it again."
    if errors:
        return f"{counted(errors, 'problem')} must be fixed first. Correct the file and upload it again."
    if not new and import_.counts.get("known"):
        return "Every report of this file is stored already: there is nothing to import."
    return "" if new else "The file holds no report: correct it and upload it again."


def one_line(import_: FlagImport) -> str:
    """What came of an import, in a few words."""
    counts = import_.counts
    if import_.state == ImportState.CHECKED:
        return obstacle(import_) or f"{counted(counts['new'], 'report')} to import"
    if import_.state == ImportState.UNDONE and "removed" in counts:
        removed = counts["removed"]
        kept = f", {removed['kept']:,} kept because they were decided since" if removed["kept"] else ""
        return f"{counted(removed['flags'], 'report')} and {counted(removed['cases'], 'case')} removed{kept}"
    if import_.stored_at is None:
        return ""
    known = f", {counts['known']:,} stored before" if counts.get("known") else ""
    cases = counted(counts.get("cases", 0), "new case")
    return f"{counted(counts.get('flags', 0), 'report')} imported, {cases}{known}"


def undoing(import_: FlagImport) -> dict[str, int]:
    """What undoing an import would remove now, and keep."""
    removed = storing.untouched_by_anybody(import_).count()
    return {"removed": removed, "kept": import_.flags.count() - removed}
