"""Parts of pages are rendered once for the same values, and never reused for others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation

from ops.console.templatetags import keeping


@pytest.fixture
def rendered() -> Callable[..., str]:
    """Return a function that renders a template and counts how often its part was rendered."""
    template = Template("{% load keeping %}{% kept name here %}{{ name }} {{ here }} {{ count }}{% endkept %}")
    times: list[int] = []

    def count() -> int:
        times.append(1)
        return len(times)

    return lambda **values: template.render(Context({"count": count, **values}))


def test_equal_values_are_rendered_once(rendered: Any) -> None:
    assert [rendered(name="alice", here=here) for here in (True, False, True)] == [
        "alice True 1",
        "alice False 2",
        "alice True 1",
    ]
    assert rendered(name="bob", here=True) == "bob True 3"


def test_each_language_is_cached_separately(rendered: Any) -> None:
    for language, number in (("en", 1), ("de", 2), ("en", 1)):
        with translation.override(language):
            assert rendered(name="alice", here=1) == f"alice 1 {number}"


def test_the_number_of_cached_parts_is_limited(rendered: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(keeping, "MOST_KEPT", 2)
    numbers = [rendered(name=name, here=1).split()[-1] for name in ("alice", "bob", "alice", "charlie", "alice")]
    assert numbers == ["1", "2", "1", "3", "4"]
