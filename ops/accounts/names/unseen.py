"""Characters that are invisible or look like a blank."""

from __future__ import annotations

import unicodedata

import regex

# Control characters, halves of surrogate pairs, line and paragraph separators, formatting such as the override that
# shows "gnp.exe" backwards, and characters without a glyph: unassigned, noncharacters, private use.
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp", "Cf", "Cn", "Co"})

LONE_MARK = regex.compile(r"(?:^|(?<=\s))\p{M}")  # an accent, say, without a letter before it

# Unicode's property omits some blank characters: the Braille pattern without dots, the null notehead, the Khitan
# filler, and the object replacement character.
INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\u2800\uFFFC\U0001D159\U00016FE4]")

# The two joiners change how their neighbours look, and belong to the spelling, only in these places (as in RFC 5892,
# appendix A): after a virama, between letters that join, and in emoji.
JOINING = regex.compile(
    r"(?<=\p{Canonical_Combining_Class=Virama})[\u200C\u200D]"
    r"|(?<=[\p{Joining_Type=Left_Joining}\p{Joining_Type=Dual_Joining}]\p{Joining_Type=Transparent}*)\u200C"
    r"(?=\p{Joining_Type=Transparent}*[\p{Joining_Type=Right_Joining}\p{Joining_Type=Dual_Joining}])"
    r"|(?<=\p{Extended_Pictographic}\p{Emoji_Modifier}?)\u200D(?=\p{Extended_Pictographic})"
)


def lone_mark(text: str) -> str:
    """Return the first combining mark of ``text`` that has nothing to combine with, or ""."""
    found = LONE_MARK.search(text)
    return str(found.group()) if found else ""


def unseen_character(text: str) -> str:
    """Return the first invisible character of ``text`` that does not change how its neighbours look, or ""."""
    if "\u200c" in text or "\u200d" in text:
        text = JOINING.sub("", text)
    for character in text:
        if unicodedata.category(character) in REFUSED_CATEGORIES or INVISIBLE.match(character):
            return character
    return ""
