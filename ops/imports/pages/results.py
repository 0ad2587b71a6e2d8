"""The result of an import in words and figures: what was stored, what was undone, what undoing would do."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS

from ops.console.numbers import counted
from ops.imports import undoing
from ops.imports.models import Import
from ops.imports.staging.databases import staging_on
from ops.jobs.progress import rollback_failure

State = Import.State
KEPT_SHOWN = 100
COUNTED_UP_TO = 200_000  # rows; counting more takes longer than a page may
WHY_KEPT = {
    "edited": "was edited since",
    "held": "was exchanged with somebody whose account is on hold",
    "answered": "was answered by a message that is not of this import",
}


class Figure(NamedTuple):
    """A number of the row of figures. ``kind`` is "bad" or "odd" where it stands out."""

    number: int
    words: str
    kind: str = ""


def figure(number: int, one: str, many: str = "", kind: str = "") -> Figure:
    """A figure whose words go with its number; it stands out only where there is something."""
    return Figure(number, one if number == 1 else many or f"{one}s", kind if number else "")


def stored_figures(import_: Import) -> list[Figure]:
    """What an import added, changed and left out."""
    outcome, counts = import_.outcome, import_.counts
    figures = [
        figure(outcome.get("messages", 0), "new message"),
        figure(outcome.get("replies", 0), "is a reply", "are replies"),
        figure(outcome.get("conversations", 0), "new conversation"),
        figure(outcome.get("users", 0), "new user"),
        figure(outcome.get("changed", 0), "changed text"),
        figure(outcome.get("joined", 0), "earlier message joined its parent", "earlier messages joined their parents"),
        figure(counts.get("unchanged", 0), "stored already", "stored already"),
        figure(counts.get("rejected", 0), "row left out", "rows left out", "bad"),
    ]
    return [figures[0], *(one for one in figures[1:] if one.number)]


def undone_figures(import_: Import) -> list[Figure]:
    """What undoing removed, restored and kept."""
    undone = import_.outcome.get("undo", {})
    figures = [
        figure(undone.get("messages", 0), "message removed", "messages removed"),
        figure(undone.get("conversations", 0), "conversation removed", "conversations removed"),
        figure(undone.get("users", 0), "user removed", "users removed"),
        figure(undone.get("restored", 0), "text put back", "texts put back"),
        figure(undone.get("separated", 0), "earlier message begins again", "earlier messages begin again"),
        figure(undone.get("kept", 0), "message left as it is", "messages left as they are", "odd"),
    ]
    return [figures[0], *(one for one in figures[1:] if one.number)]


def kept_messages(import_: Import) -> list[tuple[int, str]]:
    """(message id, why) of the first messages that undoing kept."""
    kept = import_.outcome.get("kept", [])
    return [(message_id, WHY_KEPT.get(why, why)) for message_id, why in kept[:KEPT_SHOWN]]


def undone(import_: Import) -> dict[str, Any]:
    """What the template gets of an undone import."""
    total = import_.outcome.get("undo", {}).get("kept", 0)
    return {"undone": undone_figures(import_), "kept_messages": kept_messages(import_), "kept_total": total}


def undo_preview(import_: Import) -> dict[str, Any]:
    """What the template gets that asks before an import is undone; of large imports nothing is counted for it."""
    outcome = import_.outcome
    exact = import_.last_row <= COUNTED_UP_TO
    if exact:
        with staging_on(DEFAULT_DB_ALIAS) as staging:
            counts = undoing.preview(import_, staging)
    else:
        counts = {"messages": outcome["messages"], "restored": outcome["changed"], "kept": 0}
    removed = [f"{counted(counts['messages'], 'message')} that this import added, with their notifications"]
    if outcome.get("conversations"):
        removed.append(f"up to {counted(outcome['conversations'], 'conversation')} left empty")
    if outcome.get("users"):
        removed.append(f"up to {counted(outcome['users'], 'user')} that it created and nobody uses")
    if undoing.people_of_undone(DEFAULT_DB_ALIAS):
        removed.append("the users of imports that were undone before, as far as only this one uses them")
    changed = counts["restored"]
    return {
        "import": import_,
        "removable": counts["messages"],
        "removed": removed,
        "restored": [f"{counted(changed, 'text')} that it changed; the history keeps both"] if changed else [],
        "kept": [] if exact and not counts["kept"] else [_kept_in_words(counts["kept"], exact=exact)],
    }


def _kept_in_words(kept: int, *, exact: bool) -> str:
    were = "was" if kept == 1 and exact else "were"
    since = f"that somebody edited or answered since, or that {were} exchanged with somebody on hold"
    return f"{counted(kept, 'message')} {since}" if exact else f"messages {since}"


def one_line(import_: Import) -> str:
    """The result of an import, for its row in the list."""
    counts, outcome, job = import_.counts, import_.outcome, import_.job
    if job is not None and rollback_failure(job):
        return "It was to be taken back, and a part of it is still there: open it to go on."
    if import_.state == State.STORED:
        parts = [counted(outcome.get("messages", 0), "new message")]
        parts += [counted(outcome["changed"], "changed text")] if outcome.get("changed") else []
        parts += [f"{counted(counts['rejected'], 'row')} left out"] if counts.get("rejected") else []
        return ", ".join(parts)
    if import_.state == State.UNDONE:
        undo = outcome.get("undo", {})
        parts = [f"{counted(undo.get('messages', 0), 'message')} removed"]
        parts += [f"{undo['kept']:,} left as they are"] if undo.get("kept") else []
        return ", ".join(parts)
    if import_.state == State.CHECKED:
        parts = [counted(counts.get("new", 0), "new message")]
        parts += [counted(counts["changed"], "changed text")] if counts.get("changed") else []
        parts += [counted(counts["errors"], "problem")] if counts.get("errors") else []
        if not import_.understood.get("complete"):
            return "Cannot be imported as it is: open it to see why."
        return f"{', '.join(parts)}: needs a decision"
    return WORDS[import_.state]


WORDS: dict[str, str] = {
    State.CHECKING: "The file is being read.",
    State.STORING: "The messages are being stored.",
    State.UNDOING: "It is being undone.",
    State.TAKEN_BACK: "Nothing of it is stored.",
    State.DISCARDED: "Nothing of it was imported.",
}
