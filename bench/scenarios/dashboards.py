"""The dashboards: figures from the roll-ups, beside the same figures computed from the messages (vanilla); each page
without a cache; and each cached page, beside an empty page of the console.

The goal is that none depends on the number of messages. Uncached figures and pages are measured in the database's time,
which includes fetching: Python's work on the same few rows does not depend on the number of messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, TruncDate
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.module_loading import import_string

from bench import generate
from bench.load import KEEP_FIGURES, REVIEWER
from bench.measure import Case, Figure, Goal, Timing, once, repeat
from bench.scenarios.database_time import database_time

# All generated conversations begin within these days.
FIRST = generate.START.date()
LAST = FIRST + timedelta(seconds=generate.SPAN) - timedelta(days=1)

# By name, because the console's modules can be imported only in a child, where Django is set up.
FIGURES = "ops.dashboard.figures.messages"
NOTED, ZONE = "ops.dashboard.rollups.noted", "ops.dashboard.periods.console_zone"
PERIOD, BOARDS = "ops.dashboard.periods.Period", "ops.dashboard.boards.boards.BOARDS"
COUNTING, READING, COLD = "count", "figures", "cold_"
PAGES = ("review", "team", "accounts", "data", "oversight")

MOST_SECONDS, TIMES_FASTER = 0.05, 100
MOST_TIMES_FLOOR, MOST_QUERIES = 1.2, 3


def cases(messages: int) -> list[Case]:
    return [
        Case(READING, "figures of messages over two years, the database's time"),
        Case(COUNTING, f"counting {messages:,} messages for the dashboards", rows=messages),
        *(Case(f"{COLD}{name}", f"dashboard {name} of two years, cold, the database's time") for name in PAGES),
        *(Case(name, f"dashboard {name}, kept") for name in PAGES),
    ]


def goals(figures: Mapping[str, Figure]) -> list[Goal]:
    """Return the goals of a case: of figures from the roll-ups, or of a page.

    A cold page has no other figures to compare with, and no result.
    """
    ours, at_once, floor = (figures.get(way, Figure()) for way in ("ours", "vanilla", "floor"))
    if at_once.best:
        return [
            Goal(f"≤ {MOST_SECONDS * 1000:.0f} ms", 0 < ours.best <= MOST_SECONDS),
            Goal(f"≥ {TIMES_FASTER}× at once", 0 < ours.best * TIMES_FASTER <= at_once.best),
        ]
    if not floor.best:
        return [Goal(f"≤ {MOST_SECONDS * 1000:.0f} ms", 0 < ours.best <= MOST_SECONDS)] if ours.result is None else []
    more = ours.result - floor.result
    return [
        Goal(f"≤ {MOST_TIMES_FLOOR}× empty", 0 < ours.best <= MOST_TIMES_FLOOR * floor.best),
        Goal(f"≤ {MOST_QUERIES} statements more than empty ({more:+})", more <= MOST_QUERIES),
    ]


def run(case: Case, way: str, messages: int) -> Timing | None:
    """Measure on the kept conversations, whose roll-ups bench.load stored.

    The result is the number of counted messages, the figures, or the number of statements of a page.
    """
    # A migration may have requested a recount since.
    import_string(KEEP_FIGURES)()
    if case.key == COUNTING:
        return counted(case) if way == "ours" else None
    if case.key == READING:
        ways = {"ours": kept_numbers, "small": kept_numbers, "vanilla": at_once}
        return repeat_in_database(ways[way]) if way in ways else None
    if case.key.startswith(COLD):
        return repeat_in_database(cold_page(case.key.removeprefix(COLD))) if way == "ours" else None
    if way not in ("ours", "floor"):
        return None
    return repeat(page(case.key) if way == "ours" else empty_page())


def repeat_in_database(work: Callable[[], Any]) -> Timing:
    """Repeat ``work`` as ``repeat`` does, but measure the database's time."""
    with database_time() as spent:
        return repeat(work, clock=lambda: spent.seconds)


def counted(case: Case) -> Timing:
    """Time counting everything, as if it had just been imported. The roll-ups are the same afterwards."""
    for name in ("DayNumbers", "Beginning"):
        apps.get_model("dashboard", name).objects.all().delete()
    import_string(f"{NOTED}.note_everything")(import_string(ZONE)(), DEFAULT_DB_ALIAS)
    return once(import_string(KEEP_FIGURES))._replace(result=case.rows)


