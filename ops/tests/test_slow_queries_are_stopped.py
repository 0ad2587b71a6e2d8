"""A query of a page that takes too long is stopped, and whoever asked for the page reads what to do instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from ops.console.limits.query_time import TimeLimitMiddleware, is_too_slow, unlimited, unlimited_while_sent
from ops.jobs.kinds import Kind, register
from ops.jobs.models import Job
from ops.jobs.starting import start
from ops.tests.test_who_may_open_what import EXPECTED, address, keys, signed_in

__all__ = ["keys"]

pytestmark = pytest.mark.crawl

FOR_EVER = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(600)",
}
SHORT = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(0.1)",
}
# What any page asks before it looks for what it shows: who is there, and what they may do.
FRAME = (
    "accounts_session",
    "auth_permission",
    "admin_interface_theme",
    '"accounts_user"."id" = ',
)


# SQLite works for as long as it may, PostgreSQL sleeps.
SECONDS = {"sqlite": 0.01, "postgresql": 0.05}


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> Iterator[None]:
    settings.QUERY_SECONDS = 0.05
    yield
    if connection.vendor == "postgresql":
        connection.close()


@contextmanager
def slow_tables() -> Iterator[None]:
    """Whatever a page looks for takes for ever."""

    def slowly(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if str(sql).startswith("SELECT") and not any(words in str(sql) for words in FRAME):
            return execute(FOR_EVER[connection.vendor], None, False, context)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(slowly):
        yield


@pytest.mark.django_db(transaction=True)
def test_every_page_of_the_console_is_stopped_with_a_sentence(keys: dict[str, Any], settings: Any) -> None:
    client, seconds = signed_in("rosa"), SECONDS[connection.vendor]
    answers = {}
    for name, cells in EXPECTED.items():
        if cells["rosa"].startswith("ok"):
            settings.QUERY_SECONDS = 60
            client.get(address(name, keys))  # what it caches is no query later
            settings.QUERY_SECONDS = seconds
            with slow_tables():
                answers[name] = client.get(address(name, keys))
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code not in (200, 503)} == {}
    stopped = {name for name, answer in answers.items() if answer.status_code == 503}
    lists = {name for name in answers if name.endswith("_changelist") and not name.startswith("admin_interface")}
    assert lists and lists <= stopped
    page = answers["messaging_message_changelist"].content.decode()
    assert f"The database worked on this for {seconds} seconds" in page
    assert "Look for less at once" in page
    settings.QUERY_SECONDS = 60
    assert client.get("/console/").status_code == 200


def middleware(view: Callable[[HttpRequest], Any]) -> HttpResponse:
    return TimeLimitMiddleware(view)(RequestFactory().get("/console/"))


def run(sql: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql[connection.vendor])
        cursor.fetchall()


class Slow(Kind):
    name = "slow"

    def work(self, run_: Any) -> None:
        run(SHORT)


def stopped(view: Callable[[HttpRequest], Any]) -> bool:
    try:
        middleware(view)
    except OperationalError as error:
        assert is_too_slow(error)
        return True
    return False


@pytest.mark.django_db(transaction=True)
def test_only_requests_are_limited_and_jobs_and_downloads_in_them_are_not(db: Any) -> None:
    def job(request: HttpRequest) -> HttpResponse:
        with unlimited():
            run(SHORT)
        return HttpResponse()

    def then_a_query(request: HttpRequest) -> HttpResponse:
        job(request)
        run(FOR_EVER)
        return HttpResponse()

    def lines() -> Iterator[bytes]:
        run(SHORT)
        yield b"x"

    run(SHORT)
    assert not stopped(job)
    assert stopped(then_a_query)
    download: Any = middleware(lambda request: StreamingHttpResponse(unlimited_while_sent(lines())))
    assert list(download) == [b"x"]


@pytest.mark.django_db(transaction=True)
def test_a_job_that_a_page_begins_is_not_limited() -> None:
    register(Slow())
    jobs = []
    middleware(lambda request: jobs.append(start("slow", requester=None, title="Slow", params={}, here=True)))
    assert jobs[0].state == Job.State.FINISHED


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_opens_in_a_request_is_limited_as_well() -> None:
    connection.close()
    assert stopped(lambda request: run(FOR_EVER))
    connection.close()
    assert stopped(lambda request: run(FOR_EVER))
