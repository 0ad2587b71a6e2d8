"""The page of an import in each of its states. Only the uploader sees the contents of the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.differences import Difference, Effort, compare
from messaging.languages.wording import numbered
from ops.audit.readings import Shown
from ops.files.headers.unfit import places
from ops.imports import uploads
from ops.imports.columns import COLUMNS
from ops.imports.guessing import suggest
from ops.imports.jobs.check import STOPPED
from ops.imports.models import Import
from ops.imports.pages import cures, previews, problems, results
from ops.imports.pages.forms import ChecksForm, ColumnsForm, StoreForm
from ops.imports.pages.people_form import PeopleForm
from ops.imports.pages.results import Figure, figure
from ops.imports.saved_choices import columns
from ops.jobs.models import Job
from ops.jobs.permissions import may_see

State = Import.State
ASKED_WITH_COLUMNS = ("header_row", "encoding")  # options asked for together with the columns


class Change(NamedTuple):
    """A stored text that the file changes; ``differences`` is None for users who may not read messages."""

    row: int
    message_id: int
    differences: list[Difference] | None
    cut: bool  # whether only the beginning was compared
    coarse: bool  # whether whole passages are marked, because the texts differ too much to be compared by words


# The look of each state: the class of its chip, and the sign before its words.
LOOKS: dict[str, tuple[str, str]] = {
    State.CHECKING: ("unread", "…"),
    State.CHECKED: ("edited", "?"),
    State.STORING: ("unread", "…"),
    State.STORED: ("marked-chip", "✓"),
    State.TAKEN_BACK: ("bad", "✕"),
    State.UNDOING: ("unread", "…"),
    State.UNDONE: ("", "↩"),
    State.DISCARDED: ("", "✕"),
}
PARTS: dict[str, str] = {
    State.CHECKING: "imports/_at_work.html",
    State.CHECKED: "imports/_checked.html",
    State.STORING: "imports/_at_work.html",
    State.STORED: "imports/_stored.html",
    State.TAKEN_BACK: "imports/_taken_back.html",
    State.UNDOING: "imports/_at_work.html",
    State.UNDONE: "imports/_undone.html",
    State.DISCARDED: "imports/_discarded.html",
}

# The other effects of the button: whether it creates users, leaves out rows, notifies the receivers.
EFFECTS = {
    (False, False, False): gettext_lazy("Notifies nobody. You can undo it afterwards."),
    (False, False, True): gettext_lazy("Notifies the receivers. You can undo it afterwards."),
    (True, False, False): gettext_lazy("Creates %(users)s and notifies nobody. You can undo it afterwards."),
    (True, False, True): gettext_lazy("Creates %(users)s and notifies the receivers. You can undo it afterwards."),
    (False, True, False): gettext_lazy("Leaves out %(rows)s and notifies nobody. You can undo it afterwards."),
    (False, True, True): gettext_lazy("Leaves out %(rows)s and notifies the receivers. You can undo it afterwards."),
    (True, True, False): gettext_lazy(
        "Creates %(users)s, leaves out %(rows)s and notifies nobody. You can undo it afterwards."
    ),
    (True, True, True): gettext_lazy(
        "Creates %(users)s, leaves out %(rows)s and notifies the receivers. You can undo it afterwards."
    ),
}


def context(import_: Import, *, viewer: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the context of the page's template, with unbound forms.

    ``asked`` are the parameters of the URL, which filter the problems.
    """
    own = import_.by_id == viewer.pk
    kept = own and uploads.is_kept(import_)
    job, at_work = import_.job, import_.state in (State.CHECKING, State.STORING, State.UNDOING)
    shown: dict[str, Any] = {
        "import": import_,
        "own": own,
        "part": PARTS[import_.state],
        "look": LOOKS[import_.state],
        "state_token": state_token(import_),
        "job_shown": at_work and job is not None and job.ended_at is None and may_see(viewer, job),
        "job_over": job is None or job.ended_at is not None,
        "kept": kept,
        "discardable": own and uploads.may_be_discarded(import_),
        "rejected": own and bool(import_.counts.get("rejected")) and previews.exists(import_, previews.REJECTED),
    }
    if import_.state == State.CHECKED:
        shown |= _checked(import_, viewer, asked) | {"expired": own and not kept}
    elif import_.state == State.STORED:
        shown["stored"] = results.stored_figures(import_)
    elif import_.state == State.UNDONE or import_.state == State.TAKEN_BACK:
        shown |= results.undone(import_)
    if import_.state in (State.CHECKING, State.CHECKED, State.TAKEN_BACK):
        shown["same_choices"] = same_choices(import_)
    return shown


def state_token(import_: Import) -> str:
    """Return the state of the import for its forms to carry, which shows whether their sender saw an older one."""
    return f"{import_.state} {import_.job_id}"


