"""A batch of an erasure runs no more queries than it needs, because others wait meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.erasing import erasure
from messaging.models import Message
from messaging.tests.conversations import answer, write

pytestmark = pytest.mark.django_db


def erased(person: Any, **options: Any) -> list[str]:
    """Erase one batch; return its statements."""
    with CaptureQueriesContext(connection) as queries:
        assert erasure.erase_batch(person.pk, erasure.ErasureCounts(), **options)
    return [query["sql"] for query in queries]


def test_tables_that_refer_to_no_message_are_not_searched_for_each(alice: Any, bob: Any) -> None:
    write(alice, bob)
    assert not [sql for sql in erased(alice) if sql.startswith('UPDATE "moderation_')]


def test_no_more_messages_are_looked_at_than_fill_a_batch(alice: Any, bob: Any) -> None:
    for _ in range(16):
        answer(answer(answer(write(alice, bob))))
    statements = erased(alice, size=16)
    assert Message.objects.count() == 64 - 16
    looked = [sql for sql in statements if "LIMIT 2" in sql and "conversation_id" in sql.partition(" FROM ")[0]]
    # Two at a time, oldest first: they are in different conversations, four of which fill the batch.
    assert len(looked) == 2
