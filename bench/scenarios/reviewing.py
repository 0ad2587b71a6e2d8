"""The review desk: the queue's pages, the next case, a case's page, deciding, and edits that end a decision.

Every conversation has a pending case, and one that was closed by a decision in force on its first message.
``python -m bench.scenarios.reviewing`` creates them in a copy of the kept conversations, for bench.databases.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Barrier
from typing import Any

import django
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management.color import no_style
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from bench.load import REVIEWER, chunks, insert, ready, tidy
from bench.measure import SMALL_RUN, Case, Figure, Goal, Timing, once, repeat, speed
from bench.scenarios import lists

QUEUE = lists.List("Case", "", "", app="moderation")
FIRST, LAST, NEXT, SLOWEST, PAGE = "first", "last", "next", "slowest", "page"
EDIT, DECIDE, GROUP = "edit", "decide", "group"
PEOPLE = 20  # reviewers, each with a claimed case
ROUNDS = 20 if SMALL_RUN else 400  # number of times that the next case is claimed
WARM = 2 if SMALL_RUN else 10  # claims before that, since a connection keeps a statement's plan after five executions
PAUSE = 0.05 if SMALL_RUN else 1.0  # average seconds between two claims of one reviewer
DECISIONS = 20 if SMALL_RUN else 100
TOGETHER = 20 if SMALL_RUN else 10_000  # cases in one group decision
SEVERITY, TARGET = "normal", timedelta(hours=24)
FEW_MESSAGES = 10  # limit for the measured conversation: most have no more
MOST_TIMES_SMALL, MOST_TIMES_PAGE, MOST_MILLISECONDS, LEAST_A_SECOND = 1.2, 1.5, 5.0, 2_000

PAGE_SQL = """
SELECT item.id, item.state, item.rank_at, item.due_at, s.username, r.username, message.content, label.name
FROM (
    SELECT * FROM moderation_case WHERE NOT state = 'closed' ORDER BY rank_at {direction}, id {direction} LIMIT 50
) item
JOIN moderation_flag flag ON flag.case_id = item.id JOIN moderation_label label ON label.id = flag.label_id
JOIN messaging_message message ON message.id = flag.message_id
JOIN {user} s ON s.id = message.sender_id JOIN {user} r ON r.id = message.receiver_id
ORDER BY item.rank_at {direction}, item.id {direction}
"""
NEXT_SQL = """
SELECT id FROM moderation_case WHERE state = 'open' AND NOT state = 'closed'
    AND NOT EXISTS (SELECT 1 FROM moderation_claim claim WHERE claim.case_id = moderation_case.id)
