"""Metrics for Prometheus: off by default, refused without the token, with the numbers of the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from ops.dashboard.metrics.gauges import LATELY
from ops.jobs.models import Job
from ops.moderation.models import Case
from ops.moderation.tests.desk import many_reports, spam

__all__ = ["spam"]

pytestmark = pytest.mark.django_db

TOKEN = "a-token-of-more-than-thirty-two-characters"
ADDRESS = "/metrics/"


@pytest.fixture
def monitored(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def measured(client: Client) -> dict[tuple[str, ...], float]:
    """Return the values by name and labels."""
    answer = client.get(ADDRESS, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    families = text_string_to_metric_families(answer.content.decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_metrics_are_off_by_default(client: Client) -> None:
    assert client.get(ADDRESS, headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bearer ünïcode"])
def test_metrics_are_refused_without_the_token(client: Client, rosa: Any, monitored: None, sent: str | None) -> None:
    client.force_login(rosa)  # being signed in does not help
    answer = client.get(ADDRESS, headers={} if sent is None else {"Authorization": sent})
    assert (answer.status_code, answer.content) == (401, b"")


def test_metrics_count_cases_and_jobs_and_are_cached(
    client: Client, monitored: None, spam: Any, alice: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    empty = measured(client)
    assert empty["threadward_cases_pending", "threat"] == empty["threadward_case_oldest_seconds",] == 0
    assert empty["threadward_database_bytes",] > 0

    many_reports(spam, 2)
    now = timezone.now()
    Case.objects.update(due_at=now - timedelta(hours=1), pending_since=now - timedelta(hours=2))
    for state, ended_at in (("queued", None), ("failed", now), ("failed", now - 2 * LATELY), ("finished", now)):
        Job.objects.create(kind="a kind", title="a job", state=state, ended_at=ended_at)
    with django_assert_num_queries(0):
        assert measured(client) == empty  # cached for a minute
    cache.clear()
    found = measured(client)
    assert sum(value for key, value in found.items() if key[0] == "threadward_cases_pending") == 2
    assert found["threadward_cases_overdue",] == 2
    assert 7_190 < found["threadward_case_oldest_seconds",] < 7_300
    assert [found["threadward_jobs", state] for state in ("queued", "running", "failed")] == [1, 0, 1]
    assert found["threadward_trail_unsealed_entries",] >= 0
    assert found["threadward_search_index_complete", "messages"] in (0, 1)
