"""Of what a test asks for, the contexts that views gave are kept, not those of all templates within their pages."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from django.test.utils import ContextList


@pytest.fixture(scope="session", autouse=True)
def contexts_of_pages_are_kept() -> Iterator[None]:
    """Django's test client copies the context for every template, in most pages twenty times and more, and keeps them
    all in a circle that only the garbage collector ends. ``response.templates`` stays empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.test.client.store_rendered_templates", _store_of_pages)
        yield


def _store_of_pages(store: dict[str, Any], *, template: Any, context: Any, **signal: Any) -> None:
    """A template that another one extends or includes has the other one's context, which says whose it is."""
    if context.template is template:
        store.setdefault("context", ContextList()).append(copy(context))