def kept_numbers() -> tuple[int, ...]:
    """Return the figures of messages as the dashboards read them, without a cache."""
    period = import_string(PERIOD)(FIRST, LAST)
    ask = {name: import_string(f"{FIGURES}.{name}") for name in ("sent", "begun", "first_replies", "hours_of_week")}
    busiest = [
        import_string(f"{FIGURES}.{name}")(period)[0].number for name in ("busiest_senders", "busiest_receivers")
    ]
    sent, replies = ask["sent"](period), ask["first_replies"](period)
    most = ask["hours_of_week"](period).most
    return sent.total, sent.edited, sent.unread, ask["begun"](period).total, replies.total, most, *busiest


def at_once() -> tuple[int, ...]:
    """Return the same figures from the messages themselves, with straightforward Django queries."""
    messages, period = apps.get_model("messaging", "Message").objects.order_by(), import_string(PERIOD)(FIRST, LAST)
    within = messages.filter(timestamp__gte=period.start, timestamp__lt=period.end)
    days = within.values(day=TruncDate("timestamp")).annotate(
        sent=Count("pk"), edits=Count("pk", filter=Q(edited=True)), waiting=Count("pk", filter=Q(read=False))
    )
    per_day = [(day["sent"], day["edits"], day["waiting"]) for day in days]
    hours = within.values(weekday=ExtractIsoWeekDay("timestamp"), hour=ExtractHour("timestamp"))
    most = max(one["sent"] for one in hours.annotate(sent=Count("pk")))
    begun, replied = beginnings(messages, period.start, period.end)
    busiest = (within.values(side).annotate(sent=Count("pk")).order_by("-sent")[0] for side in ("sender", "receiver"))
    totals = map(sum, zip(*per_day, strict=True))
    return *totals, begun, replied, most, *(one["sent"] for one in busiest)


def beginnings(messages: QuerySet, start: datetime, end: datetime) -> tuple[int, int]:
    """Return how many conversations began in the period, and how many got their first reply in it."""
    firsts = messages.filter(conversation=OuterRef("pk")).order_by("timestamp", "id")
    replies = firsts.exclude(sender=OuterRef("by")).values("timestamp")[:1]
    conversations = (
        apps.get_model("messaging", "Conversation")
        .objects.order_by()
        .annotate(began=Subquery(firsts.values("timestamp")[:1]), by=Subquery(firsts.values("sender")[:1]))
        .annotate(replied=Subquery(replies))
        .values_list("began", "replied")
    )
    found = list(conversations)
    lengths = [replied - began for began, replied in found if replied is not None and start <= replied < end]
    quantiles(lengths, n=10)  # computed because the dashboards show them, too
    return sum(start <= began < end for began, _ in found), len(lengths)


def page(name: str) -> Callable[[], int]:
    """Return a function that requests a two-year dashboard, cached after the first time, and counts the statements."""
    return asking(address_of(name))


def cold_page(name: str) -> Callable[[], None]:
    """Return a function that requests the same dashboard without a cache."""
    client, address = signed_in(), address_of(name)

    def ask() -> None:
        cache.clear()
        answered(client, address)

    return ask


def address_of(name: str) -> str:
    (board,) = (board for board in import_string(BOARDS) if board.name == name)
    return f"{reverse(f'admin:{board.address}')}?from={FIRST}&to={LAST}"


def empty_page() -> Callable[[], int]:
    return asking(reverse("admin:auth_group_changelist"))


def signed_in() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.get(username=REVIEWER))
    return client


def answered(client: Client, address: str) -> None:
    response = client.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answers with status {response.status_code}.")


def asking(address: str) -> Callable[[], int]:
    """Return a function that requests a page as a signed-in reviewer's browser does.

    The function returns the number of statements of the page when it is cached.
    """
    client = signed_in()

    def ask() -> int:
        answered(client, address)
        return statements

    statements = 0
    ask()
    with CaptureQueriesContext(connection) as captured:
        ask()
    statements = len(captured)
    return ask
