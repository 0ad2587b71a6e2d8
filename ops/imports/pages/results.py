"""The result of an import in words and figures: what was stored, what was undone, what undoing would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from ops.imports import undoing
from ops.imports.models import Import
from ops.imports.staging.databases import staging_on
from ops.jobs.progress import rollback_failure

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

State = Import.State
KEPT_SHOWN = 100
COUNTED_UP_TO = 200_000  # rows; counting more takes longer than a page may
WHY_KEPT = {
    "edited": gettext_lazy("was edited since"),
    "held": gettext_lazy("was exchanged with somebody whose account is on hold"),
    "answered": gettext_lazy("was answered by a message that is not of this import"),
}


class Figure(NamedTuple):
    """A number in the row of figures. ``kind`` is "bad" or "odd" if it is highlighted."""

    number: int
    words: str
    kind: str = ""


def figure(number: int, words: Callable[[int], str], kind: str = "") -> Figure:
    """Return a figure with the words for its number; zero is never highlighted."""
    return Figure(number, words(number), kind if number else "")


def new_messages(number: int) -> str:
    """Return the words after a number of new messages."""
    return ngettext("new message", "new messages", number)


def new_conversations(number: int) -> str:
    return ngettext("new conversation", "new conversations", number)


def changed_texts(number: int) -> str:
    return ngettext("changed text", "changed texts", number)


def stored_already(number: int) -> str:
    return ngettext("stored already", "stored already", number)


def rows_left_out(number: int) -> str:
    return ngettext("row left out", "rows left out", number)


def stored_figures(import_: Import) -> list[Figure]:
    """Return the numbers of messages, accounts and rows that an import added, changed and left out."""
    outcome, counts = import_.outcome, import_.counts
    figures = [
        figure(outcome.get("messages", 0), new_messages),
        figure(outcome.get("replies", 0), lambda n: ngettext("is a reply", "are replies", n)),
        figure(outcome.get("conversations", 0), new_conversations),
        figure(outcome.get("users", 0), lambda n: ngettext("new user", "new users", n)),
        figure(outcome.get("changed", 0), changed_texts),
        figure(
            outcome.get("joined", 0),
            lambda n: ngettext("earlier message joined its parent", "earlier messages joined their parents", n),
        ),
        figure(counts.get("unchanged", 0), stored_already),
        figure(counts.get("rejected", 0), rows_left_out, "bad"),
    ]
    return [figures[0], *(one for one in figures[1:] if one.number)]


def undone_figures(import_: Import) -> list[Figure]:
    """Return the numbers of messages, accounts and texts that undoing removed, restored and kept."""
    undone = import_.outcome.get("undo", {})
    figures = [
        figure(undone.get("messages", 0), lambda n: ngettext("message removed", "messages removed", n)),
        figure(undone.get("conversations", 0), lambda n: ngettext("conversation removed", "conversations removed", n)),
        figure(undone.get("users", 0), lambda n: ngettext("user removed", "users removed", n)),
        figure(undone.get("restored", 0), lambda n: ngettext("text put back", "texts put back", n)),
        figure(
            undone.get("separated", 0),
            lambda n: ngettext("earlier message begins again", "earlier messages begin again", n),
        ),
        figure(
            undone.get("kept", 0),
            lambda n: ngettext("message left as it is", "messages left as they are", n),
            "odd",
        ),
    ]
    return [figures[0], *(one for one in figures[1:] if one.number)]


def kept_messages(import_: Import) -> list[tuple[int, str]]:
    """Return (message id, why) for the first messages that undoing kept."""
    kept = import_.outcome.get("kept", [])
    return [(message_id, str(WHY_KEPT.get(why, why))) for message_id, why in kept[:KEPT_SHOWN]]


def undone(import_: Import) -> dict[str, Any]:
    """Return the template's context for an undone import."""
    total = import_.outcome.get("undo", {}).get("kept", 0)
    return {"undone": undone_figures(import_), "kept_messages": kept_messages(import_), "kept_total": total}


