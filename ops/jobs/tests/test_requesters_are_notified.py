"""Requesters get a notice when their job ends; it counts as read once they see the end on another page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from ops.conftest import make_staff
from ops.jobs import starting
from ops.jobs.models import Job
from ops.jobs.tests import counting
from ops.jobs.tests.working import run_all_jobs
from ops.notices.models import Notice

pytestmark = pytest.mark.django_db

LIST = reverse("admin:notices_notice_changelist")


@pytest.fixture
def as_dora(client: Client, dora: Any) -> Client:
    client.force_login(dora)
    return client


def ended(requester: Any, title: str = "Import of messages.csv", kind: str = counting.NAME, **params: Any) -> Job:
    """Run a job to its end; return it."""
    job = starting.start(kind, requester=requester, title=title, params={"to": 2, **params})
    run_all_jobs()
    return job


def page_of(job: Job) -> str:
    return reverse("admin:jobs_job_change", args=[job.pk])


def unread(client: Client) -> list[str]:
    """Return the sentences and titles of unread notices, after checking the number at the bell."""
    page = client.get(LIST, {"read": "no"})
    rows = page.context["cl"].result_list
    assert page.context["frame"].bell.number == len(rows)
    return [f"{row.sentence} {row.called}" for row in rows]


def test_the_requester_reads_the_notice_once(as_dora: Client, dora: Any) -> None:
    job = ended(dora)
    assert unread(as_dora) == ["A job of yours is finished. Import of messages.csv"]
    opened = as_dora.get(reverse("admin:notices_notice_change", args=[Notice.objects.get().pk]))
    assert opened["Location"] == page_of(job)
    assert unread(as_dora) == []


def test_a_failed_job_is_reported_as_failed(as_dora: Client, dora: Any) -> None:
    ended(dora, stumble=1)
    assert unread(as_dora) == ["A job of yours failed. Import of messages.csv"]


def test_titles_are_escaped(as_dora: Client, dora: Any) -> None:
    ended(dora, "Import of <script>alert(1)</script>.csv")
    text = as_dora.get(LIST).content.decode()
    assert escape("<script>alert(1)</script>") in text
    assert "<script>alert" not in text


def test_only_the_requester_is_notified(client: Client, dora: Any, rosa: Any) -> None:
    ended(dora)
    client.force_login(rosa)
    assert unread(client) == []


def test_opening_the_page_of_the_job_marks_the_notice_as_read(as_dora: Client, dora: Any) -> None:
    job = ended(dora)
    as_dora.get(page_of(job))
    assert unread(as_dora) == []


def test_opening_the_subject_of_the_job_marks_the_notice_as_read(client: Client, db: Any) -> None:
    client.force_login(make_staff("otto", "view_entry"))
    client.post(reverse("admin:audit_verification"))
    assert Notice.objects.unread().count() == 1
    client.get(reverse("admin:audit_verification"))
    assert unread(client) == []


def test_polling_the_progress_does_not_mark_the_notice_as_read(as_dora: Client, dora: Any) -> None:
    """The polling page is reloaded then, and that marks the notice as read."""
    job = ended(dora)
    as_dora.get(reverse("admin:jobs_job_progress", args=[job.pk]), headers={"HX-Request": "true"})
    assert len(unread(as_dora)) == 1


def test_unfinished_jobs_send_no_notice(as_dora: Client, dora: Any) -> None:
    starting.start(counting.NAME, requester=dora, title="Import of messages.csv", params={"to": 2})
    assert unread(as_dora) == []


def test_pages_of_participants_do_not_query_notices(as_dora: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2) as queries:
        as_dora.get(reverse("home"))
    assert not [query for query in queries.captured_queries if "notices_notice" in query["sql"]]