def header_is_unfit(import_: Import) -> bool:
    """Return whether the user must match the columns."""
    found = ("unknown", "missing", "repeated", "unnamed", "without_header")
    return any(import_.understood.get(name) for name in found)


def repeated_columns(import_: Import) -> list[tuple[str, str]]:
    """Return the names that more than one column has, with the places of these columns."""
    headers = import_.understood.get("headers", [])
    return [(name, places(headers, name)) for name in import_.understood.get("repeated", ())]


def columns_form(import_: Import, *, by: Any, data: Any = None) -> ColumnsForm:
    """Return the form that matches the columns, filled in as ``by`` chose last time, else as their names suggest."""
    headers, reading = import_.understood.get("headers", []), import_.get_reading()
    of_file = (previews.load(import_) or {}).get("columns", [])
    without_header = import_.understood.get("without_header", False)
    last = columns.saved(headers, by=by)
    known = {name: header for name, header in suggest(headers).items() if header not in last.values()}
    held = {one["column"]: one["header"] for one in of_file if one["column"]}
    suggested = {**known, **last, **held} if without_header or not header_is_unfit(import_) else {**known, **last}
    return ColumnsForm(
        headers,
        {**suggested, **reading.columns},
        data,
        samples=[one["values"] for one in of_file],
        header_row=0 if without_header else reading.header_row,
    )


def why_stopped(import_: Import) -> str:
    """Return why the check of a file stopped before its end, as a sentence; "" if it did not."""
    job = import_.job
    if import_.understood or job is None or job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        return ""
    return job.error or str(STOPPED)


def obstacle(import_: Import) -> str:
    """Return why a checked import cannot be stored, or need not be, as a sentence; "" if it can."""
    counts = import_.counts
    errors = counts.get("errors", 0)
    if header_is_unfit(import_) or not import_.understood.get("format"):
        return _("Nothing can be imported before the file can be read.")
    if not counts.get("rows"):
        return _("The file holds no row that could be imported: correct it and upload it again.")
    if not import_.understood.get("complete"):
        return _(
            "The file could not be read to its end, so nothing of it can be imported: correct it and upload it again."
        )
    if import_.why_not_storable:
        text = ngettext(
            "One problem must be fixed first. Pick a fix below, or correct the file.",
            "%(number)s problems must be fixed first. Pick a fix below, or correct the file.",
            errors,
        )
        return numbered(text, errors)
    if not counts.get("new") and not counts.get("changed"):
        if errors:
            return _("No row of the file is valid: correct it and upload it again.")
        return _("Everything in this file is stored already: there is nothing to import.")
    return ""


def button(import_: Import) -> str:
    """Return the label of the one button of a checked import."""
    counts = import_.counts
    new, changed = counts.get("new", 0), counts.get("changed", 0)
    if not new:
        text = ngettext("Apply to %(number)s changed text", "Apply to %(number)s changed texts", changed)
        return numbered(text, changed)
    return numbered(ngettext("Import %(number)s message", "Import %(number)s messages", new), new)


def earlier(import_: Import) -> QuerySet[Import]:
    """Return stored imports of a file with exactly the same bytes, the latest first."""
    same = Import.objects.filter(digest=import_.digest, state=State.STORED).exclude(pk=import_.pk)
    return same.select_related("by").order_by("-stored_at")


def compared_messages(preview: dict[str, Any]) -> Shown:
    """Return the stored messages whose texts the page shows beside those of the file."""
    return Shown(messages=[change["message_id"] for change in preview.get("changed", [])])


def may_see_stored_texts(viewer: Any) -> bool:
    """Return whether a user who imports may see stored texts."""
    return viewer.has_perm("messaging.view_message") or viewer.has_perm("exports.export_messages")


