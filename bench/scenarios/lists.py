"""Pages of the console's lists, beside a plain ModelAdmin's and the SQL of one page.

The goal is that a page of a large table costs no more than the same page of a small one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from bench.load import REVIEWER, ready
from bench.measure import Case, Figure, Goal, Timing, repeat

SMALL = 1_000  # messages in the small database, with which the large one is compared
ROWS = 50
MOST_TIMES_SMALL = 1.5
PLAIN_ROWS = 100  # on a page of a plain ModelAdmin


class List(NamedTuple):
    """A list: its model, the field by which it is ordered (then by id), and the SQL of one page, newest rows first.

    The SQL names the row ``item``. Its placeholders are ``condition``, ``direction``, ``rows`` and ``user`` (a table).
    """

    model: str
    moment: str
    sql: str
    app: str = "messaging"


class Page(NamedTuple):
    """A page of a list: the query strings of its filter, and the same filter in SQL.

    ``place`` is ``first``, ``middle`` or ``last``; ``vanilla`` is None if a plain ModelAdmin has no such filter.
    """

    list: List
    place: str = "first"
    ours: str = ""
    vanilla: str | None = ""
    condition: str = "TRUE"


MESSAGES = List(
    "Message",
    "timestamp",
    """
    SELECT item.id, s.username, r.username, item.content, item.timestamp, item.edited, item.read
    FROM messaging_message item JOIN {user} s ON s.id = item.sender_id JOIN {user} r ON r.id = item.receiver_id
    WHERE {condition} ORDER BY item.timestamp {direction}, item.id {direction} LIMIT {rows}
    """,
)
CONVERSATIONS = List(
    "Conversation",
    "last_message_at",
    """
    SELECT page.*, s.username, r.username, first.content
    FROM (
        SELECT item.id, item.last_message_at, item.message_count, item.unread_count FROM messaging_conversation item
        WHERE {condition} ORDER BY item.last_message_at {direction}, item.id {direction} LIMIT {rows}
    ) page
    JOIN messaging_message first ON first.id = (
        SELECT id FROM messaging_message WHERE conversation_id = page.id ORDER BY timestamp, id LIMIT 1
    )
    JOIN {user} s ON s.id = first.sender_id JOIN {user} r ON r.id = first.receiver_id
    ORDER BY page.last_message_at {direction}, page.id {direction}
    """,
)
UNREAD = ("unread=yes", "read__exact=0", "NOT item.read")
WITH_UNREAD = ("unread=yes", "unread_count__gt=0", "item.unread_count > 0")
ANSWERED = "EXISTS (SELECT 1 FROM messaging_message reply WHERE reply.parent_message_id = item.id)"
WITH_EDITED = "EXISTS (SELECT 1 FROM messaging_message edit WHERE edit.conversation_id = item.id AND edit.edited)"
SHORT = ("length=2-9", "message_count__gte=2&message_count__lte=9", "item.message_count BETWEEN 2 AND 9")
LONG = ("length=50-", "message_count__gte=50", "item.message_count >= 50")
# The person with the smallest id writes most, in one percent of all conversations.
BUSY_PERSON = "(item.sender_id = 1 OR item.receiver_id = 1)"
WITH_BUSY_PERSON = """item.id IN (SELECT conversation_id FROM messaging_message WHERE sender_id = 1
    UNION SELECT conversation_id FROM messaging_message WHERE receiver_id = 1)"""

PAGES = {
    "messages, first page": Page(MESSAGES),
    "messages, middle page": Page(MESSAGES, "middle"),
    "messages, last page": Page(MESSAGES, "last"),
    "messages, unread": Page(MESSAGES, "first", *UNREAD),
    "messages, unread, last page": Page(MESSAGES, "last", *UNREAD),
    "messages, edited": Page(MESSAGES, "first", "edited=yes", "edited__exact=1", "item.edited"),
    "messages, with replies": Page(MESSAGES, "first", "replies=yes", None, ANSWERED),
    "messages, of a busy person": Page(MESSAGES, "first", "participant=1", None, BUSY_PERSON),
    "conversations, first page": Page(CONVERSATIONS),
    "conversations, middle page": Page(CONVERSATIONS, "middle"),
    "conversations, last page": Page(CONVERSATIONS, "last"),
    "conversations, unread": Page(CONVERSATIONS, "first", *WITH_UNREAD),
    "conversations, unread, last page": Page(CONVERSATIONS, "last", *WITH_UNREAD),
    "conversations, edited": Page(CONVERSATIONS, "first", "edited=yes", "messages__edited__exact=1", WITH_EDITED),
    "conversations, 2 to 9 messages": Page(CONVERSATIONS, "first", *SHORT),
    "conversations, 50 or more": Page(CONVERSATIONS, "first", *LONG),
    "conversations, of a busy person": Page(CONVERSATIONS, "first", "participant=1", None, WITH_BUSY_PERSON),
}


def cases(messages: int) -> list[Case]:
    return [Case(label, label) for label in PAGES]


def goals(figures: Mapping[str, Figure]) -> list[Goal]:
    """Return the goals of a page; none if the small page has a different number of rows."""
    ours, small = figures["ours"], figures["small"]
    if ours.result != small.result:
        return []
    return [Goal(f"≤ {MOST_TIMES_SMALL}× of {SMALL:,} messages", 0 < ours.best <= MOST_TIMES_SMALL * small.best)]


def run(case: Case, way: str, messages: int) -> Timing | None:
    """Request the page of ``case``; the result is its number of rows. Returns None if ``way`` has no such page.

    Raises RuntimeError if the response is not a page, or has no rows where there should be many.
    """
    page = PAGES[case.key]
    if way == "vanilla" and page.vanilla is None:
        return None
    ways = {"ours": our_page, "small": our_page, "floor": empty_page, "vanilla": plain_page, "raw": raw_page}
    timing = repeat(ways[way](page))
    if not timing.result and way not in ("small", "floor"):
        raise RuntimeError(f"{case.label}: the page of {way} is empty.")
    return timing


def our_page(page: Page) -> Callable[[], int]:
    """Return a function that requests the console's page by its keyset URL."""
    place = {}
    if page.place == "middle":
        moment, row_id = middle_row(page.list)
        place = {"after": f"{moment.isoformat()}~{row_id}"}
    elif page.place == "last":
        place = {"page": "last"}
    return request(page.list, f"{page.ours}&{urlencode(place)}")


