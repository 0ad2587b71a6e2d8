"""Pseudo locales: English with accents, a third longer and in brackets, so that tests find texts that no gettext marks.

They have no catalogs: translations are computed from the English. ``ACCENTED`` is written from left to right,
``MIRRORED`` from right to left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from gettext import NullTranslations
from typing import Any
from unittest.mock import patch

from django.test import override_settings
from django.utils import translation
from django.utils.translation import trans_real

ACCENTED, MIRRORED = "en-xa", "ar-xb"
BEGIN, END = "⟦", "⟧"
PADDING = "ōŋė ŧẃō "
# Placeholders, markup and entities stay unchanged.
KEPT = re.compile(r"(%\(\w+\)[#0\- +.\d]*[a-z]|%[sdrf%]|\{[^{}]*\}|<[^<>]*>|&#?\w+;)")
ACCENTS = str.maketrans(
    "aceginorsuyzACEGINORSUYZbdhklmptvwBDHKLMPTVWfjqxFJQX",
    "áćéğíñóŕśúýźÁĆÉĞÍÑÓŔŚÚÝŹƀďĥķłɱƥťṽẃƁĎĤĶŁṀƤŤṼẂƒĵʠẋƑĴɊẊ",
)
CONTEXT = trans_real.CONTEXT_SEPARATOR


@lru_cache(maxsize=10_000)  # a page translates several hundred texts, mostly the same as the page before
def pseudo(text: str) -> str:
    """Return ``text`` in the pseudo locale; a text without letters stays unchanged."""
    text = text.rpartition(CONTEXT)[2]
    words = [part if place % 2 else part.translate(ACCENTS) for place, part in enumerate(KEPT.split(text))]
    letters = sum(map(str.isalpha, text))
    if not letters:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    padding = (PADDING * (letters // 3 // len(PADDING) + 1))[: letters // 3].strip()
    inner = "".join(words).strip()
    return f"{before}{BEGIN}{inner}{' ' if padding else ''}{padding}{END}{after}"


class PseudoTranslations(NullTranslations):
    """The translations object that Django looks texts up in."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language
        self._catalog: dict[Any, str] = {}
        self.plural = lambda number: int(number != 1)

    def language(self) -> str:
        return self._language

    def to_language(self) -> str:
        return self._language

    def gettext(self, message: str) -> str:
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: float) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Translate within this block into ACCENTED or MIRRORED, on pages of test clients and live servers."""
    offered = [(language, language)]
    with (
        override_settings(LANGUAGE_CODE=language, LANGUAGES=offered),  # on this change Django drops all catalogs
        patch.object(trans_real, "_translations", {language: PseudoTranslations(language)}),
        translation.override(language),
    ):
        yield
