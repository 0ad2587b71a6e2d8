"""Deleting an account with a tenth of all messages: ours, Django's cascades, and one plain transaction.

``python -m bench.scenarios.deletion`` creates the account in a copy of the kept conversations, for bench.databases.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import django
from django.apps import apps
from django.db import connection, transaction
from django.db.models import F
from django.db.models.signals import post_delete
from django.utils.module_loading import import_string

from bench.measure import NOT_MEASURED, Case, Figure, Goal, Timing, once

BUSY = 1  # the id of the account
MERGED = 25  # accounts whose messages become BUSY's: about a tenth of all
LOOK_EVERY = 0.05  # seconds between two writes of the other connection
WHOLE, BARE = "deletion", "cascades"
MOST_TIMES_RAW, MOST_MIB, MOST_SECONDS = 1.4, 120, 2.0
TIMES_FASTER = {"sqlite": 3.0, "postgresql": 2.5}

# The statements of one transaction, during which other writers wait.
SQL = (
    "CREATE TEMPORARY TABLE doomed AS SELECT id, parent_message_id AS parent, conversation_id AS conversation"
    " FROM messaging_message WHERE sender_id = 1 OR receiver_id = 1",
    "CREATE UNIQUE INDEX doomed_id ON doomed (id)",
    "CREATE TEMPORARY TABLE touched AS SELECT DISTINCT conversation AS id FROM doomed",
    """CREATE TEMPORARY TABLE moved AS
       WITH RECURSIVE up(reply, ancestor) AS (
           SELECT m.id, d.parent FROM messaging_message m JOIN doomed d ON m.parent_message_id = d.id
           WHERE NOT EXISTS (SELECT 1 FROM doomed WHERE doomed.id = m.id)
           UNION ALL
           SELECT up.reply, d.parent FROM up JOIN doomed d ON d.id = up.ancestor
       )
       SELECT reply, ancestor FROM up WHERE NOT EXISTS (SELECT 1 FROM doomed WHERE doomed.id = up.ancestor)""",
    "CREATE UNIQUE INDEX moved_reply ON moved (reply)",
    "UPDATE messaging_message SET parent_message_id = (SELECT ancestor FROM moved WHERE reply = messaging_message.id)"
    " WHERE id IN (SELECT reply FROM moved)",
    "DELETE FROM messaging_messagehistory WHERE message_id IN (SELECT id FROM doomed)",
    "DELETE FROM messaging_notification WHERE message_id IN (SELECT id FROM doomed) OR user_id = 1",
    "UPDATE messaging_messagehistory SET edited_by_id = NULL WHERE edited_by_id = 1",
    "DELETE FROM messaging_message WHERE id IN (SELECT id FROM doomed)",
    """UPDATE messaging_conversation SET
       message_count = (SELECT COUNT(*) FROM messaging_message m WHERE m.conversation_id = messaging_conversation.id),
       unread_count = (SELECT COUNT(*) FROM messaging_message m
                       WHERE m.conversation_id = messaging_conversation.id AND NOT m.read),
       last_message_at = COALESCE((SELECT MAX(m.timestamp) FROM messaging_message m
                                   WHERE m.conversation_id = messaging_conversation.id), last_message_at)
       WHERE id IN (SELECT id FROM touched)""",
    "DELETE FROM messaging_conversation WHERE id IN (SELECT id FROM touched) AND message_count = 0",
    "DELETE FROM accounts_user WHERE id = 1",
)


WRONG_COUNTS = """
SELECT COUNT(*) FROM messaging_conversation c WHERE message_count = 0 OR message_count <> (
    SELECT COUNT(*) FROM messaging_message m WHERE m.conversation_id = c.id
)
"""


def cases(messages: int) -> list[Case]:
    return [
        Case(WHOLE, f"deleting an account with a tenth of {messages:,} messages"),
        Case(BARE, "the same by cascades alone, which leave conversations miscounted"),
    ]


def goals(figures: Mapping[str, Figure]) -> list[Goal]:
    """Return the goals of a deletion; the result of our figure contains how long others waited."""
    ours, vanilla, raw_sql = figures["ours"], figures["vanilla"], figures["raw"]
    if ours.failure == NOT_MEASURED:
        return []
    vendor, waited = ours.result or ("", 0.0)
    faster = TIMES_FASTER.get(vendor, 0.0)
    return [
        Goal(f"≤ {MOST_TIMES_RAW}× raw", 0 < ours.best <= MOST_TIMES_RAW * raw_sql.best),
        Goal(f"≥ {faster}× cascades", 0 < ours.best * faster <= vanilla.best),
        Goal(f"< {MOST_MIB} MiB", 0 < ours.peak_mib < MOST_MIB),
        Goal(
            f"others wait ≤ {MOST_SECONDS:.0f} s (longest {waited:.2f} s)", bool(ours.best) and waited <= MOST_SECONDS
        ),
    ]


def run(case: Case, way: str, messages: int) -> Timing | None:
    """Delete the busy account from the copy of this process."""
    if case.key == BARE:
        return checked(way, cascades(), counted=False) if way == "vanilla" else None
    ways = {"ours": ours, "vanilla": counting_cascades, "raw": raw}
    return checked(way, ways[way](), counted=True)


def checked(way: str, timing: Timing, *, counted: bool) -> Timing:
    """Return the timing, after checking that nothing of the account is left.

    With ``counted``, also checks the counts of all conversations. Raises RuntimeError.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM messaging_message WHERE sender_id = 1 OR receiver_id = 1")
        (left,) = cursor.fetchone()
        cursor.execute("SELECT COUNT(*) FROM accounts_user WHERE id = 1")
        if left or cursor.fetchone()[0]:
            raise RuntimeError(f"{way} left {left} messages or the account.")
        if counted:
            cursor.execute(WRONG_COUNTS)
            (wrong,) = cursor.fetchone()
            if wrong:
                raise RuntimeError(f"{way} left {wrong} conversations empty or miscounted.")
    return timing


