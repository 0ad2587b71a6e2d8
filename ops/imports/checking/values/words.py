"""Words for true, false and nothing in files: those that are always recognised, and those that may be suggested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from ops.files.problems import label
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion

FLAGS = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True}
# What programs, databases and spreadsheets of other languages write, in lower case.
TRUE = frozenset(
    (
        *("t", "y", "on", "x", "ja", "j", "oui", "o", "si", "sí", "s", "wahr", "vrai", "verdadero", "1.0", "1,0"),
        *("read", "seen", "edited", "gelesen", "lu", "leído", "bearbeitet", "✓", "✔"),
    )
)
FALSE = frozenset(
    (
        *("f", "n", "off", "nein", "non", "falsch", "faux", "falso", "0.0", "0,0", "-"),
        *("unread", "unseen", "unedited", "ungelesen", "non lu", "no leído"),
    )
)
# Programs write these for a missing value; as an id, each could stand for many messages.
NOTHING = frozenset(
    one
    for word in ("null", "\\n", "nan", "none", "n/a", "nil", "<na>", "nat", "undefined")
    for one in (word, word.upper(), word.capitalize())
) | {"NaN", "NaT", "<NA>", "-", "--", "(null)", "(NULL)", "#N/A"}
NOTHING_IN_SMALL = frozenset(word.casefold() for word in NOTHING)
NO_PARENT = "0"  # some databases write it for "answers nothing"

MOST_WORDS, LONGEST_WORD = 20, 40  # how many different words are kept, and how many characters they may have


def flags(yes: Iterable[str], no: Iterable[str], *, empty: bool = False) -> dict[str, bool]:
    """Return the meaning of each word, in lower case; ``empty`` is the meaning of an empty value."""
    chosen = {**{_plain(word): True for word in yes}, **{_plain(word): False for word in no}}
    return {**FLAGS, **chosen, "": empty}


def flag(value: str, known: dict[str, bool]) -> bool | None:
    """Return the meaning of a value; None if it is neither true nor false."""
    said = known.get(value)
    return said if said is not None else known.get(_plain(value))


def _plain(word: str) -> str:
    return word.strip().casefold()


class UnreadFlags:
    """The words in flag columns that were not recognised: the first different ones, each with its first row."""

    def __init__(self, yes: Sequence[str], no: Sequence[str]) -> None:
        self._yes, self._no = list(yes), list(no)
        self._first: dict[str, tuple[int, str]] = {}
        self._columns: set[str] = set()

    def add(self, row: int, column: str, value: str) -> None:
        """Record a value that is neither true nor false."""
        word = _plain(value)
        if len(self._first) < MOST_WORDS and len(word) <= LONGEST_WORD:
            self._first.setdefault(word, (row, value))
            self._columns.add(column)

    def suggestions(self) -> list[Suggestion]:
        """Suggest reading the words that other programs use as true and false; unknown words are named."""
        yes = [word for word in self._first if word in TRUE]
        no = [word for word in self._first if word in FALSE or word in NOTHING_IN_SMALL]
        if not yes and not no:
            return []
        others = [word for word in self._first if word not in yes and word not in no]
        groups = (
            (_("%(words)s (true)"), yes),
            (_("%(words)s (false)"), no),
            (_("%(words)s (not known, so these rows stay problems)"), others),
        )
        said = "; ".join(meaning % {"words": _listed(words)} for meaning, words in groups if words)
        sentence = _("Other words than true and false are used for %(columns)s: %(words)s.") % {
            "columns": in_words(self._columns),
            "words": said,
        }
        samples = [
            Sample(row, written, "true" if word in yes else "false")
            for word, (row, written) in self._first.items()
            if word not in others
        ]
        value = {"yes": [*self._yes, *yes], "no": [*self._no, *no]}
        (option, words), *also = ((option, words) for option, words in value.items() if words)
        button = _("Read these words")
        return [Suggestion(option, words, sentence, button, samples[:MOST_SAMPLES], also=dict(also))]


def in_words(columns: Iterable[str]) -> str:
    """Join the names of columns for a sentence."""
    *others, last = sorted(columns)
    for other in reversed(others):
        last = _("%(column)s and %(others)s") % {"column": other, "others": last}
    return last


def _listed(words: Iterable[str]) -> str:
    return ", ".join(label(word) for word in words)