def undo_preview(import_: Import) -> dict[str, Any]:
    """Return the context of the page that asks before an import is undone; for large imports nothing is counted."""
    outcome = import_.outcome
    exact = import_.last_row <= COUNTED_UP_TO
    if exact:
        with staging_on(DEFAULT_DB_ALIAS, tables=()) as staging:
            counts = undoing.count_effects(import_, staging)
    else:
        counts = {"messages": outcome["messages"], "restored": outcome["changed"], "kept": 0}
    changed = counts["restored"]
    text = ngettext(
        "%(number)s text that it changed; the history keeps both",
        "%(number)s texts that it changed; the history keeps both",
        changed,
    )
    return {
        "import": import_,
        "removable": counts["messages"],
        "removed": _removed_in_words(counts["messages"], outcome),
        "restored": [numbered(text, changed)] if changed else [],
        "kept": [] if exact and not counts["kept"] else [_kept_in_words(counts["kept"], exact=exact)],
    }


def _removed_in_words(messages: int, outcome: Mapping[str, Any]) -> list[str]:
    text = ngettext(
        "%(number)s message that this import added, with their notifications",
        "%(number)s messages that this import added, with their notifications",
        messages,
    )
    removed = [numbered(text, messages)]
    if number := outcome.get("conversations"):
        text = ngettext("up to %(number)s conversation left empty", "up to %(number)s conversations left empty", number)
        removed.append(numbered(text, number))
    if number := outcome.get("users"):
        text = ngettext(
            "up to %(number)s user that it created and nobody uses",
            "up to %(number)s users that it created and nobody uses",
            number,
        )
        removed.append(numbered(text, number))
    if undoing.people_of_undone(DEFAULT_DB_ALIAS):
        removed.append(_("the users of imports that were undone before, as far as only this one uses them"))
    return removed


def _kept_in_words(kept: int, *, exact: bool) -> str:
    if not exact:
        return _("messages that somebody edited or answered since, or that were exchanged with somebody on hold")
    text = ngettext(
        "%(number)s message that somebody edited or answered since, or that was exchanged with somebody on hold",
        "%(number)s messages that somebody edited or answered since, or that were exchanged with somebody on hold",
        kept,
    )
    return numbered(text, kept)


def one_line(import_: Import) -> str:
    """Return the result of an import, for its row in the list."""
    counts, outcome, job = import_.counts, import_.outcome, import_.job
    if job is not None and rollback_failure(job):
        return _("It was to be taken back, and a part of it is still there: open it to go on.")
    if import_.state == State.STORED:
        parts = _new_and_changed(outcome.get("messages", 0), outcome.get("changed", 0))
        if out := counts.get("rejected"):
            parts.append(numbered(ngettext("%(number)s row left out", "%(number)s rows left out", out), out))
        return ", ".join(parts)
    if import_.state == State.UNDONE:
        undo = outcome.get("undo", {})
        gone, left = undo.get("messages", 0), undo.get("kept", 0)
        parts = [numbered(ngettext("%(number)s message removed", "%(number)s messages removed", gone), gone)]
        if left:
            parts.append(numbered(ngettext("%(number)s left as they are", "%(number)s left as they are", left), left))
        return ", ".join(parts)
    if import_.state == State.CHECKED:
        if not import_.understood.get("complete"):
            return _("Cannot be imported as it is: open it to see why.")
        parts = _new_and_changed(counts.get("new", 0), counts.get("changed", 0))
        if wrong := counts.get("errors"):
            parts.append(numbered(ngettext("%(number)s problem", "%(number)s problems", wrong), wrong))
        return _("%(found)s: needs a decision") % {"found": ", ".join(parts)}
    return str(WORDS[import_.state])


def _new_and_changed(new: int, changed: int) -> list[str]:
    found = [numbered(ngettext("%(number)s new message", "%(number)s new messages", new), new)]
    if changed:
        text = ngettext("%(number)s changed text", "%(number)s changed texts", changed)
        found.append(numbered(text, changed))
    return found


WORDS: dict[str, StrOrPromise] = {
    State.CHECKING: gettext_lazy("The file is being read."),
    State.STORING: gettext_lazy("The messages are being stored."),
    State.UNDOING: gettext_lazy("It is being undone."),
    State.TAKEN_BACK: gettext_lazy("Nothing of it is stored."),
    State.DISCARDED: gettext_lazy("Nothing of it was imported."),
}
