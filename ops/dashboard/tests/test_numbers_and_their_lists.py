"""Each number of a dashboard links to a list of just what it counts, or docs/figures-of-dashboards.md says why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache as remembered
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import transaction
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts.models import User
from ops.audit.events import Event
from ops.audit.recording import record
from ops.dashboard.boards.board import Board
from ops.dashboard.boards.boards import BOARDS
from ops.dashboard.charts.units import Unit
from ops.deletion.models import DeletionRequest
from ops.exports.models import Export
from ops.imports.models import Import
from ops.jobs.models import Job
from ops.moderation import decisions
from ops.moderation.models import Case, Flag, Label, Source
from ops.moderation.tests.desk import decided, many_reports
from ops.tests.asking import make_staff, signed_in, unrendered
from ops.tests.test_home import much_happens

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

COUNTS_NOTHING = (Unit.DURATION, Unit.RATIO, Unit.BYTES)


class ShownNumber(NamedTuple):
    """A number of a dashboard, the address of its list ("" without one), and the number that it is a share of, or 1."""

    board: str
    name: str
    column: str
    value: float
    address: str
    of: float = 1


def much_is_there(label: Any, by: Any) -> None:
    """Store something for every number, some of it imported, and some from 40 days ago."""
    for kind, state in (("import.store", Job.State.FAILED), ("export.make", Job.State.RUNNING)):
        Job.objects.create(kind=kind, title="a job", requester=by, state=state)
    for scope in (Export.Scope.MESSAGES, Export.Scope.PERSON):
        Export.objects.create(by=by, reason="a reason", scope=scope)
    Export.objects.create(by=by, reason="a reason", scope=Export.Scope.PERSON, approval=Export.Approval.REQUESTED)
    for number in range(2):
        much_happens(number, by=by)
    cases = many_reports(label, 6)
    for case in cases[:4]:
        decided(case, by, Flag.objects.filter(case=case).get().label)
    decisions.undo(
        cases[0].decisions.get().pk, by=make_user("undone", is_staff=True, is_superuser=True)
    )  # reopens the case
    Flag.objects.filter(case=cases[5]).update(source=Source.IMPORT)
    old = DeletionRequest.objects.order_by("pk").first()
    assert old is not None
    done = {"state": "done", "one_person": True, "username": "", "email": "", "reason": ""}
    DeletionRequest.objects.filter(pk=old.pk).update(**done, ended_at=timezone.now())
    for event in (Event.SIGN_IN_REFUSED, Event.SIGN_IN_LOCKED):
        record(event, actor=None, target=by)
    some_is_imported(by)
    reading = signed_in("rosa")
    reading.get(reverse("admin:messaging_conversation_change", args=[Message.objects.latest("pk").conversation_id]))
    reading.get(f"{reverse('admin:messaging_message_changelist')}?q=from:undone")
    long_ago = timezone.now() - timedelta(days=40)
    Case.objects.filter(pk=cases[3].pk).update(first_flag_at=long_ago)
    Flag.objects.filter(case=cases[3]).update(created_at=long_ago)
    call_command("keep_figures", verbosity=0)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Stored once for all tests of this module: each rolls back its own changes, the last one rolls back all."""
    with django_db_blocker.unblock(), transaction.atomic():
        much_is_there(Label.objects.create(name="Spam", slug="spam"), make_staff("rosa"))
        cache.clear()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def much(made: None, db: Any) -> None:
    """What ``made`` stored, for one test."""


def some_is_imported(by: Any) -> None:
    """Write four conversations with an answer each, the first two as if an import had stored them."""
    for number in range(4):
        first = write(by, User.objects.exclude(pk=by.pk).earliest("pk"), timestamp=timezone.now() - timedelta(hours=9))
        answer(first, timestamp=timezone.now() - timedelta(hours=number + 1))
        if number == 1:
            last = Message.objects.latest("pk").pk
            Import.objects.create(
                by=by, file_name="a.csv", size=1, message_base=first.pk - 3, last_row=last - first.pk + 3
            )


