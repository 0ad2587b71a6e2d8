"""A query of a page that takes too long is stopped, and the page explains what to do instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from ops.console.limits import query_time
from ops.console.limits.query_time import TimeLimitMiddleware, is_too_slow, unlimited, unlimited_while_sent
from ops.jobs.kinds import Kind, register
from ops.jobs.models import Job
from ops.jobs.starting import start
from ops.tests.asking import EXPECTED, address, empty_pages, signed_in
from ops.tests.refusing import as_made
from ops.tests.test_who_may_open_what import keys

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
# Tables that every page queries before its own content, for the session, the permissions, the theme and the person.
FRAME = (
    "accounts_session",
    "auth_permission",
    "admin_interface_theme",
    '"accounts_user"."id" = ',
)


# SQLite computes for the whole limit, PostgreSQL sleeps.
SECONDS = {"sqlite": 0.01, "postgresql": 0.05}


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> Iterator[None]:
    settings.QUERY_SECONDS = 0.05
    yield
    if connection.vendor == "postgresql":
        connection.close()


@contextmanager
def slow_tables() -> Iterator[None]:
    """Make all queries for a page's content take for ever."""

    def slowly(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if str(sql).startswith("SELECT") and not any(words in str(sql) for words in FRAME):
            return execute(FOR_EVER[connection.vendor], None, False, context)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(slowly):
        yield


def asked(client: Client, addresses: list[str], settings: Any) -> dict[str, Any]:
    """Return the responses of pages whose queries take for ever."""
    answers, slow = {}, SECONDS[connection.vendor]
    for at in addresses:
        settings.QUERY_SECONDS = 60
        with empty_pages():
            client.get(at)  # fills the caches of its view
        settings.QUERY_SECONDS = slow
        with slow_tables():
            answers[at] = client.get(at)
    settings.QUERY_SECONDS = 60
    return answers


@pytest.mark.django_db(transaction=True)
def test_a_slow_query_on_any_console_page_is_answered_with_a_sentence(
    keys: dict[str, Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frame around the sentence, which takes most of the time, is only rendered for a list and a row."""
    settings.QUERY_SECONDS = 60
    client, seconds = signed_in("rosa"), SECONDS[connection.vendor]
    assert client.get("/console/").status_code == 200  # fills the caches of the frame
    pages = {name: address(name, keys) for name, cells in EXPECTED.items() if cells["rosa"].startswith("ok")}
    with monkeypatch.context() as patch:
        patch.setattr(query_time, "refusal", as_made)
        answers = asked(client, list(pages.values()), settings)
    assert {at: answer.status_code for at, answer in answers.items() if answer.status_code not in (200, 503)} == {}
    stopped = {name for name, at in pages.items() if answers[at].status_code == 503}
    bodies = {answers[pages[name]].content.decode() for name in stopped}
    assert bodies == {repr(("This took too long and was stopped", "too_slow", [("seconds", seconds)]))}
    lists = {name for name in pages if name.endswith("_changelist") and not name.startswith("admin_interface")}
    assert lists and lists <= stopped
    whole = [pages[name] for name in ("messaging_message_changelist", "messaging_message_change")]
    for answer in asked(client, whole, settings).values():
        page = answer.content.decode()
        assert answer.status_code == 503
        assert f"The database worked on this for {seconds} seconds" in page
        assert "Look for less at once" in page
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
def test_a_connection_that_opens_in_a_request_is_limited() -> None:
    connection.close()
    assert stopped(lambda request: run(FOR_EVER))
    connection.close()
    assert stopped(lambda request: run(FOR_EVER))
