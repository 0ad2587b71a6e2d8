"""Numbers in texts that people read, formatted for the active language.

Texts are marked for translation with Django's gettext; docs/translating.md says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def grouped(number: float, *, decimals: int | None = None) -> str:
    """Return a number in the format of the active language: 1200 is "1,200" in English.

    ``decimals`` is the exact number of decimals; further ones are truncated, not rounded.
    """
    return number_format(number, decimals, use_l10n=True, force_grouping=True)


def numbered(text: str, number: float, **more: Any) -> str:
    """Return ``text`` with the grouped ``number`` for ``%(number)s``, and ``more`` for its other placeholders.

    For results of ngettext(): ``numbered(ngettext("%(number)s message", "%(number)s messages", n), n)``.
    """
    return text % {"number": grouped(number), **more}


def listed(names: Sequence[str]) -> str:
    """Return all names joined for a sentence: "a", "a and b", "a, b and c"; "" for none."""
    if len(names) < 2:
        return "".join(names)
    return _("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}