def shown_numbers(client: Client, board: Board, query: str) -> Iterator[ShownNumber]:
    """Yield all numbers of a dashboard, including those of its charts and tables."""
    shown = client.get(f"{reverse(f'admin:{board.address}')}{query}").context
    by_name = {number.name: number.value for number, _ in shown["numbers"]}
    wholes = {"edit_rate": "sent", "failure_rate": "jobs"}
    for number, address in shown["numbers"]:
        if number.value is not None and number.unit not in COUNTS_NOTHING:
            of = by_name[wholes.get(number.name, "decisions")] if number.unit is Unit.SHARE else 1
            yield ShownNumber(board.name, number.name, "", number.value, address, of)
    for chart, places, _ in shown["charts"]:
        for place, (_, values) in enumerate(places()):
            for one, (_, address) in zip(chart.series, values, strict=True):
                if not one.values[place] and place:  # skip empty places but the first
                    continue
                yield ShownNumber(
                    board.name, chart.name, "" if chart.name == "hours" else one.name, one.values[place], address
                )
    for table, rows, _ in shown["tables"]:
        for row in rows:
            for column, (cell, address) in zip(table.columns, row, strict=True):
                if cell.value is not None and cell.unit not in COUNTS_NOTHING:
                    yield ShownNumber(board.name, table.name, column, cell.value, address)


@remembered
def without_a_list() -> set[tuple[str, str, str]]:
    """Return the numbers that the table in the docs explains: (dashboard, name, column or "")."""
    text = (Path(settings.BASE_DIR) / "docs" / "figures-of-dashboards.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ([a-z, ]+) \| (`.+?) \| .+ \|$", text.partition("## Numbers without a list")[2], re.MULTILINE
    )
    return {
        (board, name, column)
        for boards, numbers in rows
        for board in boards.split(", ")
        for name, column in re.findall(r"`(\w+)`(?: \*([^*]+)\*)?", numbers)
    }


@pytest.mark.parametrize("imported", ["", "&imported=without"])
@pytest.mark.parametrize("days", [7, 200])
def test_each_number_has_its_list_or_a_reason(much: None, days: int, imported: str) -> None:
    """Periods by day and by week; the first and the last week are not whole."""
    today = timezone.localdate()
    query = f"?from={today - timedelta(days=days - 1)}&to={today}{imported}"
    client = signed_in("rosa")
    unexplained: set[Any] = set()
    explained: set[Any] = set()
    wrong = []
    rows = remembered(partial(count_of, asking(client)))  # several numbers share a list
    for one in [one for board in BOARDS for one in shown_numbers(client, board, query)]:
        if not one.address:
            (explained if one[:3] in without_a_list() else unexplained).add(one[:3])
        elif rows(one.address) != round(one.value * one.of):
            wrong.append(one)
    assert (unexplained, wrong) == (set(), [])
    # The table explains all numbers without a list, and no others.
    assert explained == without_a_list()


@pytest.mark.once
@pytest.mark.parametrize(("who", "least"), [("lena", 20), ("dan", 10), ("otto", 3), ("sue", 5)])
def test_numbers_link_only_to_lists_that_show_all_counted_rows(much: None, who: str, least: int) -> None:
    """Users who see only their own rows in a list get no link to it."""
    make_staff(who)
    client, me = signed_in(who), User.objects.get(username=who)
    ours = (one for board in BOARDS if me.has_perm(board.permission) for one in shown_numbers(client, board, "?days=7"))
    led, rows = [one for one in ours if one.address], remembered(partial(count_of, asking(client)))
    assert [one for one in led if rows(one.address) != round(one.value * one.of)] == []
    assert len(led) >= least


def asking(client: Client) -> HttpRequest:
    """Return a request of the user who is signed in with this client."""
    return client.get(reverse("admin:keyboard")).wsgi_request


def count_of(request: HttpRequest, address: str) -> Any:
    """Return the number of rows in a list."""
    response = unrendered(request, address)
    assert response.status_code == 200, address
    return response.context_data["cl"].result_count
