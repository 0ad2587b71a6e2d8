"""Numbers in texts that people read, formatted for the active language.

Texts are marked for translation with Django's gettext; docs/translating.md says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def grouped(number: float, *, decimals: int | None = None) -> str:
    """Return a number in the active language's format (1,200 in English), cut, not rounded, to exactly ``decimals``."""
    return number_format(number, decimals, use_l10n=True, force_grouping=True)


def numbered(text: str, number: float, **more: Any) -> str:
    """Return ``text``, usually of ngettext(), with ``number`` grouped for ``%(number)s`` and ``more`` filled in."""
    return text % {"number": grouped(number), **more}


def listed(names: Sequence[str]) -> str:
    """Return all names joined for a sentence: "a", "a and b", "a, b and c"; "" for none."""
    if len(names) < 2:
        return "".join(names)
    return _("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}