def ours() -> Timing:
    """Time a deletion from the approved request to the receipt, while another connection keeps writing."""
    model = import_string("ops.deletion.models.DeletionRequest")
    user = import_string("django.contrib.auth.get_user_model")().objects.get(pk=BUSY)
    request = import_string("ops.deletion.requests.request_own_deletion")(user)
    job = import_string("ops.deletion.erasing.running.start")(request)
    with concurrent_writer() as waits:
        timing = once(lambda: import_string("ops.jobs.starting.run_now")(job))
    if model.objects.get(pk=request.pk).receipt is None:
        raise RuntimeError("There is no receipt.")
    return timing._replace(result=(connection.vendor, max(waits, default=0.0)))


@contextmanager
def concurrent_writer() -> Iterator[list[float]]:
    """Write repeatedly on another connection during the block; yields the list of seconds that each write took."""
    waits: list[float] = []
    over = threading.Event()

    def write() -> None:
        message = apps.get_model("messaging", "Message")
        somebody = message.objects.exclude(sender=BUSY).exclude(receiver=BUSY)
        pk = somebody.values_list("pk", flat=True)[0]
        while not over.wait(LOOK_EVERY):
            begun = time.perf_counter()
            message.objects.filter(pk=pk).update(read=False)
            waits.append(time.perf_counter() - begun)
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield waits
    finally:
        over.set()
        thread.join()


def counting_cascades() -> Timing:
    """Time cascades that keep the conversations' counts right, with a signal receiver for each message.

    They do not update ``last_message_at``, in vanilla's favour: querying it each time would take three times as long.
    """
    conversations = import_string("bench.models.PlainConversation").objects

    def count_down(instance: Any, **_: Any) -> None:
        conversations.filter(pk=instance.conversation_id).update(
            message_count=F("message_count") - 1, unread_count=F("unread_count") - int(not instance.read)
        )

    def remove_empty(**_: Any) -> None:
        conversations.filter(message_count=0).delete()

    post_delete.connect(count_down, sender=import_string("bench.models.PlainMessage"), weak=False)
    post_delete.connect(remove_empty, sender=import_string("bench.models.PlainUser"), weak=False)
    return cascades()


def cascades() -> Timing:
    user = import_string("bench.models.PlainUser")

    def delete() -> None:
        with transaction.atomic():
            user.objects.get(pk=BUSY).delete()
        write_log_back()

    return once(delete)


def raw() -> Timing:
    def delete() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in SQL:
                cursor.execute(statement)
        write_log_back()

    return once(delete)


def write_log_back() -> None:
    """Checkpoint SQLite's log, which would be left to a later commit: our deletion ends with an empty log, too."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def make_busy() -> None:
    """Give BUSY the messages of MERGED accounts, and a notification for each message, as if saved one by one."""
    with transaction.atomic(), connection.cursor() as cursor:
        for person in ("sender_id", "receiver_id"):
            cursor.execute(f"UPDATE messaging_message SET {person} = 1 WHERE {person} <= %s", [MERGED])
        cursor.execute(
            "INSERT INTO messaging_notification (user_id, message_id, created_at)"
            " SELECT receiver_id, id, timestamp FROM messaging_message WHERE sender_id = 1 OR receiver_id = 1"
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    connection.close()


if __name__ == "__main__":
    django.setup()
    make_busy()
