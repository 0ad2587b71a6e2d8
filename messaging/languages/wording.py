"""Numbers in texts that people read, in the language of whoever reads them.

Texts are marked for translation with Django's gettext; docs/translating.md says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def grouped(number: float, *, decimals: int | None = None) -> str:
    """Return a number as the language in use writes it: 1200 is "1,200" in English.

    With ``decimals``, it has just so many: others are cut off, not rounded.
    """
    return number_format(number, decimals, use_l10n=True, force_grouping=True)


def numbered(text: str, number: float, **more: Any) -> str:
    """Return ``text`` with its ``%(number)s`` grouped, and ``more`` for its other placeholders.

    It fills in what ngettext() returns: ``numbered(ngettext("%(number)s message", "%(number)s messages", n), n)``.
    """
    return text % {"number": grouped(number), **more}


def listed(names: Sequence[str]) -> str:
    """Return all names as a sentence has them: "a", "a and b", "a, b and c"; "" for none."""
    if len(names) < 2:
        return "".join(names)
    return _("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}
