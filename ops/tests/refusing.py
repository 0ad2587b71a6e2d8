"""Refusals of a few words, for tests that ask for thousands of pages and look at nothing but what happened."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from ops.console import refusals


@pytest.fixture
def plain_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is refused has its status and its title, but not the frame around it, which takes the time."""

    def refusal(request: HttpRequest, title: str, template: str, *, status: int, **context: Any) -> HttpResponse:
        return HttpResponse(title, status=status)

    monkeypatch.setattr(refusals, "refusal", refusal)


def as_made(request: HttpRequest, title: str, template: str, *, status: int, **context: Any) -> HttpResponse:
    """In place of a page that is refused: what its text is made of."""
    return HttpResponse(repr((title, template, sorted(context.items()))), status=status)


@pytest.fixture
def refusals_as_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is refused holds what its text is made of, for tests that compare what refusals tell.

    The frame around it is left out; test_nothing_is_given_away compares it once.
    """
    monkeypatch.setattr(refusals, "refusal", as_made)
