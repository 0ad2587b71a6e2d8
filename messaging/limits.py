"""How long a text may be."""

from __future__ import annotations

from django.utils.translation import gettext as _

from messaging.languages.wording import numbered

LONGEST_TEXT = 10 << 20  # characters of a message


def too_long() -> str:
    """What is said of a longer text."""
    return numbered(_("The text has more than %(number)s characters: shorten it, or send it in parts."), LONGEST_TEXT)
