"""The error of headers that do not fit the columns, and the places of columns in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ops.files.headers.columns import plain
from ops.files.problems import Unreadable, label
from ops.files.suggestions import Suggestion
from ops.files.wording import listed
from ops.serving.lazy_modules import LazyModule

excel_cells = LazyModule("xlsxwriter.utility")

LONGEST_LIST = 20  # headers, or positions of one, that a message names


class HeaderUnfit(Unreadable):
    """The headers of a file do not fit the columns: it can be read once the user matches them.

    ``unnamed`` are columns without a name that hold values; ``samples`` are the first values under each of
    ``headers``. ``guessed`` is set for a file without a header: the place of each column, guessed from its values.
    """

    def __init__(
        self,
        headers: Sequence[str],
        unknown: Sequence[str],
        missing: Sequence[str],
        repeated: Sequence[str],
        *,
        expected: str,
        row: int | None,
        unnamed: Sequence[str] = (),
        samples: Sequence[Sequence[str]] = (),
        suggestions: Sequence[Suggestion] = (),
        guessed: Mapping[str, str] | None = None,
    ) -> None:
        cure = "" if repeated else "columns" if missing or unnamed else "ignore_unknown"
        sentences = [_do_not_fit(headers, unknown, missing, repeated, unnamed), expected]
        if repeated:
            sentences.append(_("Of columns with one name keep one; give the others other names, or remove them."))
        if guessed is not None:
            no_header = _(
                "the file has no header: its first row holds values like the others. Say which column is which, or put "
                "a header above the first row."
            )
            sentences, cure = [no_header, expected], "columns"
        super().__init__(" ".join(sentences), row=row, cure=cure, suggestions=suggestions)
        self.headers, self.unknown = list(headers), list(unknown)
        self.missing, self.repeated, self.unnamed = list(missing), list(repeated), list(unnamed)
        self.samples = [list(values) for values in samples]
        self.without_header, self.guessed = guessed is not None, dict(guessed or {})


def _do_not_fit(
    headers: Sequence[str],
    unknown: Sequence[str],
    missing: Sequence[str],
    repeated: Sequence[str],
    unnamed: Sequence[str],
) -> str:
    in_places = _("%(column)s in %(places)s")
    twice = [in_places % {"column": label(name), "places": places(headers, name)} for name in repeated]
    without_name = [places(headers, name, called=False) for name in unnamed[:LONGEST_LIST]]
    kinds = (
        (_("unknown: %(columns)s"), listed_labels(unknown)),
        (_("missing: %(columns)s"), listed_labels(missing)),
        (_("without a name: %(columns)s"), "; ".join(without_name)),
        (_("repeated: %(columns)s"), "; ".join(twice)),
    )
    faults = "; ".join(kind % {"columns": names} for kind, names in kinds if names)
    return _("the columns of the header do not fit; %(faults)s.") % {"faults": faults}


def places(headers: Sequence[str], name: str, *, called: bool = True) -> str:
    """Return the places of the columns of this name, as numbers and as letters: "columns 3 and 9 (C and I)"."""
    found = [place for place, header in enumerate(headers) if plain(header) == plain(name)]
    if name in headers and not called:
        found = [headers.index(name)]
    return columns_in_words(found)


def columns_in_words(found: Sequence[int]) -> str:
    """Return the columns at these places (counted from 0) in words, as numbers from 1 and as letters."""
    numbers = _joined([str(place + 1) for place in found])
    letters = _joined([excel_cells.xl_col_to_name(place) for place in found])
    text = ngettext("column %(numbers)s (%(letters)s)", "columns %(numbers)s (%(letters)s)", len(found))
    return text % {"numbers": numbers, "letters": letters}


def _joined(words: list[str]) -> str:
    return listed_labels(words) if len(words) > LONGEST_LIST else listed(words)


def listed_labels(names: Sequence[str]) -> str:
    """Return the first names of a list, each as a label, and how many more there are."""
    shown = [label(name) for name in names[:LONGEST_LIST]]
    more = len(names) - len(shown)
    return listed(shown, more=more) if more else ", ".join(shown)
