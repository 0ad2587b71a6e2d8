"""A plugin of pytest: of a test that is given many values, the first and the last are tried.

For another version of what the code stands on: what that changes, it changes for all values of a test alike.
"""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    tried: dict[str, list[pytest.Item]] = {}
    for item in items:
        tried.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = {id(item) for same in tried.values() for item in (same[0], same[-1])}
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = [item for item in items if id(item) in kept]
