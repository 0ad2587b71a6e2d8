"""Keeps only the contexts of views in test responses, not those of all templates within their pages."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from django.test.utils import ContextList


@pytest.fixture(scope="session", autouse=True)
def contexts_of_pages_are_kept() -> Iterator[None]:
    """Store one context per page.

    Django's test client copies the context for every template, on most pages more than twenty times, and keeps the
    copies in a reference cycle that only the garbage collector frees. ``response.templates`` stays empty.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.test.client.store_rendered_templates", _store_of_pages)
        yield


def _store_of_pages(store: dict[str, Any], *, template: Any, context: Any, **signal: Any) -> None:
    """Store the context of a page's main template; templates that it extends or includes share that context."""
    if context.template is template:
        store.setdefault("context", ContextList()).append(copy(context))
