"""Generated conversations of a known shape, the same ones every time, as plain rows without a database.

The median thread has 6 messages, some have 1,000, and one is a chain of 5,000 messages, each of which answers the one
before. 5 % of the messages are edited; half of the conversations end in a few unread messages. With fewer messages the
special threads are shorter. Messages are numbered by time, so those of one conversation are scattered among others, as
in real life.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

VERSION = 4  # part of the names of kept databases: raise it whenever their contents would change
SEED = 3  # with this seed, even a thousand messages contain everything that the scenarios need
USERS = 10_000
EDITED_SHARE = 0.05
MEDIAN_LENGTH = 6

START = datetime(2024, 1, 1, tzinfo=UTC)
SPAN = 2 * 365 * 24 * 3600  # seconds within which conversations begin
PAUSE = 3600  # seconds between two messages of a conversation, on average
MOST_UNREAD = 4  # messages at the end of a conversation

WORDS = """
about after again all also always and answer any around ask back because been before better between big bike book both
bring but buy call camera can change check city clear coffee come could day deal delivery did different do done door
down each early either email enough even evening ever every far few find fine first for found friend from full garden
get give glad go good great had half hand happy hard has have hear hello help here home hope hour how idea if in
inside into is it just keep kind know lamp last late later leave left less let like list little long look lot maybe
mean meet message might minute month more morning most move much must name near need never new next nice night no not
nothing now of offer often old on once one only open or order other our out over own paid part people perhaps phone
photo pick place plan please point price quick quite rather read ready really reply right road room said same say see
sell send shall she ship shop short should show side since size small so some soon sorry sound start station stay
still stop store street such sure table take talk tell than thank that the their them then there they thing think this
those though time to today together tomorrow too town train try turn two under until up us use very wait walk want was
way we week well went were what when where which while who why will with without word work would write year yes
yesterday yet you your
""".split()  # noqa: SIM905 - a list of this length reads better as text


# Words appended to a few messages, by id, to search for among any number of messages.
RARE = {
    **dict.fromkeys((7, 77, 777, 7_777, 77_777, 777_777), "Marzipan!"),
    **dict.fromkeys((8, 88, 888, 8_888, 88_888, 888_888), "東京都に行きました。"),
}


class Shape(NamedTuple):
    """The lengths of the special threads, in messages, and the number of long ones."""

    chain: int
    long: int
    long_threads: int


class Person(NamedTuple):
    id: int
    username: str


class GeneratedConversation(NamedTuple):
    id: int
    started_at: datetime
    last_message_at: datetime
    message_count: int
    unread_count: int


class GeneratedMessage(NamedTuple):
    id: int
    conversation_id: int
    sender_id: int
    receiver_id: int
    content: str
    timestamp: datetime
    revision: int
    edited: bool
    read: bool
    parent_message_id: int | None


class GeneratedHistory(NamedTuple):
    message_id: int
    revision: int
    old_content: str
    edited_at: datetime


def shape(messages: int) -> Shape:
    """Return the special threads among this number of messages."""
    return Shape(
        chain=min(5_000, messages // 20), long=min(1_000, messages // 50), long_threads=max(1, messages // 50_000)
    )


def thread_lengths(messages: int, random: Random) -> list[int]:
    """Return the number of messages of each conversation, the chain's first; their sum is exactly ``messages``."""
    special = shape(messages)
    lengths = [special.chain] + [special.long] * special.long_threads
    left = messages - sum(lengths)
    while left > 0:
        length = round(MEDIAN_LENGTH * random.lognormvariate(0, 0.75))
        lengths.append(max(1, min(length, left, special.long - 1)))
        left -= lengths[-1]
    return lengths


