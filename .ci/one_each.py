"""A plugin of pytest: of a test that is given many values, one is tried, the last.

For another version or server below the code: what that changes, it changes for all values of a test alike. With
``--whole-parts``, tests that share one work as ``part`` after ``part`` are tried with all of them.
"""

from __future__ import annotations

import pytest

PART = "part"  # the name of an argument: its values are no examples


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole-parts", action="store_true", help="try all values of a test that shares work in parts")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    whole_parts = config.getoption("whole_parts")
    tried: dict[str, list[pytest.Item]] = {}
    for item in items:
        tried.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept: set[int] = set()
    for same in tried.values():
        whole = whole_parts and PART in _values_of(same[0])
        kept.update(map(id, same if whole else same[-1:]))
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = [item for item in items if id(item) in kept]


def _values_of(item: pytest.Item) -> dict[str, object]:
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}
