"""Requesters read once in the console that their job ended, and not where they saw it anyway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from ops.jobs import starting
from ops.jobs.models import Job
from ops.jobs.tests import counting
from ops.jobs.tests.working import run_all_jobs

pytestmark = pytest.mark.django_db

OVERVIEW = reverse("admin:index")


@pytest.fixture
def as_dora(client: Client, dora: Any) -> Client:
    client.force_login(dora)
    return client


def ended(requester: Any, title: str = "Import of messages.csv", kind: str = counting.NAME, **params: Any) -> Job:
    """A job that has just ended."""
    job = starting.start(kind, requester=requester, title=title, params={"to": 2, **params})
    run_all_jobs()
    return job


def overview(client: Client) -> str:
    return client.get(OVERVIEW).content.decode()


def page_of(job: Job) -> str:
    return reverse("admin:jobs_job_change", args=[job.pk])


def test_they_read_it_on_the_next_page_and_once(as_dora: Client, dora: Any) -> None:
    job = ended(dora)
    link = f'<a href="{page_of(job)}">View result</a>'
    assert f"<bdi>Import of messages.csv</bdi>: finished. {link}" in overview(as_dora)
    assert "messages.csv" not in overview(as_dora)


def test_a_failure_says_why(as_dora: Client, dora: Any) -> None:
    ended(dora, stumble=1)
    text = overview(as_dora)
    assert "<bdi>Import of messages.csv</bdi>: failed. That number is not to be counted." in text
    assert '<li class="error">' in text


def test_the_message_leads_to_what_the_job_was_about(as_dora: Client, dora: Any, register: Callable[..., str]) -> None:
    ended(dora, kind=register(lambda run: None, page=lambda job: "/console/somewhere/"))
    assert '<a href="/console/somewhere/">View result</a>' in overview(as_dora)


def test_titles_are_escaped(as_dora: Client, dora: Any) -> None:
    ended(dora, "Import of <script>alert(1)</script>.csv")
    text = overview(as_dora)
    assert escape("<script>alert(1)</script>") in text
    assert "<script>alert" not in text


def test_nobody_else_is_notified(client: Client, dora: Any, rosa: Any) -> None:
    ended(dora)
    client.force_login(rosa)
    assert "messages.csv" not in overview(client)


def test_who_watched_it_end_is_not_notified_again(as_dora: Client, dora: Any) -> None:
    job = ended(dora)
    as_dora.get(reverse("admin:jobs_job_progress", args=[job.pk]), headers={"HX-Request": "true"})
    assert "messages.csv" not in overview(as_dora)


def test_the_jobs_own_page_is_message_enough(as_dora: Client, dora: Any) -> None:
    job = ended(dora)
    assert "View result" not in as_dora.get(page_of(job)).content.decode()
    assert "messages.csv" not in overview(as_dora)


@pytest.mark.parametrize("ask", [{"path": reverse("admin:jsi18n")}, {"headers": {"HX-Request": "true"}}])
def test_what_is_no_page_does_not_use_the_message_up(as_dora: Client, dora: Any, ask: dict[str, Any]) -> None:
    ended(dora)
    as_dora.get(**{"path": OVERVIEW, **ask})
    assert "messages.csv" in overview(as_dora)


def test_jobs_under_way_are_not_spoken_of(as_dora: Client, dora: Any) -> None:
    starting.start(counting.NAME, requester=dora, title="Import of messages.csv", params={"to": 2})
    assert "messages.csv" not in overview(as_dora)


def test_it_costs_one_query_a_page(as_dora: Client, django_assert_num_queries: Any) -> None:
    address = reverse("admin:password_change")
    as_dora.get(address)
    # session, user, what ended, what waits, and two for the permissions that the links ask for
    with django_assert_num_queries(5) as queries:
        as_dora.get(address)
    assert len([query for query in queries.captured_queries if "notified_at" in query["sql"]]) == 1


def test_participants_pages_do_not_ask(as_dora: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2) as queries:
        as_dora.get(reverse("home"))
    assert not [query for query in queries.captured_queries if "jobs_job" in query["sql"]]
