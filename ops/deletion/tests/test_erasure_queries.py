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


def test_unrelated_moderation_tables_are_not_updated(alice: Any, bob: Any) -> None:
    write(alice, bob)
    assert not [sql for sql in erased(alice) if sql.startswith('UPDATE "moderation_')]


def test_a_batch_reads_only_the_messages_it_needs(alice: Any, bob: Any) -> None:
    for _ in range(16):
        answer(answer(answer(write(alice, bob))))
    statements = erased(alice, size=16)
    assert Message.objects.count() == 64 - 16
    looked = [sql for sql in statements if "LIMIT 2" in sql and "conversation_id" in sql.partition(" FROM ")[0]]
    # Two at a time, oldest first: they are in different conversations, four of which fill the batch.
    assert len(looked) == 2
