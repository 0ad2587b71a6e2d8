"""The placeholders of canned reasons, such as ``{date}`` and ``{rule}``: which there are, and filling them in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
UNFILLED = "Fill in {names} before this is sent."


def unfilled(text: str) -> list[str]:
    """Return the names of the placeholders in ``text``, each once, in their order."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with the placeholders replaced that have a value; one with a blank value stays.

    In one pass: braces in a value are text, never another placeholder.
    """

    def replaced(found: re.Match[str]) -> str:
        value = values.get(found[1], "").strip()
        return value or found[0]

    return PLACEHOLDER.sub(replaced, text)


def validate_braces(text: str) -> None:
    """Raise ValidationError where a brace belongs to no placeholder, which could then never be filled in."""
    rest = PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        raise ValidationError(
            "A brace belongs to no placeholder. Write placeholders like {date}: one word in small letters, between "
            "one pair of braces."
        )
