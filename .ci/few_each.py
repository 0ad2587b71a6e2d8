"""A plugin of pytest: of a test that is given many values, few are tried: the first ones, and the last.

For another version or server below the code: what that changes, it changes for all values of a test alike. With
``--few-below FOLDER``, once or more, only tests in these folders are tried with few; others, and those that share one
work as ``part`` after ``part``, with all.
"""

from __future__ import annotations

import pytest

PART = "part"  # the name of an argument: its values are no examples


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--few", type=int, default=2, help="how many values of a test are tried")
    parser.addoption("--few-below", action="append", default=[], help="only of the tests in this folder")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    few, folders = config.getoption("few"), tuple(f"{folder}/" for folder in config.getoption("few_below"))
    tried: dict[str, list[pytest.Item]] = {}
    for item in items:
        tried.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept: set[int] = set()
    for name, same in tried.items():
        whole = folders and (not name.startswith(folders) or PART in _values_of(same[0]))
        kept.update(map(id, same if whole else (*same[: few - 1], same[-1])))
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
    items[:] = [item for item in items if id(item) in kept]


def _values_of(item: pytest.Item) -> dict[str, object]:
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}
