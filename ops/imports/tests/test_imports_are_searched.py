"""Texts that an import stores, changes or takes back are searchable, or no longer searchable, like all others."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.models import Message
from messaging.search import engine, indexing
from messaging.search.terms import Words
from messaging.search.tests.test_indexing import index_is_right
from ops.imports.tests.files import imported, numbered, row
from ops.imports.tests.importing import stored_import, undone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]


def ids(word: str) -> set[str | None]:
    return set(Message.objects.filter(engine.matching(Words(word))).values_list("external_id", flat=True))


@pytest.mark.parametrize("taken_in", [False, True], ids=["noted", "indexed"])
def test_the_search_index_follows_storing_changing_and_undoing(alice: Any, bob: Any, rita: Any, taken_in: bool) -> None:
    """Holds whether or not the worker has indexed the changes yet (on SQLite)."""

    def check(**found: set[str | None]) -> None:
        if taken_in:
            list(indexing.catch_up())
        assert {word: ids(word) for word in found} == found
        index_is_right()

    imported(
        numbered(row("1", content="ripe apples"), row("2", "1", content="green apples"), row("3", content="pears"))
    )
    check(apples={"1", "2"}, pears={"3"})
    changes = [row("1", content="ripe plums"), row("4", "2", content="more apples")]
    import_ = stored_import(*changes, by=rita, existing="edit")
    check(apples={"2", "4"}, plums={"1"})
    undone(import_, by=rita)
    check(apples={"1", "2"}, plums=set())
