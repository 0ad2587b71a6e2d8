"""The list of reports: it shows each once, without notes and texts, and each links to its case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from messaging.tests.clients import signed_in
from ops.conftest import make_staff
from ops.moderation.models import Flag, Label, Source
from ops.moderation.tests.desk import LEADING, decided, many_reports, mona, spam, threat

__all__ = ["mona", "spam", "threat"]

LIST = "/console/moderation/flag/"
QUERIES = 7


@pytest.fixture
def lena(db: Any) -> Any:
    return make_staff("lena", *LEADING)


@pytest.fixture
def made(spam: Label, mona: Any, lena: Any) -> list[Flag]:
    """Three reports, the latest first: a decided one, an imported one and a waiting one."""
    many_reports(spam, 3)
    first, second, third = list(Flag.objects.order_by("-created_at", "-pk"))
    decided(first.case, mona, spam)
    Flag.objects.filter(pk=second.pk).update(source=Source.IMPORT, note="their words", reporter=None)
    return [first, second, third]


def shown(client: Client, query: str = "") -> list[int]:
    return [row.pk for row in client.get(f"{LIST}?{query}").context["cl"].result_list]


def test_the_list_shows_each_report_once_without_texts(made: list[Flag], lena: Any) -> None:
    client = signed_in(lena)
    assert shown(client) == [one.pk for one in made]
    page = client.get(LIST).content.decode()
    assert "their words" not in page and "imported" in page and "3 reports" in page
    texts = [one.message.content for one in made if one.message is not None]
    assert len(texts) == 3 and not any(text in page for text in texts)


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("now=dismissed", [0]),
        ("now=waiting", [1, 2]),
        ("source=import", [1]),
        ("source=not-imported", [0, 2]),
        ("label=spam", [0, 1, 2]),
        ("label=threat", []),
    ],
)
def test_reports_are_filtered(made: list[Flag], threat: Label, lena: Any, query: str, places: list[int]) -> None:
    assert shown(signed_in(lena), query) == [made[place].pk for place in places]


def test_reports_are_filtered_by_reporter_and_day(made: list[Flag], lena: Any) -> None:
    client, today = signed_in(lena), timezone.localdate()
    reporter: Any = made[2].reporter
    led = client.get(f"{LIST}?reported_by={reporter.get_username()}")
    assert led["Location"] == f"{LIST}?reporter={reporter.pk}"
    assert made[2].pk in shown(client, f"reporter={reporter.pk}")
    assert len(shown(client, f"from={today}&to={today}")) == 3
    assert shown(client, f"to={today - timedelta(days=1)}") == []


def test_a_row_leads_to_its_case(made: list[Flag], lena: Any) -> None:
    led = signed_in(lena).get(f"{LIST}{made[0].pk}/change/")
    assert led["Location"] == f"/console/moderation/case/{made[0].case_id}/change/"


def test_half_the_rows_take_the_same_queries(spam: Label, lena: Any, django_assert_num_queries: Any) -> None:
    client = signed_in(lena)
    client.get(LIST)
    many_reports(spam, 6)
    for number in (6, 3):
        with django_assert_num_queries(QUERIES):
            assert len(shown(client)) == number
        Flag.objects.filter(pk__in=Flag.objects.order_by("pk").values("pk")[:3]).delete()