class Forest:
    """Conversations of ``messages`` messages between ``users`` people, in flat columns with one entry for each message.

    The same arguments always give the same forest. ``messages`` must be at least 100.
    """

    def __init__(self, messages: int, *, users: int = USERS, seed: int = SEED) -> None:
        self.users, self.seed = users, seed
        self.conversation, self.sender, self.receiver = array("i"), array("i"), array("i")
        self.parent = array("i")  # the position of the message that it answers; -1 for the first of a conversation
        self.moment = array("q")  # seconds since START
        self.read = bytearray()
        self.edited = bytearray()  # number of edits
        random = Random(seed)
        lengths = thread_lengths(messages, random)
        begins = [0, *sorted(random.randrange(SPAN) for _ in lengths[1:])]
        others = lengths[1:]
        random.shuffle(others)
        for number, (length, begin) in enumerate(zip([lengths[0], *others], begins, strict=True)):
            self._grow(number, length, begin, random, chain=number == 0)
        self.order = sorted(range(messages), key=self.moment.__getitem__)
        self.ids = array("i", bytes(4 * messages))
        for number, position in enumerate(self.order, start=1):
            self.ids[position] = number

    def _grow(self, number: int, length: int, begin: int, random: Random, *, chain: bool) -> None:
        """Add one conversation. In a chain each reply answers the message before, else that or any earlier one."""
        first = len(self.parent)
        # Some people write far more than others.
        people = [int(self.users * random.random() ** 2) + 1 for _ in range(2 + length // 20)]
        unread = random.randint(1, MOST_UNREAD) if random.random() < 0.5 else 0
        moment = begin
        for position in range(first, first + length):
            parent = -1
            if position > first:
                parent = position - 1 if chain or random.random() < 0.6 else random.randrange(first, position)
            receiver = self.sender[parent] if parent >= 0 else people[0]
            sender = random.choice(people)
            if sender == receiver:
                sender = self.receiver[parent] if parent >= 0 else people[1]
            self.conversation.append(number + 1)
            self.parent.append(parent)
            self.sender.append(sender)
            self.receiver.append(receiver)
            self.moment.append(moment)
            self.read.append(position < first + length - unread)
            self.edited.append(random.random() < EDITED_SHARE and random.choice((1, 1, 1, 2, 3)))
            moment += 1 + int(random.expovariate(1 / PAUSE))

    def people(self) -> Iterator[Person]:
        """Return everybody who may have written a message, with ids from 1."""
        return (Person(number, username(number)) for number in range(1, self.users + 1))

    def conversations(self) -> Iterator[GeneratedConversation]:
        """Yield the conversations by id, with the counts of their messages."""
        first = 0
        while first < len(self.parent):
            number = self.conversation[first]
            end = first + 1
            while end < len(self.parent) and self.conversation[end] == number:
                end += 1
            started, last = at(self.moment[first]), at(self.moment[end - 1])
            yield GeneratedConversation(number, started, last, end - first, end - first - sum(self.read[first:end]))
            first = end

    def messages(self) -> Iterator[GeneratedMessage]:
        """Yield the messages by id, which is their order in time; a parent always precedes its replies."""
        random = Random(self.seed)
        for position in self.order:
            parent = self.parent[position]
            yield GeneratedMessage(
                id=self.ids[position],
                conversation_id=self.conversation[position],
                sender_id=self.sender[position],
                receiver_id=self.receiver[position],
                content=" ".join(filter(None, (text(random), RARE.get(self.ids[position])))),
                timestamp=at(self.moment[position]),
                revision=1 + self.edited[position],
                edited=bool(self.edited[position]),
                read=bool(self.read[position]),
                parent_message_id=self.ids[parent] if parent >= 0 else None,
            )

    def histories(self) -> Iterator[GeneratedHistory]:
        """Yield one to three older texts of each edited message, oldest first."""
        random = Random(self.seed + 1)
        for position in self.order:
            for revision in range(1, 1 + self.edited[position]):
                edited_at = at(self.moment[position] + 60 * revision)
                yield GeneratedHistory(self.ids[position], revision, text(random), edited_at)


def username(number: int) -> str:
    return f"person{number:05}"


def at(moment: int) -> datetime:
    return START + timedelta(seconds=moment)


def text(random: Random) -> str:
    """Return a few plain words as one sentence, occasionally a long one."""
    length = min(300, 3 + int(random.expovariate(1 / 12)))
    return " ".join(random.choices(WORDS, k=length)).capitalize() + "."