ORDER BY rank_at, id LIMIT 1
"""
FIRST_MESSAGES = """
SELECT conversation_id, MIN(id) FROM messaging_message WHERE parent_message_id IS NULL
GROUP BY conversation_id ORDER BY conversation_id
"""


def cases(messages: int) -> list[Case]:
    return [
        Case(FIRST, "review queue, first page"),
        Case(LAST, "review queue, last page"),
        Case(NEXT, f"next case, median of {ROUNDS}"),
        Case(SLOWEST, f"next case, {PEOPLE} reviewers, 95 of 100 of {ROUNDS}"),
        Case(PAGE, "page of a case (vanilla: of its conversation)"),
        Case(EDIT, "edit that ends a decision (vanilla: one that ends none)"),
        Case(DECIDE, f"{DECISIONS:,} cases claimed and decided", rows=DECISIONS),
        Case(GROUP, f"{TOGETHER:,} cases decided at once, each hiding a message", rows=TOGETHER),
    ]


def goals(figures: Mapping[str, Figure]) -> list[Goal]:
    """Return the goals of a case; the result of our figure identifies the case."""
    ours, vanilla, small = (figures.get(way, Figure()) for way in ("ours", "vanilla", "small"))
    if ours.result in (FIRST, LAST) and small.best:
        words = f"≤ {MOST_TIMES_SMALL}× of {lists.SMALL:,} messages"
        return [Goal(words, 0 < ours.best <= MOST_TIMES_SMALL * small.best)]
    if ours.result == SLOWEST:
        return [Goal(f"≤ {MOST_MILLISECONDS:.0f} ms", 0 < ours.best * 1000 <= MOST_MILLISECONDS)]
    if ours.result == PAGE:
        return [Goal(f"≤ {MOST_TIMES_PAGE}× the conversation", 0 < ours.best <= MOST_TIMES_PAGE * vanilla.best)]
    if ours.result == TOGETHER:
        return [Goal(f"≥ {LEAST_A_SECOND:,}/s", speed(ours) >= LEAST_A_SECOND)]
    return []


def run(case: Case, way: str, messages: int) -> Timing | None:
    """Measure in the database of this process; returns None if ``way`` has no such case.

    The result is the case's key, or the number of decided cases.
    """
    known: dict[tuple[str, str], Callable[[], Timing]] = {
        (FIRST, "ours"): lambda: repeat(lists.request(QUEUE, "")),
        (LAST, "ours"): lambda: repeat(lists.request(QUEUE, "page=last")),
        (FIRST, "raw"): lambda: repeat(lambda: asked(PAGE_SQL, "ASC")),
        (LAST, "raw"): lambda: repeat(lambda: asked(PAGE_SQL, "DESC")),
        (NEXT, "ours"): lambda: share_of(taken_in_turn(), 0.5),
        (SLOWEST, "ours"): lambda: share_of(taken_at_once(), 0.95),
        (NEXT, "raw"): lambda: repeat(lambda: asked(NEXT_SQL)),
        (PAGE, "ours"): lambda: repeat(page_of_case("admin:moderation_case_change", "pk")),
        (PAGE, "vanilla"): lambda: repeat(page_of_case("admin:messaging_conversation_change", "conversation")),
        (EDIT, "ours"): lambda: edits(covered=True),
        (EDIT, "vanilla"): lambda: edits(covered=False),
        (DECIDE, "ours"): lambda: once(decide),
        (GROUP, "ours"): lambda: once(decide_together()),
    }
    if way == "floor":
        return repeat(lists.empty_page()) if case.key in (FIRST, LAST, PAGE) else None
    measure = known.get((case.key, "ours" if way == "small" else way))
    if measure is None:
        return None
    timing = measure()
    if way != "small" and case.key in (FIRST, LAST) and not timing.result:
        raise RuntimeError(f"{case.label}: the page of {way} is empty.")
    return timing._replace(result=case.rows or case.key)


def model(name: str) -> Any:
    return apps.get_model("moderation", name)


def reviewers() -> Iterator[Any]:
    """Return an endless iterator over the reviewers, in turn."""
    people = list(get_user_model().objects.filter(username__startswith=f"{REVIEWER} ").order_by("pk"))
    return (people[place % PEOPLE] for place in count())


def asked(statement: str, direction: str = "") -> int:
    """Run a statement; returns its number of rows."""
    user = connection.ops.quote_name(get_user_model()._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(user=user, direction=direction))
        return len(cursor.fetchall())


def share_of(times: Sequence[float], share: float) -> Timing:
    """Return the time within which this ``share`` of the cases was claimed."""
    seconds = sorted(times)[math.ceil(share * len(times)) - 1]
    return Timing(seconds, seconds, len(times), None)


def take(reviewer: Any) -> float:
    """Claim the next case for a reviewer; returns the seconds."""
    start = time.perf_counter()
    if import_string("ops.moderation.claims.claim_next")(reviewer) is None:
        raise RuntimeError("There is no next case.")
    return time.perf_counter() - start


def taken_in_turn() -> list[float]:
    """Let reviewers claim the next case one after the other; returns the seconds, without each one's first claim."""
    return [take(reviewer) for _, reviewer in zip(range(PEOPLE + ROUNDS), reviewers(), strict=False)][PEOPLE:]


