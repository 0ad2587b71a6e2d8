"""The language of one person, for everything made for them, even while they are away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils import translation


def language_of(person: Any) -> str:
    """Return the language that ``person`` chose; "" if they chose none, could not choose, or it is not offered."""
    chosen = getattr(person, "language", None) or ""
    return chosen if chosen in dict(settings.LANGUAGES) else ""


@contextmanager
def in_language_of(person: Any) -> Iterator[None]:
    """Translate within this block into the language that ``person`` chose, or else into LANGUAGE_CODE."""
    with translation.override(language_of(person) or settings.LANGUAGE_CODE):
        yield
