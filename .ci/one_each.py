"""A pytest plugin that runs each parametrized test with only its last set of values.

For runs on another version or server: a difference shows with any of a test's values. With ``--whole-parts``, tests
with a parameter ``part``, whose values share one piece of work, run with all values.
"""

from __future__ import annotations

import pytest

PART = "part"  # the name of the parameter whose values are parts of the work, not examples


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
