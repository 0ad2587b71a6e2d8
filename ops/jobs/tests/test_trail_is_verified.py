"""“Verify now”: a job that verifies the whole chain, shows the result and records it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models.query import QuerySet
from django.test import Client
from django.urls import reverse

from ops.audit.models import Entry
from ops.audit.sealing import chain, verification
from ops.audit.tests.emptying import triggers_removed
from ops.audit.tests.trail import make_auditor
from ops.conftest import make_staff
from ops.jobs import starting
from ops.jobs.models import Job
from ops.jobs.tests.working import run_all_jobs
from ops.jobs.verifying import kind

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:audit_verification")


@pytest.fixture
def otto(db: Any) -> Any:
    """Otto is an auditor."""
    return make_auditor("otto")


@pytest.fixture
def auditing(client: Client, otto: Any) -> Client:
    client.force_login(otto)
    chain.seal()
    return client


def verified() -> Entry:
    return Entry.objects.filter(event="audit.verified").latest("pk")


def test_the_page_says_when_the_trail_was_never_verified(auditing: Client) -> None:
    assert "The trail has not been verified here yet." in auditing.get(PAGE).content.decode()
    assert "It has not been verified here yet." in auditing.get("/console/").content.decode()


def test_an_intact_trail_is_reported_with_an_anchor(auditing: Client, otto: Any) -> None:
    head = chain.head()
    assert head is not None
    assert auditing.post(PAGE)["Location"] == PAGE
    page = auditing.get(PAGE).content.decode()
    assert "intact" in page and "by <bdi>otto</bdi>" in page
    assert f"<code>{head}</code>" in page
    assert verification.parse_anchor(str(head)).position == head.position
    assert "intact" in auditing.get("/console/").content.decode()
    assert (verified().actor, verified().details) == (otto, {"intact": True, "sealed": head.position})


def test_a_tampered_entry_is_named_and_recorded(auditing: Client, otto: Any) -> None:
    entry = Entry.objects.order_by("pk").first()
    assert entry is not None
    with triggers_removed(connection):
        QuerySet.update(Entry.objects.filter(pk=entry.pk), actor_role="superuser")
    auditing.post(PAGE)
    fault = f"Entry {entry.pk} (position 1) does not match its seal: the entry or the seal was altered."
    page = auditing.get(PAGE).content.decode()
    assert "not intact" in page and fault in page
    assert "not intact" in auditing.get("/console/").content.decode()
    assert verified().details["intact"] is False
    assert Job.objects.get().error == fault


def test_a_long_verification_runs_in_a_worker_from_the_beginning(auditing: Client, otto: Any) -> None:
    """The part that was read before is verified again: it may have changed since."""
    job = starting.start(kind.KIND, requester=otto, title=str(kind.TITLE), params={}, kick=False)
    Job.objects.filter(pk=job.pk).update(done=1_000_000)
    page = auditing.get(PAGE).content.decode()
    assert 'role="status"' in page and "Verify now" not in page
    assert auditing.post(PAGE).status_code == 302
    assert Job.objects.count() == 1
    run_all_jobs()
    assert kind.latest(1)[0].state == "intact"
    assert kind.latest(1)[0].sealed == Job.objects.get().done


def test_a_cancelled_verification_is_not_a_result(auditing: Client, otto: Any) -> None:
    job = starting.start(kind.KIND, requester=otto, title=str(kind.TITLE), params={}, kick=False)
    starting.cancel(job, by=otto)
    assert "not finished" in auditing.get(PAGE).content.decode()


def test_only_people_who_may_read_the_trail_verify_it(client: Client) -> None:
    client.force_login(make_staff("vera", "view_job"))
    assert (client.get(PAGE).status_code, client.post(PAGE).status_code) == (403, 403)
    assert not Job.objects.exists()


def test_the_number_of_queries_is_limited_after_many_verifications(
    auditing: Client, otto: Any, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        auditing.post(PAGE, follow=True)
    with django_assert_max_num_queries(7):
        page = auditing.get(PAGE).content.decode()
    assert page.count("marked-chip") == 10
