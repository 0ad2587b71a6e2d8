"""The language of one person: what is made for them, also while they are away, is of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils import translation


def language_of(person: Any) -> str:
    """The language that ``person`` chose; "" where they chose none, one that is not offered, or have no such choice."""
    chosen = getattr(person, "language", None) or ""
    return chosen if chosen in dict(settings.LANGUAGES) else ""


@contextmanager
def in_language_of(person: Any) -> Iterator[None]:
    """What is translated within is for ``person``: of the language that they chose, or else of LANGUAGE_CODE."""
    with translation.override(language_of(person) or settings.LANGUAGE_CODE):
        yield