def empty_page(page: Page | None = None) -> Callable[[], int]:
    """Return a function that requests an empty list of the console, which is the cost of any page."""
    return request(List("Group", "", "", app="auth"), "")


def plain_page(page: Page) -> Callable[[], int]:
    """Return a function that requests the plain ModelAdmin's page by its number."""
    pages = math.ceil(count(page) / PLAIN_ROWS)
    number = {"first": 1, "middle": (pages + 1) // 2, "last": pages}[page.place]
    return request(page.list, f"{page.vanilla}&p={number}")


def request(wanted: List, query: str) -> Callable[[], int]:
    """Return a function that requests a list as a signed-in reviewer's browser does, and returns its number of rows."""
    client = Client()
    client.force_login(get_user_model().objects.get(username=REVIEWER))
    address = f"{reverse(f'admin:{wanted.app}_{wanted.model.lower()}_changelist')}?{query.strip('&')}"

    def ask() -> int:
        response: Any = client.get(address)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answers with status {response.status_code}.")
        return len(response.context_data["cl"].result_list)

    return ask


def raw_page(page: Page) -> Callable[[], int]:
    """Return a function that queries the rows of one page, with the usernames that it shows."""
    condition, parameters = page.condition, ()
    if page.place == "middle":
        condition = f"(item.{page.list.moment}, item.id) < (%s, %s)"
        (parameters,) = ready([middle_row(page.list)])
    statement = page.list.sql.format(
        user=connection.ops.quote_name(get_user_model()._meta.db_table),
        condition=condition,
        direction="ASC" if page.place == "last" else "DESC",
        rows=ROWS,
    )

    def ask() -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return len(cursor.fetchall())

    return ask


def rows_of(wanted: List) -> QuerySet:
    return apps.get_model("messaging", wanted.model)._base_manager.order_by(wanted.moment, "id")


def count(page: Page) -> int:
    """Return the number of rows of the list with the page's filter."""
    table = connection.ops.quote_name(apps.get_model("messaging", page.list.model)._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table} item WHERE {page.condition}")
        return cursor.fetchone()[0]


def middle_row(wanted: List) -> tuple[Any, ...]:
    """Return the time and id of the row in the middle of the list."""
    rows = rows_of(wanted).values_list(wanted.moment, "id")
    return rows[rows.count() // 2]
