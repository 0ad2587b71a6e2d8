"""Storing what an import has checked: people first, then whole conversations, in batches that keep nobody waiting."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, UNUSABLE_PASSWORD_SUFFIX_LENGTH

from messaging.models import Conversation
from messaging.writing import in_batches
from ops.deletion import erased_names
from ops.imports.staging.base import JOINS, PEOPLE, PLACES, ROWS, Staging
from ops.imports.storing.order import Order, Piece
from ops.jobs.pacing import Pace

PIECE = 2_000  # rows stored by one statement
USERS = 4_000  # accounts created in one batch
# Whom it names is said by the check, of whose words nothing is kept: this is kept with the job.
ERASED_SINCE = "Somebody whom the file names was erased since it was checked: check it again to see in which rows."

MISSING_PEOPLE = f"SELECT username FROM {PEOPLE} WHERE fault IS NULL ORDER BY username LIMIT %s"
# Only while the rows of whole conversations are stored together are these counts exact.
STORE_CONVERSATIONS = f"""
INSERT INTO {{conversations}} (id, started_at, last_message_at, message_count, unread_count)
SELECT places.root + %s, MIN(CASE WHEN places.number = places.root THEN {{sent_at}} END), MAX({{sent_at}}), COUNT(*),
    SUM(CASE WHEN rows.seen THEN 0 ELSE 1 END)
FROM {PLACES} places CROSS JOIN {ROWS} rows
WHERE places.place >= %s AND places.place < %s AND rows.number = places.number {{beginning}}
GROUP BY places.root HAVING MAX(CASE WHEN places.number = places.root THEN 1 ELSE 0 END) = 1
"""
STORE_MESSAGES = f"""
INSERT INTO {{messages}} (id, conversation_id, sender_id, receiver_id, content, "timestamp", edited, "read",
    parent_message_id, external_id)
SELECT ready.number + %s, {{conversation}}, ready.sender_id, ready.receiver_id, rows.content,
    {{sent_at}}, rows.edited, rows.seen,
    CASE WHEN ready.parent > 0 THEN ready.parent + %s ELSE {{parent}} END, rows.external_id
FROM {{ready}} ready CROSS JOIN {ROWS} rows
{{joins}}
WHERE ready.place >= %s AND ready.place < %s AND rows.number = ready.number
"""
# Where rows answer stored messages, their conversations are those of these; looking for that row by row takes a while.
JOINING = {
    "beginning": f"AND NOT EXISTS (SELECT 1 FROM {JOINS} joins WHERE joins.number = places.root)",
    "conversation": "COALESCE(joins.conversation_id, ready.root + %s)",
    "parent": "joins.parent_id",
    "joins": f"LEFT JOIN {JOINS} joins ON joins.number = ready.root",
}
APART = {"beginning": "", "conversation": "ready.root + %s", "parent": "NULL", "joins": ""}
STORE_NOTIFICATIONS = f"""
INSERT INTO {{notifications}} (user_id, message_id, created_at)
SELECT stored.receiver_id, stored.id, %s
FROM {PLACES} places CROSS JOIN {{messages}} stored
WHERE places.place >= %s AND places.place < %s AND stored.id = places.number + %s
"""
JOINED = f"""
SELECT DISTINCT joins.conversation_id FROM {PLACES} places CROSS JOIN {JOINS} joins
WHERE places.place >= %s AND places.place < %s AND joins.number = places.root ORDER BY 1
"""
IS_JOIN = f"SELECT EXISTS (SELECT 1 FROM {JOINS} WHERE number = %s)"
# Answers to stored messages that are not there any more.
PARENTS_GONE = f"""
SELECT COUNT(*) FROM {PLACES} places CROSS JOIN {JOINS} joins
WHERE places.place >= %s AND places.place < %s AND joins.number = places.number
    AND NOT EXISTS (SELECT 1 FROM {{messages}} stored WHERE stored.id = joins.parent_id)
