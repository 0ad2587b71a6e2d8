"""The cost of the audit trail: entries recorded one by one, and a page that records an entry or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string

from bench import generate
from bench.load import REVIEWER, insert, load
from bench.measure import SMALL_RUN, Case, Figure, Goal, Timing, once, repeat
from bench.scenarios import lists

# By name, because the console's modules can be imported only in a child, where Django is set up.
RECORDING = "ops.audit.recording"
READ = "conversation.read"
CHANGE = 2  # django.contrib.admin.models.CHANGE

ENTRIES = 100 if SMALL_RUN else 2_000
MESSAGES = 200 if SMALL_RUN else 2_000  # in conversations; each round of the page opens another one
MOST_MILLISECONDS = 25  # that an entry may add to a page


def cases(size: int) -> list[Case]:
    return [
        Case("entries", f"{ENTRIES:,} entries, each sealed", rows=ENTRIES),
        Case("page", "a conversation, its reading recorded (vanilla: recorded before)"),
    ]


def goals(figures: Mapping[str, Figure]) -> list[Goal]:
    """Return the goal of a page, which limits the time that its entry adds."""
    ours, without = figures["ours"], figures["vanilla"]
    if figures["raw"].best:
        return []
    added = (ours.best - without.best) * 1000
    return [Goal(f"an entry adds ≤ {MOST_MILLISECONDS} ms", ours.best > 0 and added <= MOST_MILLISECONDS)]


def run(case: Case, way: str, size: int) -> Timing | None:
    """Measure in the empty database of this process; the result is the number of entries or pages."""
    if case.key == "page":
        pages: dict[str, Callable[[], Timing | None]] = {
            "ours": lambda: page(again=False),
            "vanilla": lambda: page(again=True),
            "raw": lambda: None,
            "floor": empty_page,
        }
        return pages[way]()
    actor = get_user_model().objects.create_superuser(REVIEWER)
    ways = {"ours": one_by_one, "vanilla": django_log, "raw": plain_inserts}
    return once(lambda: ways[way](actor))._replace(result=ENTRIES)


def one_by_one(actor: Any) -> None:
    """Record entries as requests do: each in a transaction of its own, and sealed after it."""
    record = import_string(f"{RECORDING}.record")
    for number in range(ENTRIES):
        with transaction.atomic():
            record(READ, actor=actor, target=("messaging.conversation", number))


def django_log(actor: Any) -> None:
    """Write to Django's own log, whose entries can be changed and are deleted with their author."""
    kind = apps.get_model("contenttypes", "ContentType").objects.get_for_model(
        apps.get_model("messaging", "Conversation")
    )
    for number in range(ENTRIES):
        apps.get_model("admin", "LogEntry").objects.create(
            user=actor, content_type=kind, object_id=str(number), object_repr="Conversation", action_flag=CHANGE
        )


def plain_inserts(actor: Any) -> None:
    """Insert prepared entries into their table, all in one transaction."""
    new_entry = import_string(f"{RECORDING}.new_entry")
    targets = [("messaging.conversation", number) for number in range(ENTRIES)]
    entries = [new_entry(READ, actor=actor, target=target) for target in targets]
    for entry in entries:
        entry.prepare()
    model = apps.get_model("audit", "Entry")
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    rows = [
        tuple(field.get_db_prep_save(getattr(entry, field.attname), connection) for field in fields)
        for entry in entries
    ]
    with transaction.atomic():
        insert(model, [field.attname for field in fields], rows)


def page(*, again: bool) -> Timing:
    """Time opening conversations of a few messages: each for the first time, or one ``again`` within the hour."""
    load(generate.Forest(MESSAGES))
    client = Client()
    client.force_login(get_user_model().objects.get(username=REVIEWER))
    conversations = apps.get_model("messaging", "Conversation").objects.filter(message_count__lte=10).order_by("pk")
    keys = conversations.values_list("pk", flat=True)
    addresses = [reverse("admin:messaging_conversation_change", args=[key]) for key in keys]
    if again:
        addresses = addresses[:1]
    turn = 0

    def ask() -> int:
        nonlocal turn
        response = client.get(addresses[turn % len(addresses)])
        turn += 1
        if response.status_code != 200:
            raise RuntimeError(f"The page answered {response.status_code}.")
        return 1

    return repeat(ask)


def empty_page() -> Timing:
    """Time an empty list, which is the cost of any page."""
    get_user_model().objects.create_superuser(REVIEWER)
    return repeat(lists.empty_page())
