"""Words that sentences about files have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered

# Looks a text up. A file may have a fault in each of its rows, and looking up a text takes longer than reading a row:
# who reads a file keeps cache(gettext) for as long.
LookUp = Callable[[str], str]


def listed(words: Sequence[str], *, more: int = 0) -> str:
    """Words in a row: "a", "a, b and c"; with so many more that are not named "a, b and 12 more"."""
    if more:
        text = ngettext("%(words)s and %(number)s more", "%(words)s and %(number)s more", more)
        return numbered(text, more, words=", ".join(words))
    *most, last = words
    return _("%(words)s and %(last)s") % {"words": ", ".join(most), "last": last} if most else last


def rows_in_words(first: Sequence[str], *, more: int = 0) -> str:
    """Rows by the numbers of the first of them: "row 2", "rows 2, 5 and 8"."""
    return ngettext("row %(rows)s", "rows %(rows)s", len(first) + more) % {"rows": listed(first, more=more)}
