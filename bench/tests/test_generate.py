"""Generated conversations are always the same, have the stated shape, and are stored unchanged."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import Any

import pytest

from bench.generate import EDITED_SHARE, Forest, shape
from bench.load import REVIEWER, load
from messaging.models import Conversation, Message, MessageHistory
from messaging.threads import conversation_links, depth_first

MESSAGES = 20_000


@pytest.fixture(scope="module")
def forest() -> Forest:
    return Forest(MESSAGES)


def rows(forest: Forest) -> tuple[list, ...]:
    return list(forest.people()), list(forest.conversations()), list(forest.messages()), list(forest.histories())


class TestTheSameEveryTime:
    def test_the_same_arguments_give_the_same_rows(self) -> None:
        assert rows(Forest(2_000)) == rows(Forest(2_000))

    def test_another_seed_gives_other_rows(self) -> None:
        assert rows(Forest(2_000)) != rows(Forest(2_000, seed=99))


class TestShape:
    def test_there_are_exactly_as_many_messages_as_asked_for(self, forest: Forest) -> None:
        assert [message.id for message in forest.messages()] == list(range(1, MESSAGES + 1))

    def test_the_median_conversation_holds_6_messages(self, forest: Forest) -> None:
        assert median(conversation.message_count for conversation in forest.conversations()) == 6

    def test_a_million_messages_have_a_chain_of_5000_and_threads_of_1000(self) -> None:
        assert shape(1_000_000) == (5_000, 1_000, 20)
        assert shape(100_000) == (5_000, 1_000, 2)

    def test_the_special_threads_have_the_lengths_that_shape_tells(self, forest: Forest) -> None:
        special = shape(MESSAGES)
        lengths = Counter(conversation.message_count for conversation in forest.conversations())
        assert lengths[special.chain] == 1
        assert lengths[special.long] == special.long_threads
        assert sum(number for length, number in lengths.items() if length >= special.long) == 1 + special.long_threads

    def test_in_the_chain_each_message_answers_the_one_before(self, forest: Forest) -> None:
        (chain,) = (one.id for one in forest.conversations() if one.message_count == shape(MESSAGES).chain)
        links = [(one.id, one.parent_message_id) for one in forest.messages() if one.conversation_id == chain]
        assert max(depth for _, depth in depth_first(links)) == shape(MESSAGES).chain - 1

    def test_5_percent_are_edited_and_only_those_have_histories(self, forest: Forest) -> None:
        edited = {message.id for message in forest.messages() if message.edited}
        assert len(edited) / MESSAGES == pytest.approx(EDITED_SHARE, abs=0.01)
        assert {history.message_id for history in forest.histories()} == edited

    def test_messages_are_numbered_by_time_and_answer_earlier_ones_of_their_conversation(self, forest: Forest) -> None:
        made = list(forest.messages())
        assert [message.timestamp for message in made] == sorted(message.timestamp for message in made)
        parents = [(made[one.parent_message_id - 1], one) for one in made if one.parent_message_id]
        assert all(parent.id < reply.id for parent, reply in parents)
        assert all(parent.conversation_id == reply.conversation_id for parent, reply in parents)

    def test_every_conversation_has_one_beginning(self, forest: Forest) -> None:
        beginnings = Counter(one.conversation_id for one in forest.messages() if one.parent_message_id is None)
        assert beginnings == {conversation.id: 1 for conversation in forest.conversations()}


@pytest.mark.django_db
class TestStored:
    """In the database, 2,000 messages equal the generated ones."""

    @pytest.fixture(autouse=True)
    def loaded(self, db: Any) -> None:
        load(Forest(2_000))

    def test_counts_of_conversations_equal_a_recount(self) -> None:
        counts = ("id", "last_message_at", "message_count", "unread_count")
        made = list(Conversation.objects.order_by("id").values_list(*counts))
        Conversation.objects.recount()
        assert list(Conversation.objects.order_by("id").values_list(*counts)) == made
        assert sum(message_count for _, _, message_count, _ in made) == Message.objects.count() == 2_000

    def test_edited_messages_have_their_histories(self) -> None:
        edited = set(Message.objects.filter(edited=True).values_list("id", flat=True))
        assert set(MessageHistory.objects.values_list("message_id", flat=True)) == edited

    def test_the_chain_is_one_thread(self) -> None:
        length = shape(2_000).chain
        chain = Conversation.objects.get(message_count=length)
        assert max(depth for _, depth in depth_first(conversation_links(chain.pk))) == length - 1

    def test_new_rows_come_after_the_made_ones(self, django_user_model: Any) -> None:
        reviewer = django_user_model.objects.get(username=REVIEWER)
        message = Message.objects.create(sender=reviewer, receiver=reviewer, content="hello")
        assert message.pk == 2_001
