"""The placeholders of canned reasons, such as ``{date}`` and ``{rule}``: finding them and filling them in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def unfilled(text: str) -> list[str]:
    """Return the names of the placeholders in ``text`` in order, each once."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with the placeholders that have a value replaced; one with a blank value stays.

    Runs in one pass: a placeholder in a value is not replaced.
    """

    def replaced(found: re.Match[str]) -> str:
        value = values.get(found[1], "").strip()
        return value or found[0]

    return PLACEHOLDER.sub(replaced, text)


def refusal(text: str) -> str:
    """Return why ``text`` may not be sent to a participant, as a sentence; "" if it may be."""
    names = [f"{{{name}}}" for name in unfilled(text)]
    if not names:
        return ""
    return _("Fill in %(placeholders)s before this is sent.") % {"placeholders": get_text_list(names, _("and"))}


def validate_braces(text: str) -> None:
    """Raise ValidationError for a brace outside a placeholder, because nothing could ever fill it in."""
    if _has_stray_brace(text):
        raise ValidationError(
            _(
                "A brace belongs to no placeholder. Write placeholders like {date}: one word in small letters, between "
                "one pair of braces."
            )
        )


def _has_stray_brace(text: str) -> bool:
    rest = PLACEHOLDER.sub("", text)
    return "{" in rest or "}" in rest
