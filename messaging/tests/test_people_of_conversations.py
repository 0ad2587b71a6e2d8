"""The people of conversations, by name."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write

pytestmark = pytest.mark.django_db


def test_each_participant_is_named_once_in_order(
    alice: Any, bob: Any, charlie: Any, django_assert_num_queries: Any
) -> None:
    first, other = write(charlie, bob), write(alice, make_user("zoe"))
    for _ in range(3):
        answer(first)
    write(bob, alice, parent_message=first)
    write(bob, charlie)
    asked = [first.conversation_id, other.conversation_id]
    with django_assert_num_queries(1):
        found = Message.objects.usernames_by_conversation(asked)
    assert found == {asked[0]: ["alice", "bob", "charlie"], asked[1]: ["alice", "zoe"]}


def test_no_conversations_take_no_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert Message.objects.usernames_by_conversation([]) == {}
