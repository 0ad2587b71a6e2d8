"""Jobs in the console: the user's own list, a job's page with its live part and its buttons, and permissions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ops.conftest import make_staff
from ops.jobs import leases, progress, starting
from ops.jobs.models import Job
from ops.jobs.tests import counting
from ops.jobs.tests.working import run_all_jobs

pytestmark = pytest.mark.django_db

LIST = reverse("admin:jobs_job_changelist")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def as_dora(client: Client, dora: Any) -> Client:
    client.force_login(dora)
    return client


def start(requester: Any, title: str = "Counting", **params: Any) -> Job:
    return starting.start(counting.NAME, requester=requester, title=title, params={"to": 3, **params})


def running(requester: Any, **facts: Any) -> Job:
    """Return a job under way, which has done 100 of 400 numbers in 10 seconds."""
    job = start(requester)
    now = timezone.now()
    leases.claim(job.pk, now=now)
    facts = {"done": 100, "total": 400, "measured_from": now - timedelta(seconds=10), "heartbeat_at": now, **facts}
    Job.objects.filter(pk=job.pk).update(**facts)
    job.refresh_from_db()
    return job


def address(job: Job, name: str = "change") -> str:
    return reverse(f"admin:jobs_job_{name}", args=[job.pk])


def page(client: Client, job: Job) -> str:
    return client.get(address(job)).content.decode()


def test_people_see_their_own_jobs(as_dora: Client, dora: Any, rosa: Any) -> None:
    start(dora, "Import of mine.csv")
    start(rosa, "Import of theirs.csv")
    text = as_dora.get(LIST).content.decode()
    assert "Import of mine.csv" in text
    assert "theirs.csv" not in text


def test_people_who_may_view_jobs_see_all(client: Client, dora: Any) -> None:
    job = start(dora, "Import of mine.csv")
    client.force_login(make_staff("vera", "view_job"))
    assert "Import of mine.csv" in client.get(LIST).content.decode()
    assert client.get(address(job)).status_code == 200


def test_a_job_of_another_person_is_refused_everywhere(as_dora: Client, rosa: Any) -> None:
    job = start(rosa)
    assert as_dora.get(address(job)).status_code == 403
    assert as_dora.get(address(job, "progress")).status_code == 403
    assert as_dora.post(address(job, "cancel")).status_code == 403
    assert as_dora.post(address(job, "retry")).status_code == 403
    job.refresh_from_db()
    assert job.cancel_requested_at is None


def test_people_who_see_all_jobs_do_not_control_them(client: Client, dora: Any) -> None:
    job = start(dora)
    client.force_login(make_staff("vera", "view_job"))
    assert client.post(address(job, "cancel")).status_code == 403
    assert "Cancel</button>" not in page(client, job)


def test_superusers_cancel_any_job(client: Client, dora: Any, rosa: Any) -> None:
    job = start(dora)
    client.force_login(rosa)
    client.post(address(job, "cancel"))
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_the_console_offers_jobs_to_people_who_may_start_some(client: Client, dora: Any, nils: Any) -> None:
    for user, offered in ((dora, True), (nils, False)):
        client.force_login(user)
        assert (f'href="{LIST}"' in client.get(reverse("admin:index")).content.decode()) is offered


def test_a_job_that_does_not_exist_is_not_found(as_dora: Client) -> None:
    nowhere = "00000000-0000-0000-0000-000000000000"
    assert as_dora.get(reverse("admin:jobs_job_progress", args=[nowhere])).status_code == 404
    assert as_dora.get(reverse("admin:jobs_job_change", args=["nonsense"])).status_code == 302


def test_actions_take_a_post_and_the_progress_a_get(as_dora: Client, dora: Any) -> None:
    job = start(dora)
    assert as_dora.get(address(job, "cancel")).status_code == 405
    assert as_dora.get(address(job, "retry")).status_code == 405
    assert as_dora.post(address(job, "progress")).status_code == 405


def test_the_page_says_how_far_the_job_is(as_dora: Client, dora: Any) -> None:
    text = page(as_dora, running(dora))
    assert "<strong>100 of 400 numbers</strong>" in text
    assert '<progress max="100" value="25" aria-label="Counting">25</progress>' in text
    assert "About 30 seconds left, about 10 numbers a second" in text
    assert '<span class="chip unread">Running</span>' in text
    assert "Takes back what was counted so far." in text
    assert "You can leave this page" in text


def test_titles_are_escaped_everywhere(as_dora: Client, dora: Any) -> None:
    job = start(dora, "Import of <b>bold</b>.csv")
    for text in (page(as_dora, job), as_dora.get(LIST).content.decode()):
        assert "<b>bold" not in text
        assert "&lt;b&gt;bold&lt;/b&gt;" in text


def test_the_progress_response_is_a_fragment(as_dora: Client, dora: Any) -> None:
    job = running(dora)
    text = as_dora.get(address(job, "progress"), headers=HTMX).content.decode()
    assert "100 of 400 numbers" in text
    assert f'hx-get="{address(job, "progress")}?said=25%25"' in text
    assert "<html" not in text


def test_screen_readers_announce_each_change_once(as_dora: Client, dora: Any) -> None:
    job = running(dora)
    news = '<p id="job-news" hx-swap-oob="innerHTML">25% done</p>'
    assert news in as_dora.get(address(job, "progress"), {"said": "Running"}, headers=HTMX).content.decode()
    assert news not in as_dora.get(address(job, "progress"), {"said": "25%"}, headers=HTMX).content.decode()


def test_screen_readers_announce_the_shown_percentage(as_dora: Client, dora: Any) -> None:
    job = running(dora, done=332)
    text = as_dora.get(address(job, "progress"), {"said": "50%"}, headers=HTMX).content.decode()
    assert '<p id="job-news" hx-swap-oob="innerHTML">83% done</p>' in text
    assert '<span class="quiet">83%</span>' in text


def test_the_page_of_an_ended_job_reloads_and_stops_polling(as_dora: Client, dora: Any) -> None:
    job = start(dora)
    run_all_jobs()
    response = as_dora.get(address(job, "progress"), headers=HTMX)
    assert (response["HX-Refresh"], response.content) == ("true", b"")
    text = page(as_dora, job)
    assert "hx-get" not in text
    assert "<progress" not in text
    assert '<span class="chip marked-chip">Finished</span>' in text


def test_polling_after_signing_out_reloads_the_page(client: Client, dora: Any) -> None:
    job = running(dora)
    assert client.get(address(job, "progress"), headers=HTMX)["HX-Refresh"] == "true"


def test_a_job_is_cancelled_and_started_again_from_its_page(as_dora: Client, dora: Any) -> None:
    job = start(dora)
    response = as_dora.post(address(job, "cancel"), {"next": address(job)}, follow=True)
    assert response.redirect_chain == [(address(job), 302)]
    assert "Try again</button>" in response.content.decode()
    as_dora.post(address(job, "retry"))
    job.refresh_from_db()
    assert job.state == "queued"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/"])
def test_actions_do_not_redirect_elsewhere(as_dora: Client, dora: Any, elsewhere: str) -> None:
    job = start(dora)
    assert as_dora.post(address(job, "cancel"), {"next": elsewhere})["Location"] == address(job)


def test_starting_again_checks_the_permission_again(as_dora: Client, dora: Any) -> None:
    job = start(dora)
    starting.cancel(job, by=dora)
    dora.user_permissions.clear()
    assert "Try again</button>" not in page(as_dora, job)
    assert as_dora.post(address(job, "retry")).status_code == 403


def test_actions_on_an_ended_job_are_refused_with_a_sentence(as_dora: Client, dora: Any) -> None:
    job = start(dora)
    run_all_jobs()
    text = as_dora.post(address(job, "cancel"), follow=True).content.decode()
    assert "This is over, or being cancelled, already." in text
    text = as_dora.post(address(job, "retry"), follow=True).content.decode()
    assert "Only what failed or was cancelled can be tried again." in text


def test_a_job_whose_rollback_failed_says_what_is_left_and_is_resumed(as_dora: Client, dora: Any) -> None:
    job = start(dora, stumble=2)
    run_all_jobs()
    Job.objects.update(ending="failed", cursor={"at": 2}, attempts_without_progress=6)
    left = "What had been done could not be taken back: the worker died 5 times in a row while trying"
    listed = as_dora.get(LIST).content.decode()
    for text in (listed, page(as_dora, job)):
        assert f"{counting.SORRY} {left}" in text
        assert "What had been done was taken back." not in text
    assert "Not taken back" in listed
    assert "Try again" not in page(as_dora, job) and "Resume" in page(as_dora, job)
    as_dora.post(address(job, "retry"))
    job.refresh_from_db()
    assert (job.state, job.ending, job.cursor) == ("queued", "failed", {"at": 2})
    assert "Being taken back" in page(as_dora, job)
    run_all_jobs()
    assert "What had been done was taken back." in page(as_dora, job)
    assert "Try again" in page(as_dora, job)


def test_people_who_may_not_resume_a_job_read_who_may(as_dora: Client, dora: Any, rosa: Any) -> None:
    job = start(rosa, stumble=2)
    run_all_jobs()
    Job.objects.update(ending="failed", attempts_without_progress=6)
    dora.user_permissions.add(Permission.objects.get(codename="view_job"))
    text = page(as_dora, job)
    assert "The person who requested it, or a superuser, can resume it." in text
    assert "Resume" not in text


def test_a_failed_job_says_why_and_that_nothing_is_left(as_dora: Client, dora: Any) -> None:
    job = start(dora, stumble=2)
    run_all_jobs()
    assert "That number is not to be counted. What had been done was taken back." in page(as_dora, job)


def test_the_page_links_what_a_job_is_about(as_dora: Client, dora: Any, register: Callable[..., str]) -> None:
    kind = register(lambda run: None, page=lambda job: f"/console/somewhere/{job.params['id']}/")
    job = starting.start(kind, requester=dora, title="Import", params={"id": 12})
    assert '<a class="button" href="/console/somewhere/12/">View source</a>' in page(as_dora, job)
    run_all_jobs()
    assert '<a class="button" href="/console/somewhere/12/">View result</a>' in page(as_dora, job)


def test_the_list_is_narrowed_by_state(as_dora: Client, dora: Any) -> None:
    start(dora, "Import of one.csv", stumble=1)
    run_all_jobs()
    start(dora, "Import of two.csv")
    as_dora.get(LIST)
    under_way = as_dora.get(LIST, {"state": "under-way"}).content.decode()
    assert "two.csv" in under_way
    assert "one.csv" not in under_way
    failed = as_dora.get(LIST, {"state": "failed"}).content.decode()
    assert "one.csv" in failed
    assert "two.csv" not in failed


def test_the_queues_own_rows_are_not_in_the_console(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    assert "Task" not in client.get(reverse("admin:index")).content.decode()


def test_the_list_costs_the_same_for_many_jobs(client: Client, rosa: Any, django_assert_num_queries: Any) -> None:
    client.force_login(rosa)
    for _ in range(3):
        start(rosa)
    client.get(LIST)
    # session, user, page, count, pending work; the theme is cached
    with django_assert_num_queries(5):
        client.get(LIST)
    for _ in range(20):
        start(rosa)
    with django_assert_num_queries(5):
        client.get(LIST)


def test_polling_the_progress_takes_three_queries(as_dora: Client, dora: Any, django_assert_num_queries: Any) -> None:
    job = running(dora)
    with django_assert_num_queries(3):
        as_dora.get(address(job, "progress"), headers=HTMX)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"state": "queued", "lease_token": None}, "Waiting"),
        ({"lease_token": None}, "Waiting"),
        ({}, "Running"),
        ({"cancel_requested_at": timezone.now()}, "Being cancelled"),
        ({"ending": "failed"}, "Being taken back"),
        ({"ending": "failed", "state": "failed"}, "Not taken back"),
        ({"state": "finished"}, "Finished"),
        ({"state": "failed"}, "Failed"),
        ({"state": "cancelled"}, "Cancelled"),
    ],
)
def test_each_state_has_its_words(dora: Any, facts: dict[str, Any], words: str) -> None:
    assert progress.progress_of(running(dora, **facts), timezone.now()).state == words


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"done": 1, "total": 1_000}, "about 6 numbers a minute"),
        ({"done": 123_456, "total": None}, "about 12,000 numbers a second"),
        ({"done": 0}, ""),
        ({"measured_from": None}, ""),
        ({"measured_done": 80}, "about 2 numbers a second"),
        ({"measured_done": 100}, ""),
        ({"measured_done": 120}, ""),
        ({"lease_token": None}, ""),
    ],
)
def test_speeds_are_shown_in_plain_words(dora: Any, facts: dict[str, Any], words: str) -> None:
    assert progress.progress_of(running(dora, **facts), timezone.now()).speed == words


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [
        (399, 400, "a few seconds left"),
        (100, 400, "about 30 seconds left"),
        (10, 260, "about 4 minutes left"),
        (10, 10_000, "about 3 hours left"),
    ],
)
def test_the_time_left_is_shown_in_one_unit(dora: Any, done: int, total: int, words: str) -> None:
    assert progress.progress_of(running(dora, done=done, total=total), timezone.now()).left == words


def test_speed_and_time_left_are_those_of_the_attempt(dora: Any) -> None:
    """They ignore the first start: the job had no worker for an hour in between."""
    job = running(dora, done=100, total=400, started_at=timezone.now() - timedelta(hours=1))
    now = timezone.now()
    Job.objects.update(lease_until=now)
    claimed = leases.claim(job.pk, now=now)
    assert claimed is not None
    Job.objects.update(done=200, heartbeat_at=now + timedelta(seconds=10))
    job.refresh_from_db()
    shown = progress.progress_of(job, now + timedelta(seconds=10))
    assert (shown.speed, shown.left) == ("about 10 numbers a second", "about 20 seconds left")


def test_work_resumed_before_the_last_heartbeat_is_measured_from_its_start(dora: Any) -> None:
    """A worker reported more than it had stored, and died."""
    job = running(dora, done=100)
    Job.objects.update(lease_until=timezone.now())
    claimed = leases.claim(job.pk, now=timezone.now())
    assert claimed is not None and claimed.measured_done == 100
    leases.renew(claimed, done=40)
    job.refresh_from_db()
    assert (job.measured_done, job.measured_from) == (40, job.heartbeat_at)
    leases.renew(claimed, done=60)
    leases.renew(claimed)
    job.refresh_from_db()
    assert (job.measured_done, job.done) == (40, 60)


def test_a_silent_worker_and_a_missing_one_are_noticed(dora: Any) -> None:
    now = timezone.now()
    silent = running(dora, heartbeat_at=now - timedelta(seconds=21))
    assert progress.progress_of(silent, now).stalled == (
        "The worker has been silent for a while. If it died, another one takes over within a minute."
    )
    waiting = start(dora)
    assert progress.progress_of(waiting, now).stalled == ""
    assert progress.progress_of(waiting, now + timedelta(seconds=21)).stalled == (
        "No worker has started it yet. The system administrator should check that “manage.py work” runs."
    )
