"""JSON values as texts: texts stay exact, numbers stay as they are written, pieces of text are joined."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext as _

from messaging.languages.wording import numbered
from ops.files.headers.samples import shortened
from ops.files.problems import Problem
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion

# Per-row messages: marked for translation here, looked up through a cache.
HOLDS_OBJECT = gettext_noop("%(column)s holds an object: give it a text in quotes.")
HOLDS_LIST = gettext_noop("%(column)s holds a list: give it a text in quotes.")
HOLDS_NO_NUMBER = gettext_noop("%(column)s holds a number that is none: give it a text in quotes.")
WORDS = {True: "true", False: "false", None: ""}


class RepeatedKey(dict[str, Any]):
    """An object that has ``key`` more than once."""

    key = ""


class NotANumber:
    """NaN or an infinity, which JSON does not have but some programs write."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated, seen = RepeatedKey(found), set[str]()
    repeated.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return repeated


def _decoder(*, strict: bool) -> json.JSONDecoder:
    """Return a decoder that leaves numbers as they are written."""
    return json.JSONDecoder(
        object_pairs_hook=_object,
        parse_int=str,
        parse_float=str,
        parse_constant=lambda constant: NotANumber(),
        strict=strict,
    )


DECODER = _decoder(strict=True)
LENIENT = _decoder(strict=False)  # accepts control characters in texts, which some programs do not escape


def is_about_controls(error: json.JSONDecodeError) -> bool:
    """Return whether the error is an unescaped control character."""
    return error.msg.startswith("Invalid control character")


def as_written(value: Any) -> str:
    """Return a value as text, as people write it; lists and objects as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, NotANumber):
        return "NaN"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=as_written)
    return WORDS[value]


def joined(value: Any) -> str | None:
    """Join a list of pieces, if each is a text or an object with one; return None for anything else."""
    if not isinstance(value, list) or not value:
        return None
    pieces = [piece.get("text") if isinstance(piece, dict) else piece for piece in value]
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return "".join(texts) if len(texts) == len(pieces) else None


class Texts:
    """Reads values that are not texts: lists of pieces are joined if that was chosen, else counted to suggest it."""

    def __init__(self, *, join: bool) -> None:
        self._join = join
        self._look_up = cache(gettext)
        self._pieces = 0
        self._samples: list[Sample] = []

    def read(self, row: int, column: str, value: Any) -> tuple[str, Problem | None]:
        """Return a value as a text, and its problem; true, false and null have none."""
        written = as_written(value)
        if not isinstance(value, dict | list | NotANumber):
            return written, None
        text = joined(value)
        if text is None:
            holds = HOLDS_OBJECT if isinstance(value, dict) else HOLDS_LIST
            if isinstance(value, NotANumber):
                holds = HOLDS_NO_NUMBER
            return written, Problem(row, column, "error", self._look_up(holds) % {"column": column})
        if self._join:
            return text, None
        self._pieces += 1
        if len(self._samples) < MOST_SAMPLES:
            self._samples.append(Sample(row, shortened(written), shortened(text)))
        words = self._look_up(HOLDS_LIST) % {"column": column}
        return written, Problem(row, column, "error", words, "join_pieces")

    def suggest(self, add: Callable[[Suggestion], None]) -> None:
        """Suggest joining pieces, if any were found."""
        if self._pieces:
            text = ngettext(
                "One value is a list of pieces of text, as Telegram writes them.",
                "%(number)s values are lists of pieces of text, as Telegram writes them.",
                self._pieces,
            )
            words = numbered(text, self._pieces)
            add(Suggestion("join_pieces", True, words, _("Join the pieces"), self._samples))
