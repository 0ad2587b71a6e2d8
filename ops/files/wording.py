"""Phrases that messages about files share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered

# Translates a text. A file may have a fault in every row, and gettext takes longer than reading a row: a reader keeps
# its own cache(gettext).
LookUp = Callable[[str], str]


def listed(words: Sequence[str], *, more: int = 0) -> str:
    """Return words as a list: "a", "a, b and c"; if there are ``more`` that are not named, "a, b and 12 more"."""
    if more:
        text = ngettext("%(words)s and %(number)s more", "%(words)s and %(number)s more", more)
        return numbered(text, more, words=", ".join(words))
    *most, last = words
    return _("%(words)s and %(last)s") % {"words": ", ".join(most), "last": last} if most else last


def rows_in_words(first: Sequence[str], *, more: int = 0) -> str:
    """Return rows in words, by the numbers of the first ones: "row 2", "rows 2, 5 and 8"."""
    return ngettext("row %(rows)s", "rows %(rows)s", len(first) + more) % {"rows": listed(first, more=more)}