def taken_at_once() -> list[float]:
    """Let all reviewers, each on a connection of their own, claim the next case about every PAUSE seconds."""

    def one(reviewer: Any) -> list[float]:
        try:
            pauses = random.Random(reviewer.pk)
            for _ in range(WARM):
                take(reviewer)
            all_warm.wait()
            times = []
            for _ in range(ROUNDS // PEOPLE):
                time.sleep(pauses.uniform(0, 2 * PAUSE))
                times.append(take(reviewer))
            return times
        finally:
            connection.close()

    all_warm = Barrier(PEOPLE, timeout=60)  # no measuring while others warm up
    people = [reviewer for _, reviewer in zip(range(PEOPLE), reviewers(), strict=False)]
    with ThreadPoolExecutor(PEOPLE) as threads:
        return [seconds for times in threads.map(one, people) for seconds in times]


def page_of_case(name: str, key: str) -> Callable[[], int]:
    """Return a function that requests a page about a pending case of a few messages, by URL name and ``key`` field."""
    client = Client()
    client.force_login(get_user_model().objects.get(username=REVIEWER))
    found = model("Case").objects.pending().filter(conversation__message_count__lte=FEW_MESSAGES)
    address = reverse(name, args=[found.order_by("pk").values_list(key, flat=True)[0]])

    def ask() -> int:
        response = client.get(address)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answers with status {response.status_code}.")
        return 1

    return ask


def edits(*, covered: bool) -> Timing:
    """Time edits of messages, each covered by a decision in force, or (not ``covered``) of one that no longer is."""
    decided = model("CoveredMessage").objects.filter(decision__in_force=True).order_by("pk")
    messages = decided.values_list("message", flat=True)[:30].iterator()
    edited = apps.get_model("messaging", "Message").objects
    texts = count()
    free = decided.values_list("message", flat=True)[0]
    if not covered:
        edited.filter(pk=free).update(content="no longer covered")

    def edit() -> None:
        pk = next(messages) if covered else free
        if not edited.filter(pk=pk).update(content=f"another text {next(texts)}"):
            raise RuntimeError("There is no such message.")

    return repeat(edit)


def decide() -> None:
    """Let reviewers claim the next case and decide it, one after the other."""
    claim_next = import_string("ops.moderation.claims.claim_next")
    decisions = import_string("ops.moderation.decisions")
    choice = decisions.Choice(model("Label").objects.get(slug="bench"))
    for _, reviewer in zip(range(DECISIONS), reviewers(), strict=False):
        claim = claim_next(reviewer)
        decisions.decide(claim.case_id, choice, by=reviewer, token=claim.token, version=claim.case.version)


def decide_together() -> Callable[[], None]:
    """Prepare a group decision; returns a function that starts its job and runs it."""
    preparing = import_string("ops.moderation.groups.preparing")
    lead = next(reviewers())
    ids = list(model("Case").objects.filter(state="open").most_urgent_first().values_list("pk", flat=True)[:TOGETHER])
    choice = import_string("ops.moderation.decisions.Choice")(model("Label").objects.get(slug="bench"), sent="Removed.")
    action = import_string("ops.moderation.models.GroupAction").HIDE
    group = preparing.prepare(ids, choice, action=action, by=lead)

    def work() -> None:
        job = import_string("ops.jobs.starting").run_now(preparing.start(group, by=lead).job)
        if group.members.done().count() != TOGETHER:
            raise RuntimeError(f"Not all of {TOGETHER:,} cases were decided: {job.result}.")

    return work


# --- Creating the cases -----------------------------------------------------------------------------------------


def make_cases() -> None:
    """Create two cases for each conversation, in sets: one closed by a decision long ago, one pending."""
    users = get_user_model().objects
    people = [users.create_superuser(f"{REVIEWER} {number}") for number in range(PEOPLE)]
    label = model("Label").objects.create(name="Bench", slug="bench", severity=SEVERITY)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(FIRST_MESSAGES)
            firsts = cursor.fetchall()
        for rows in chunks(firsts):
            make_chunk(rows, label.pk, people[0].pk)
        made = [model(name) for name in ("Case", "CasePerson", "Flag", "Decision", "CoveredMessage", "Measure")]
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), made):
                cursor.execute(statement)
    tidy()


def make_chunk(firsts: list[tuple], label: int, by: int) -> None:
    """Create the cases of conversations; ``firsts`` are (conversation, first message) ids.

    The pending case's id is twice the conversation's, the closed one's is one less.
    """
    now = timezone.now()
    long_ago = now - timedelta(days=60)
    messages = apps.get_model("messaging", "Message")._base_manager
    names = ("pk", "sender", "receiver", "revision")
    found = {pk: rest for pk, *rest in messages.filter(pk__in=[pk for _, pk in firsts]).values_list(*names)}
    rows: dict[str, list[tuple]] = {name: [] for name in FIELDS}
    for conversation, message in firsts:
        sender, receiver, revision = found[message]
        closed, pending = 2 * conversation - 1, 2 * conversation
        # Spread over the last day, to give the queue an order.
        since = now - timedelta(seconds=conversation % 86_400)
        for pk, state, at, closed_at in (
            (closed, "closed", long_ago, long_ago + TARGET),
            (pending, "open", since, None),
        ):
            due = at + TARGET
            rows["Case"].append((pk, conversation, state, 1, SEVERITY, due, due, at, at, closed_at, closed_at, False))
            rows["CasePerson"] += [(pk, person) for person in {sender, receiver}]
            outcome = "waiting" if closed_at is None else "dismissed"
            rows["Flag"].append((pk, message, revision, label, None, "import", "", outcome, at, closed_at))
        rows["Decision"].append((conversation, closed, label, by, "", "", "", long_ago + TARGET, 0, 1, True, ""))
        rows["CoveredMessage"].append((conversation, message, revision))
        rows["Measure"].append((conversation, "none"))
    for name, fields in FIELDS.items():
        insert(model(name), fields.split(), ready(rows[name]))


FIELDS = {
    "Case": "id conversation state version severity rank_at due_at pending_since first_flag_at first_decided_at "
    "closed_at waits_for_reply",
    "CasePerson": "case user",
    "Flag": "case message revision label reporter source note outcome created_at settled_at",
    "Decision": "id case label decided_by decided_by_name sent note decided_at version_before version_after in_force "
    "cause",
    "CoveredMessage": "decision message revision",
    "Measure": "decision act",
}


if __name__ == "__main__":
    django.setup()
    make_cases()
    connection.close()
