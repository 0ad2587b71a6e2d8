"""Characters that are invisible, or make a text look like another one: previews show their names."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from django.utils.translation import pgettext, pgettext_lazy

# Control characters except tab and line ends, marks of direction, zero-width spaces, fillers, tags, non-characters. A
# joiner within an emoji (👩‍🚀) belongs to it and is not named.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200c\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
    "|(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
NO_CHARACTER = pgettext_lazy("name of a character", "no character")
CONTROLS = {
    0x00: pgettext_lazy("name of a character", "null"),
    0x07: pgettext_lazy("name of a character", "bell"),
    0x08: pgettext_lazy("name of a character", "backspace"),
    0x0B: pgettext_lazy("name of a character", "vertical tab"),
    0x0C: pgettext_lazy("name of a character", "form feed"),
    0x1B: pgettext_lazy("name of a character", "escape"),
    0x7F: pgettext_lazy("name of a character", "delete"),
    0x85: pgettext_lazy("name of a character", "next line"),
    0xFFFE: NO_CHARACTER,
    0xFFFF: NO_CHARACTER,
}


class Part(NamedTuple):
    """A run of text, or an invisible character with its ``name``."""

    text: str
    name: str


def parts(text: str) -> list[Part]:
    """Split ``text`` into runs to show and invisible characters to name."""
    found, end = [], 0
    for match in INVISIBLE.finditer(text):
        if match.start() > end:
            found.append(Part(text[end : match.start()], ""))
        found.append(Part(match[0], name_of(match[0])))
        end = match.end()
    if end < len(text):
        found.append(Part(text[end:], ""))
    return found


def name_of(character: str) -> str:
    """Return the name (in English, as in Unicode) and code of a character: "right-to-left override (U+202E)"."""
    code = ord(character)
    name = CONTROLS.get(code) or unicodedata.name(character, "").lower()
    name = name or pgettext("name of a character", "control character")
    return f"{name} (U+{code:04X})"
