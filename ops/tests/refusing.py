"""Refusals without full pages, for tests that request thousands of pages and only check the outcome."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from ops.console import refusals


@pytest.fixture
def plain_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Render refused pages with only their status and title, without the frame, which takes most of the time."""

    def refusal(request: HttpRequest, title: str, template: str, *, status: int, **context: Any) -> HttpResponse:
        return HttpResponse(title, status=status)

    monkeypatch.setattr(refusals, "refusal", refusal)


def as_made(request: HttpRequest, title: str, template: str, *, status: int, **context: Any) -> HttpResponse:
    """Return the arguments of a refusal's page instead of the page."""
    return HttpResponse(repr((title, template, sorted(context.items()))), status=status)


@pytest.fixture
def refusals_as_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace refused pages by their arguments, for tests that compare what refusals reveal.

    The frame is left out; test_existence_is_not_revealed compares it once.
    """
    monkeypatch.setattr(refusals, "refusal", as_made)
