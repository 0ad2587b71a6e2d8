"""Which usernames are allowed: nearly all, so that people can be imported under the names they have elsewhere."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError

MAX_LENGTH = 150

# Control characters, halves of surrogate pairs, line and paragraph separators, invisible formatting such as the
# override that shows "gnp.exe" backwards. The two joiners are letters' neighbours in Persian, Hindi and emoji.
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp", "Cf"})
JOINERS = frozenset("\u200c\u200d")


def username_problem(username: str) -> str | None:
    """The sentence that says why ``username`` is not allowed, with the remedy, or None.

    Allowed are 1 to 150 printable characters without a blank at either end; case-sensitive, not normalised.
    """
    if not username:
        return "The username is empty: give one of 1 to 150 characters."
    if len(username) > MAX_LENGTH:
        return f"The username has {len(username)} characters: shorten it to {MAX_LENGTH}."
    if username != username.strip():
        return "The username begins or ends with a blank: remove it."
    if username.isascii() and username.isprintable():
        return None
    for character in username:
        if unicodedata.category(character) in REFUSED_CATEGORIES and character not in JOINERS:
            return f"The username holds a character that cannot be seen (U+{ord(character):04X}): remove it."
    return None


def validate_username(username: str) -> None:
    """Raises ValidationError with the sentence of ``username_problem``."""
    problem = username_problem(username)
    if problem:
        raise ValidationError(problem, code="invalid_username")
