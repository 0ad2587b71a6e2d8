"""Processes rarely collect garbage, and leave out what they loaded at the start."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Iterator

import pytest

from ops.serving.collecting import NEW_OBJECTS, loading


@pytest.fixture
def as_it_was() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("as_it_was")
@pytest.mark.parametrize("name", ["ops.wsgi", "ops.asgi"])
def test_objects_loaded_at_startup_are_frozen(name: str) -> None:
    gc.set_threshold(700, 10, 10)
    importlib.reload(importlib.import_module(name))
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == (NEW_OBJECTS, 10, 10)


@pytest.mark.usefixtures("as_it_was")
def test_collection_is_disabled_while_loading() -> None:
    gc.unfreeze()
    with pytest.raises(ImportError), loading():
        assert not gc.isenabled()
        raise ImportError
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000