def _checked(import_: Import, viewer: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    if import_.by_id != viewer.pk:
        return {"figures": figures(import_)}
    preview = previews.load(import_) or {}
    unfit = header_is_unfit(import_)
    job = import_.job
    return {
        "stopped": why_stopped(import_),
        "refused": job.result.get("refused", "") if job is not None else "",
        "preview": preview,
        **_problems(import_, preview, asked),
        **(_suggested_columns(preview) if unfit else {}),
        "figures": figures(import_),
        "obstacle": obstacle(import_),
        "button": button(import_),
        "effects": effects(import_),
        "earlier": earlier(import_).first(),
        "changes": changes_of(preview, readable=may_see_stored_texts(viewer)),
        "unfit": unfit,
        "repeated": repeated_columns(import_),
        "columns_form": columns_form(import_, by=viewer) if unfit or import_.reading.get("columns") else None,
        "people_form": PeopleForm(preview["people"]) if preview.get("people") else None,
        "checks_form": ChecksForm(import_),
        "store_form": StoreForm(import_),
        "columns": matched_columns(preview),
    }


def _suggested_columns(preview: dict[str, Any]) -> dict[str, Any]:
    """Return the suggestions without the one for the columns: their own form is filled in with that."""
    every = list(enumerate(preview.get("suggestions", [])))
    asked = [one for _, one in every if one["option"] == "columns"]
    return {
        "suggestions": [(place, one) for place, one in every if one not in asked],
        "suggested_columns": asked[0]["sentence"] if asked else "",
        "asked_with_columns": ASKED_WITH_COLUMNS,
    }


def _problems(import_: Import, preview: dict[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the problems of the file that match the URL's parameters, and their cures."""
    wanted = problems.asked_for(asked)
    # A separate part of the page asks about a header that does not fit.
    groups = [] if header_is_unfit(import_) else problems.groups_of(preview, wanted)
    counts = import_.counts
    suggestions = [] if wanted else problems.without_problem(preview, groups)
    only_valid = cures.buttons_for("only_valid") if _leaves_rows(import_) else []
    return {
        "groups": groups,
        "narrowings": problems.narrowings(preview, wanted),
        "suggestions": suggestions,
        "take_all": len(cures.certain(preview.get("suggestions", []))),
        "only_valid": only_valid,
        "curable": bool(suggestions or only_valid or any(group.curable for group in groups)),
        # The form is open if one of its options would cure an error.
        "choose_open": any(
            group.chosen_in_form and not group.suggestions and group.about["level"] == "error" for group in groups
        ),
        "found": sum(counts.get(level, 0) for level in ("errors", "warnings", "notices")),
    }


def _leaves_rows(import_: Import) -> bool:
    """Return whether any rows would be imported if those with problems were left out."""
    counts = import_.counts
    return bool(
        import_.understood.get("complete")
        and counts.get("errors")
        and not import_.get_choices().only_valid
        and (counts.get("new") or counts.get("changed"))
    )


def same_choices(import_: Import) -> list[tuple[str, Any]]:
    """Return the fields of a form that checks the file again as it was checked last."""
    return ChecksForm(import_).same()


def figures(import_: Import) -> list[Figure]:
    """Return the findings in numbers: new messages, problems, and everything else that is not zero."""
    counts: Counter[str] = Counter({name: number for name, number in import_.counts.items() if name != "cures"})
    choices = import_.get_choices()
    created = _created(import_)
    new = figure(counts["new"], results.new_messages)
    problems = figure(counts["errors"], lambda n: ngettext("problem", "problems", n), "bad")
    others = [
        figure(counts["changed"], results.changed_texts, "odd"),
        figure(
            counts["joined"],
            lambda n: ngettext("earlier message joins its parent", "earlier messages join their parents", n),
        ),
        figure(counts["unchanged"], results.stored_already),
        figure(counts["repeated"], lambda n: ngettext("repeated within the file", "repeated within the file", n)),
        figure(counts["conversations"], results.new_conversations),
        figure(created, lambda n: ngettext("user to create", "users to create", n), "odd"),
        figure(counts["users"] - created, lambda n: ngettext("missing user", "missing users", n), "odd"),
        figure(counts["rejected"] if choices.only_valid else 0, results.rows_left_out, "bad"),
        figure(counts["warnings"], lambda n: ngettext("warning", "warnings", n), "odd"),
        figure(counts["notices"], lambda n: ngettext("notice", "notices", n)),
    ]
    return [new, problems, *(one for one in others if one.number)]


def _created(import_: Import) -> int:
    """Return how many of the missing people get an account."""
    counts = import_.counts
    all_of_them = counts.get("users", 0) if import_.get_choices().create_users else 0
    return int(counts.get("created", all_of_them))


def changes_of(preview: dict[str, Any], *, readable: bool) -> list[Change]:
    """Return the changed texts of a preview, compared word by word if the viewer may read stored texts."""
    changed = preview.get("changed", [])
    effort, changes = Effort(), []
    for place, one in enumerate(changed):
        share = effort.share(len(changed) - place)
        found = compare(one["before"], one["after"], share) if readable else None
        differences, coarse = (found.differences, found.coarse) if found else (None, False)
        changes.append(Change(one["row"], one["message_id"], differences, one.get("cut", False), coarse))
    return changes


def effects(import_: Import) -> str:
    """Return the other effects of the button, as a sentence."""
    counts, choices = import_.counts, import_.get_choices()
    created, out = _created(import_), counts.get("rejected", 0) if choices.only_valid else 0
    said = EFFECTS[bool(created), bool(out), choices.notify]
    return str(said) % {
        "users": numbered(ngettext("%(number)s user", "%(number)s users", created), created),
        "rows": numbered(ngettext("%(number)s row", "%(number)s rows", out), out),
    }


def matched_columns(preview: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (column, header) for each column that the file has."""
    held = {one["column"]: one["header"] for one in preview.get("columns", [])}
    return [(name, held[name]) for name in COLUMNS if name in held]