"""


class Work(Protocol):
    """What storing needs of a running job (ops.jobs.run.Run)."""

    @property
    def cursor(self) -> dict[str, Any]: ...

    def batch(self) -> AbstractContextManager[None]: ...

    def advance(self, done: int | None = None, total: int | None = None) -> None: ...


class ImportStopped(Exception):
    """Nothing was stored, for a reason that does not lie in the file; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What an import added."""

    messages: int = 0
    replies: int = 0
    conversations: int = 0
    users: int = 0


@dataclass(frozen=True, slots=True)
class Bases:
    """The ids after which those lie that were reserved, None where none were.

    Message, conversation and history of a row are as far from theirs as the row is from the beginning of the file.
    """

    messages: int | None = None
    conversations: int | None = None
    users: int | None = None
    histories: int | None = None


def create_people(staging: Staging, work: Work, bases: Bases, now: datetime) -> None:
    """An account for everybody named who has none: it cannot sign in, and has no password.

    Raises ImportStopped where one of them was erased since the file was checked.
    """
    while names := [name for (name,) in staging.stream(MISSING_PEOPLE, [USERS])]:
        if erased_names.erased(names):
            raise ImportStopped(ERASED_SINCE)
        created = work.cursor.get("people", 0)
        first = (bases.users or 0) + created + 1
        own = {"id": range(first, first + len(names)), "username": names, "password": [_no_password() for _ in names]}
        with work.batch():
            staging.insert(get_user_model(), own, is_active=False, date_joined=now)
            work.cursor["people"] = created + len(names)
        staging.execute(f"DELETE FROM {PEOPLE} WHERE username <= %s", [names[-1]])


def _no_password() -> str:
    """``make_password(None)``, whose results look the same, takes longer than all else of an account."""
    return UNUSABLE_PASSWORD_PREFIX + secrets.token_hex(UNUSABLE_PASSWORD_SUFFIX_LENGTH // 2)


def store_messages(
    staging: Staging,
    order: Order,
    work: Work,
    bases: Bases,
    *,
    notify_at: datetime | None,
    stored: Callable[[int], None] = lambda number: None,
) -> None:
    """Store the rows in their order, from the cursor's on.

    ``notify_at``: when receivers are notified, None for not at all. ``stored`` is called within each batch with the
    number of messages stored by then.

    Raises ImportStopped where what was checked does not hold any more, and whatever the database raises.
    """
    staging.fill(PLACES, order.places())
    order.forget_rows()
    staging.analyze(PLACES)
    staging.find_people()
    joining = bool(staging.value(f"SELECT COUNT(*) FROM {JOINS}"))
    pieces = order.pieces(work.cursor.get("stored", 0))
    pace = Pace(times=staging.batch_time_factor)
    while pieces:
        now, pieces = pieces[: pace.size], pieces[pace.size :]
        with pace.timed(), work.batch():
            _store(staging, now, bases, joining=joining, notify_at=notify_at)
            work.cursor["stored"] = now[-1].end
            stored(now[-1].end)


def _store(staging: Staging, pieces: list[Piece], bases: Bases, *, joining: bool, notify_at: datetime | None) -> None:
    places = [pieces[0].start, pieces[-1].end]
    messages, conversations = bases.messages or 0, bases.conversations or 0
    staging.lock_people(*places)
    others = _existing_conversations(staging, pieces[0], conversations, joining=joining, places=places)
    _lock(staging, others)
    if joining and staging.value(PARENTS_GONE, places):
        raise changed_meanwhile()
    names = JOINING if joining else APART
    staging.execute(STORE_CONVERSATIONS, [conversations, *places], **names)
    stored = staging.execute(STORE_MESSAGES, [messages, conversations, messages, *places], **names)
    if stored != places[1] - places[0]:
        raise changed_meanwhile()
    if notify_at is not None:
        moment = staging.connection.ops.adapt_datetimefield_value(notify_at)
        staging.execute(STORE_NOTIFICATIONS, [moment, *places, messages])
    for batch in in_batches(others):
        Conversation.objects.using(staging.using).filter(pk__in=batch).recount()


def _existing_conversations(
    staging: Staging, first: Piece, base: int, *, joining: bool, places: list[int]
) -> list[int]:
    """The conversations that are there already which the rows in these places join or continue."""
    found = set()
    if joining:
        found = {conversation_id for (conversation_id,) in staging.stream(JOINED, places)}
    # What continues a row that joined a stored conversation is a part of that one.
    if first.continued and not staging.value(IS_JOIN, [first.continued]):
        found.add(first.continued + base)
    return sorted(found)


def _lock(staging: Staging, conversation_ids: list[int]) -> None:
    for batch in in_batches(conversation_ids):
        if len(Conversation.objects.using(staging.using).filter(pk__in=batch).lock()) < len(batch):
            raise changed_meanwhile()


def changed_meanwhile() -> ImportStopped:
    return ImportStopped(
        "Somebody changed people or messages that the file refers to while it was read: run the import again."
    )
