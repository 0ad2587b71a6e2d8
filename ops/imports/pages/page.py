"""The page of an import: what it shows in each state. What is in the file is shown to its uploader only."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from django.db.models import QuerySet

from messaging.edits import Difference, word_differences
from messaging.models import Message
from ops.files.headers import places
from ops.imports import columns, uploads
from ops.imports.columns import ALIASES, COLUMNS, suggest
from ops.imports.jobs.check import STOPPED
from ops.imports.models import Import
from ops.imports.pages import previews, results
from ops.imports.pages.forms import ChecksForm, ColumnsForm, StoreForm
from ops.imports.pages.results import Figure, counted, figure
from ops.jobs.models import Job
from ops.jobs.permissions import may_see

State = Import.State
OPEN_PROBLEMS = 10  # shown at once; the others unfold
COMPARED_WITHIN = 2.0  # seconds for all changed texts of a page together


class Change(NamedTuple):
    """A stored text that the file has in other words; ``differences`` is None for whoever may not read messages."""

    row: int
    message_id: int
    differences: list[Difference] | None
    cut: bool  # whether only the beginning was compared


class Offer(NamedTuple):
    """A choice of the form; ``words`` say how many problems it would fix, "" where none."""

    field: Any
    words: str


# How a state looks: the class of its chip, and the sign before its words.
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


def context(import_: Import, *, viewer: Any) -> dict[str, Any]:
    """What the template of the page gets; the forms are those of somebody who has not sent one yet."""
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
        shown |= _checked(import_, viewer) | {"expired": own and not kept}
    elif import_.state == State.STORED:
        shown["stored"] = results.stored_figures(import_)
    elif import_.state == State.UNDONE or import_.state == State.TAKEN_BACK:
        shown |= results.undone(import_)
    if import_.state in (State.CHECKING, State.CHECKED, State.TAKEN_BACK):
        shown["same_choices"] = same_choices(import_)
    return shown


def state_token(import_: Import) -> str:
    """What a form carries to say which state of the import its sender saw."""
    return f"{import_.state} {import_.job_id}"


def header_is_unfit(import_: Import) -> bool:
    """Whether somebody has to say which column is which."""
    return any(import_.understood.get(name) for name in ("unknown", "missing", "repeated"))


def repeated_columns(import_: Import) -> list[tuple[str, str]]:
    """The names that more than one column has, and which columns these are."""
    headers = import_.understood.get("headers", [])
    return [(name, places(headers, name)) for name in import_.understood.get("repeated", ())]


def columns_form(import_: Import, *, by: Any, data: Any = None) -> ColumnsForm:
    """The form that asks for the columns: filled in as ``by`` chose last time, else as their names suggest."""
    headers = import_.understood.get("headers", [])
    last = columns.remembered(headers, by=by)
    known = {name: header for name, header in suggest(headers).items() if header not in last.values()}
    return ColumnsForm(headers, {**known, **last, **import_.get_reading().columns}, data)


def why_stopped(import_: Import) -> str:
    """Why the check of a file did not reach its end, as a sentence; "" where it did."""
    job = import_.job
    if import_.understood or job is None or job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        return ""
    return job.error or STOPPED


def obstacle(import_: Import) -> str:
    """Why a checked import cannot be stored, or need not be, as a sentence; "" where it can."""
    counts = import_.counts
    errors = counts.get("errors", 0)
    if header_is_unfit(import_) or not import_.understood.get("format"):
        return "Nothing can be imported before the file can be read."
    if not counts.get("rows"):
        return "The file holds no row that could be imported: correct it and upload it again."
    if not import_.understood.get("complete"):
        return (
            "The file could not be read to its end, so nothing of it can be imported: correct it and upload it again."
        )
    if import_.why_not_storable:
        found = "one problem stands" if errors == 1 else f"{errors:,} problems stand"
        return f"Nothing can be imported while {found} against it. Choose what helps, or correct the file."
    if not counts.get("new") and not counts.get("changed"):
        if errors:
            return "No row of the file is valid: correct it and upload it again."
        return "Everything in this file is stored already: there is nothing to import."
    return ""


def button(import_: Import) -> str:
    """What the one button of a checked import says it does."""
    counts = import_.counts
    new, changed = counts.get("new", 0), counts.get("changed", 0)
    if not new:
        return f"Apply to {counted(changed, 'changed text')}"
    return f"Import {counted(new, 'message')}"


def earlier(import_: Import) -> QuerySet[Import]:
    """Stored imports of a file with exactly the same bytes, the latest first."""
    same = Import.objects.filter(digest=import_.digest, state=State.STORED).exclude(pk=import_.pk)
    return same.select_related("by").order_by("-stored_at")


def changed_messages(preview: dict[str, Any]) -> list[Message]:
    """The stored messages whose texts the page shows: whoever sees them has read them."""
    ids = [change["message_id"] for change in preview.get("changed", [])]
    return list(Message.objects.filter(pk__in=ids).only("pk").order_by("pk"))


def may_see_stored_texts(viewer: Any) -> bool:
    """Whether texts that are stored may be shown to somebody who imports."""
    return viewer.has_perm("messaging.view_message") or viewer.has_perm("exports.export_messages")


def _checked(import_: Import, viewer: Any) -> dict[str, Any]:
    if import_.by_id != viewer.pk:
        return {"figures": figures(import_)}
    preview = previews.load(import_) or {}
    form = ChecksForm(import_)
    offered, others = offers(import_, preview, form)
    unfit = header_is_unfit(import_)
    job = import_.job
    return {
        "stopped": why_stopped(import_),
        "refused": job.result.get("refused", "") if job is not None else "",
        "preview": preview,
        "first_problems": preview.get("problems", [])[:OPEN_PROBLEMS],
        "more_problems": preview.get("problems", [])[OPEN_PROBLEMS:],
        "figures": figures(import_),
        "found": sum(import_.counts.get(level, 0) for level in ("errors", "warnings", "notices")),
        "obstacle": obstacle(import_),
        "button": button(import_),
        "effects": effects(import_),
        "earlier": earlier(import_).first(),
        "changes": changes_of(preview, readable=may_see_stored_texts(viewer)),
        "unfit": unfit,
        "repeated": repeated_columns(import_),
        "columns_form": columns_form(import_, by=viewer) if unfit or import_.reading.get("columns") else None,
        "checks_form": form,
        "offered": offered,
        "others": others,
        "store_form": StoreForm(import_),
        "columns": matched_columns(import_),
    }


def same_choices(import_: Import) -> list[tuple[str, str]]:
    """The fields of a form that checks the file again as it was checked last."""
    form = ChecksForm(import_)
    last = {**form.initial, "encoding": import_.get_reading().encoding}  # without what is suggested
    values = ((name, last[name]) for name in form.fields)
    return [(name, "on" if value is True else value) for name, value in values if value is not False]


def figures(import_: Import) -> list[Figure]:
    """What the check found, in numbers: new messages, problems, and what else there is at least one of."""
    counts: Counter[str] = Counter({name: number for name, number in import_.counts.items() if name != "cures"})
    choices = import_.get_choices()
    people = ("user to create", "users to create") if choices.create_users else ("missing user", "missing users")
    new, problems = figure(counts["new"], "new message"), figure(counts["errors"], "problem", kind="bad")
    others = [
        figure(counts["changed"], "changed text", kind="odd"),
        figure(counts["unchanged"], "stored already", "stored already"),
        figure(counts["repeated"], "repeated within the file", "repeated within the file"),
        figure(counts["conversations"], "new conversation"),
        figure(counts["users"], *people, "odd"),
        figure(counts["rejected"] if choices.only_valid else 0, "row left out", "rows left out", "bad"),
        figure(counts["warnings"], "warning", kind="odd"),
        figure(counts["notices"], "notice"),
    ]
    return [new, problems, *(one for one in others if one.number)]


def offers(import_: Import, preview: dict[str, Any], form: ChecksForm) -> tuple[list[Offer], list[Offer]]:
    """The choices that would fix problems of this file, those that fix most first; and the others."""
    numbers = _cures(import_, preview)
    names = sorted((name for name in form.fields if numbers.get(name)), key=lambda name: -numbers[name])
    names += [name for name in form.fields if name in form.errors and name not in names]
    if import_.counts.get("errors") and import_.understood.get("complete"):
        names.append("only_valid")
    helpful = [Offer(form[name], _cure_in_words(name, numbers.get(name, 0))) for name in names]
    return helpful, [Offer(form[name], "") for name in form.fields if name not in names]


def _cure_in_words(choice: str, number: int) -> str:
    if not number:
        return ""
    return f"for {counted(number, 'time')}" if choice == "time_zone" else f"cures {counted(number, 'problem')}"


def _cures(import_: Import, preview: dict[str, Any]) -> dict[str, int]:
    """How many problems each choice would fix."""
    counted: dict[str, int] = import_.counts.get("cures", {})
    return counted or Counter(problem["cure"] for problem in preview.get("problems", []) if problem["cure"])


def changes_of(preview: dict[str, Any], *, readable: bool) -> list[Change]:
    """The changed texts of a preview, compared word by word for whoever may read what is stored."""
    changed = preview.get("changed", [])

    def compared(one: dict[str, Any]) -> list[Difference] | None:
        seconds = COMPARED_WITHIN / len(changed)
        return word_differences(one["before"], one["after"], seconds=seconds) if readable else None

    return [Change(one["row"], one["message_id"], compared(one), one.get("cut", False)) for one in changed]


def effects(import_: Import) -> str:
    """What else the button does, in a sentence."""
    counts, choices = import_.counts, import_.get_choices()
    parts = []
    if choices.create_users and counts.get("users"):
        parts.append(f"creates {counted(counts['users'], 'user')}")
    if choices.only_valid and counts.get("rejected"):
        parts.append(f"leaves out {counted(counts['rejected'], 'row')}")
    parts.append("notifies the receivers" if choices.notify else "notifies nobody")
    words = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"{words[0].upper()}{words[1:]}. You can undo it afterwards."


def matched_columns(import_: Import) -> list[tuple[str, str]]:
    """(column, header) of each column that the file has."""
    headers, chosen = import_.understood.get("headers", []), import_.get_reading().columns
    found = [(name, chosen.get(name, name)) for name in COLUMNS]
    aliases = [(name, ALIASES[name]) for name in ALIASES if name not in chosen]
    return [(name, header) for name, header in [*found, *aliases] if header and header in headers]
