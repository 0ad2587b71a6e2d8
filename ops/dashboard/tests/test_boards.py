"""The dashboards: periods, links, files, cached figures, the numbers on the home page, and few queries."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.caches import FaultTolerantRedisCache
from ops.dashboard import board_cache
from ops.dashboard.boards.boards import BOARDS
from ops.dashboard.boards.content import Better, Number
from ops.dashboard.charts.units import Unit
from ops.moderation.models import Flag
from ops.moderation.tests.desk import decided, many_reports, spam
from ops.tests.asking import make_staff, signed_in, unrendered
from ops.tests.test_home import much_happens

__all__ = ["spam"]

pytestmark = pytest.mark.django_db

FUTURE, LONG_AGO = timedelta(days=400), timedelta(days=500)


def page(name: str) -> str:
    return reverse(f"admin:dashboard_{name}")


def numbers(client: Client, name: str, query: str = "") -> dict[str, Number]:
    """Return the numbers of a dashboard by name."""
    shown = client.get(f"{page(name)}{query}")
    assert shown.status_code == 200
    return {number.name: number for number, _ in shown.context["numbers"]}


def recount() -> None:
    """Count changes as the worker does, and drop the cached figures."""
    call_command("keep_figures", verbosity=0)
    cache.clear()


def a_desk_at_work(label: Any, by: Any) -> None:
    for case in many_reports(label, 4)[:2]:
        decided(case, by, Flag.objects.filter(case=case).get().label)


def test_a_warm_page_takes_one_query_more_than_an_empty_one_at_most(spam: Any) -> None:
    rosa = make_staff("rosa")
    client = signed_in("rosa")
    a_desk_at_work(spam, rosa)
    for board in BOARDS:
        client.get(page(board.name))
    with CaptureQueriesContext(connection) as empty:
        client.get(reverse("admin:keyboard"))
    counted: dict[str, list[tuple[int, int]]] = {board.name: [] for board in BOARDS}
    for number in range(2):
        much_happens(number, by=rosa)
        recount()
        for name, queries in counted.items():
            cache.clear()  # several dashboards share some figures
            with CaptureQueriesContext(connection) as cold:
                client.get(page(name))
            with CaptureQueriesContext(connection) as warm:
                client.get(page(name))
            queries.append((len(cold), len(warm)))
    for name, [(cold_with_few, warm_with_few), (cold_with_many, warm_with_many)] in counted.items():
        # One more if people are named: it finds whose pages the user may open.
        assert warm_with_few == warm_with_many <= len(empty) + 1, name
        assert cold_with_many <= cold_with_few, name


def test_an_empty_database_has_all_dashboards() -> None:
    make_staff("rosa")
    client = signed_in("rosa")
    recount()
    for board in BOARDS:
        for query in ("", "?days=7", "?days=90", "?from=2001-01-01&to=2009-12-31"):
            shown = client.get(f"{page(board.name)}{query}").content.decode()
            assert "Nothing in this period." in shown and "nan" not in shown


def test_messages_far_in_the_past_and_in_the_future_are_counted(alice: Any, bob: Any) -> None:
    make_staff("dan")
    client = signed_in("dan")
    now = timezone.now()
    write(alice, bob, timestamp=now)
    recount()
    assert numbers(client, "data")["sent"].value == 1
    first = write(alice, bob, timestamp=now - LONG_AGO)
    answer(first, timestamp=now + FUTURE)
    recount()
    found = numbers(client, "data")
    assert (found["sent"].value, found["sent"].before) == (1, 0)
    ahead = (now + FUTURE).date()
    assert numbers(client, "data", f"?from={ahead}&to={ahead}")["sent"].value == 1
    long_ago = (now - LONG_AGO).date()
    whole = numbers(client, "data", f"?from={long_ago}&to={ahead}")
    assert whole["sent"].value == 3


def test_the_address_sets_the_period_and_faults_show_an_alert() -> None:
    make_staff("rosa")
    client = signed_in("rosa")

    def shown(query: str) -> str:
        return client.get(f"{page('review')}{query}").content.decode()

    assert '<a href="?days=30" aria-current="true">' in shown("")
    assert '<a href="?days=90" aria-current="true">' in shown("?days=90")
    assert '<a href="?days=30" aria-current="true">' in shown("?days=31")
    assert 'value="2026-01-05"' in shown("?from=2026-01-05&to=2026-01-06")
    for query in (
        "?from=2026-01-06&to=2026-01-05",
        "?from=x&to=2026-01-05",
        "?from=2026-01-05",
        "?from=0001-01-01&to=9999-12-31",
    ):
        assert 'role="alert"' in shown(query)
    backwards = shown("?from=2026-01-06&to=2026-01-05")  # the form keeps what was typed
    assert 'name="from" value="2026-01-06"' in backwards and 'name="to" value="2026-01-05"' in backwards
    assert "aria-current" not in shown("?from=2026-01-05&to=2026-01-06").split('class="chooser"')[1].split("</nav>")[0]


def test_tables_are_files_that_are_recorded_and_computed_by_no_spreadsheet(spam: Any) -> None:
    lena = make_staff("lena")
    spam.name = "=1+1"
    spam.save()
    a_desk_at_work(spam, lena)
    recount()
    client = signed_in("lena")
    answer: Any = client.get(f"{reverse('admin:dashboard_review_csv', args=['labels'])}?days=7")
    assert answer["Content-Type"].startswith("text/csv") and "no-store" in answer["Cache-Control"]
    head, row = csv.reader(io.StringIO(answer.content.decode()))
    assert (head[0], row[:3]) == ("Label", ["'=1+1", "4", "2"])
    [entry] = Entry.objects.filter(event="dashboard.exported")
    assert (entry.actor_id, entry.details["board"], entry.details["rows"]) == (lena.pk, "review", 1)
    for name in ("numbers", "flow", "severities"):
        assert client.get(reverse("admin:dashboard_review_csv", args=[name])).status_code == 200
    assert client.get(reverse("admin:dashboard_review_csv", args=["reviewers"])).status_code == 404
    assert Entry.objects.filter(event="dashboard.exported").count() == 4


def test_dashboards_link_only_to_lists_that_the_reader_may_open(alice: Any, bob: Any) -> None:
    """Lena may open every list that a dashboard links to for her; a dashboard without permission is refused."""
    write(alice, bob, timestamp=timezone.now())
    recount()
    make_staff("lena")
    client, addresses = signed_in("lena"), set[str]()
    for board in ("team", "review", "accounts", "data"):
        shown = client.get(page(board)).context
        addresses |= {address for _, address in shown["numbers"] if address}
        addresses |= {address for _, rows, _ in shown["tables"] for row in rows for _, address in row if address}
    asking = client.get(reverse("admin:keyboard")).wsgi_request
    assert addresses and {unrendered(asking, address).status_code for address in addresses} == {200}
    assert client.get(page("oversight")).status_code == 403


def test_without_the_cache_a_page_shows_that_its_figures_are_live(monkeypatch: pytest.MonkeyPatch) -> None:
    make_staff("rita")
    client = signed_in("rita")
    assert "At most a minute old." in client.get(page("review")).content.decode()
    monkeypatch.setattr(FaultTolerantRedisCache, "down_until", 0.0)
    monkeypatch.setattr(board_cache, "cache", FaultTolerantRedisCache("redis://127.0.0.1:9/0", {}))
    assert "The cache cannot be reached: these figures are live." in client.get(page("review")).content.decode()


def test_reports_and_decisions_change_the_backlog_at_once(spam: Any, django_capture_on_commit_callbacks: Any) -> None:
    rita = make_staff("rita")
    client = signed_in("rita")
    assert numbers(client, "review")["backlog"].value == 0
    with django_capture_on_commit_callbacks(execute=True):
        [case] = many_reports(spam, 1)
    assert numbers(client, "review")["backlog"].value == 1
    board_cache.forget()
    with django_capture_on_commit_callbacks(execute=True):
        decided(case, rita, spam)
    assert numbers(client, "review")["backlog"].value == 0


def test_home_shows_the_first_numbers_and_computes_nothing_itself(spam: Any) -> None:
    make_staff("rita")
    many_reports(spam, 3)
    client = signed_in("rita")
    home = client.get(reverse("admin:index")).content.decode()
    assert f'hx-get="{reverse("admin:dashboard_home")}"' in home and "pending cases" not in home
    part = client.get(reverse("admin:dashboard_home")).content.decode()
    assert "<strong>3</strong> pending cases" in part and "hx-get" not in part
    assert "<strong>3</strong> pending cases" in client.get(reverse("admin:index")).content.decode()


def test_home_requests_numbers_again_that_a_change_made_stale(
    spam: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """Otherwise it would show no case for two minutes, beside a work list that shows one."""
    make_staff("rita")
    client = signed_in("rita")
    home, part = reverse("admin:index"), reverse("admin:dashboard_home")
    client.get(part)
    assert f'hx-get="{part}"' not in client.get(home).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        many_reports(spam, 1)
    assert f'hx-get="{part}"' in client.get(home).content.decode()
    assert "<strong>1</strong> pending case" in client.get(part).content.decode()
    assert f'hx-get="{part}"' not in client.get(home).content.decode()


def test_the_command_prints_the_same(spam: Any) -> None:
    rosa = make_staff("rosa")
    a_desk_at_work(spam, rosa)
    recount()
    printed = io.StringIO()
    call_command("dashboard", "--json", "--days", "7", stdout=printed)
    found = json.loads(printed.getvalue())
    assert list(found["boards"]) == [board.name for board in BOARDS]
    review = found["boards"]["review"]
    assert review["numbers"]["backlog"] == {"value": 2, "unit": "number", "before": None}
    assert review["tables"]["labels"]["rows"] == [["Spam", 4, 2, 0, 0, 0]]
    printed = io.StringIO()
    call_command("dashboard", "review", stdout=printed)
    assert "  2 pending cases" in printed.getvalue()


@pytest.mark.parametrize(
    ("value", "before", "unit", "better", "change", "trend"),
    [
        (15, 12, Unit.NUMBER, Better.LESS, "3 more than before (12)", "worse"),
        (9, 12, Unit.NUMBER, Better.LESS, "3 less than before (12)", "better"),
        (12, 12, Unit.NUMBER, Better.LESS, "same as before (12)", ""),
        (0.2, 0.25, Unit.SHARE, Better.MORE, "5 points less than before (25%)", "worse"),
        (0.1246, 0.1244, Unit.SHARE, Better.MORE, "0.1 points more than before (12.4%)", "better"),
        (0.1244, 0.1243, Unit.SHARE, Better.MORE, "same as before (12.4%)", ""),
        (0.714, 0.716, Unit.RATIO, Better.MORE, "0.01 less than before (0.72)", "worse"),
        (0.20, 0.19, Unit.SHARE, Better.MORE, "1 point more than before (19%)", "better"),
        (7200, 3600, Unit.DURATION, Better.NEITHER, "1 h more than before (1 h)", ""),
        (None, 1, Unit.NUMBER, Better.LESS, "", ""),
        (1, None, Unit.NUMBER, Better.LESS, "", ""),
    ],
)
def test_changes_in_words(value: Any, before: Any, unit: Unit, better: Better, change: str, trend: str) -> None:
    number = Number("a", value, "things", unit, before, better)
    assert (number.change, number.trend) == (change, trend)


def test_a_cached_page_links_only_where_its_reader_may_go(spam: Any) -> None:
    """Rosa's page links to reviewers, and is cached; Lena's own does not link to people whom she may not see."""
    rosa = make_staff("rosa")
    make_staff("lena")
    a_desk_at_work(spam, rosa)
    recount()
    led = f'href="/console/accounts/user/{rosa.pk}/'
    for who, there in (("rosa", True), ("lena", False), ("rosa", True)):
        assert (led in signed_in(who).get(page("team")).content.decode()) is there


def test_nothing_kept_for_one_dashboard_is_served_to_another() -> None:
    make_user("alice")
    make_staff("rosa")
    client = signed_in("rosa")
    shown = [client.get(page(board.name)).context["kept"].value for board in BOARDS]
    assert len({id(one) for one in shown}) == len({one.numbers for one in shown}) == len(BOARDS)
