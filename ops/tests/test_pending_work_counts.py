"""The query that counts pending work is cached for some seconds; its numbers are as current as without the cache."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ops.accounts.models import User
from ops.console.frame import counting
from ops.console.frame.checks import what_waits_is_counted_by_the_key_alone
from ops.console.rooms import PendingWork, rooms
from ops.deletion.tests.deleting import ask
from ops.jobs.models import Job
from ops.tests.asking import make_staff, signed_in
from ops.tests.roles import ROLE_OF
from ops.tests.test_menu import failed_job, waiting_import

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_query_of_another_test_is_kept() -> None:
    counting.forget()


def waiting_in(client: Client) -> list[tuple[int, str]]:
    """Return the tasks in the menu of a page other than Home (Home counts its lines in the same query, uncached)."""
    return [(task.number, task.words) for task in client.get("/console/keyboard/").context["frame"].tasks]


def test_a_count_is_current_on_the_next_page_though_its_query_is_cached() -> None:
    dan = make_staff("dan")
    client = signed_in("dan")
    assert waiting_in(client) == []
    waiting_import(dan)
    failed_job(dan)
    assert waiting_in(client) == [(1, "import needs your decision"), (1, "job failed")]
    assert counting._questions
    waiting_import(dan)
    assert waiting_in(client) == [(2, "imports need your decision"), (1, "job failed")]


def test_home_and_the_other_pages_show_the_same_counts(alice: Any) -> None:
    rosa = make_staff("rosa")
    ask(alice, by=make_staff("sue"))
    waiting_import(rosa)
    failed_job(rosa)
    client = signed_in("rosa")
    home = client.get("/console/").context["frame"].tasks
    assert [(task.number, task.words) for task in home] == waiting_in(client)
    assert len(home) == 3


def test_pending_work_of_another_person_is_not_counted() -> None:
    waiting_import(make_staff("dan"))
    assert waiting_in(signed_in("dan")) == [(1, "import needs your decision")]
    other = make_staff("nils")
    other.groups.add(Group.objects.get(name=ROLE_OF["dan"]))
    assert waiting_in(signed_in("nils")) == []
    assert len(counting._questions) == 1, "both may do the same: one query is kept for them"


def test_a_change_of_roles_changes_the_counts_at_once(alice: Any, bob: Any) -> None:
    lena, sue, _ = make_staff("lena"), make_staff("sue"), make_staff("rosa")
    ask(alice, by=sue)
    ask(bob, by=sue)
    User.objects.filter(pk=bob.pk).update(is_staff=True)  # now a colleague: only a superuser can approve that
    client = signed_in("lena")
    assert waiting_in(client) == [(1, "deletion awaits your approval")]
    User.objects.filter(pk=lena.pk).update(is_superuser=True)
    assert waiting_in(client) == [(2, "deletions await your approval")]
    User.objects.filter(pk=lena.pk).update(is_superuser=False)
    lena.groups.clear()
    assert waiting_in(client) == []


def test_a_cached_query_is_rebuilt_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise its "in the last days" would not advance."""
    make_staff("dan")
    client = signed_in("dan")
    waiting_in(client)
    [first] = counting._questions.values()
    waiting_in(client)
    assert list(counting._questions.values()) == [first]
    monkeypatch.setattr(counting, "KEPT_SECONDS", 0)
    waiting_in(client)
    [second] = counting._questions.values()
    assert second is not first
    assert second.params != first.params


def test_the_number_of_cached_queries_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_KEPT", 5)
    for person in range(20):
        counting.count_query_for(person, list)
    assert len(counting._questions) == 5


@pytest.mark.parametrize("who", [*ROLE_OF, "nils", "rosa"])
def test_a_room_chooses_what_to_count_without_a_query(who: str) -> None:
    """A cached query would keep using what was found when it was built."""
    user = make_staff(who)
    user.get_all_permissions()
    with CaptureQueriesContext(connection) as queries:
        for room in rooms():
            list(room.waiting(user))
    assert queries.captured_queries == []


def asked_of(user: Any, key: int) -> list[tuple[str, str, str, list[Any]]]:
    """Return what each room counts for somebody, where, and the query with ``key`` instead of its placeholder."""
    asked = []
    for one in (one for room in rooms() for one in room.waiting(user)):
        sql, params = one.rows.query.get_compiler(one.rows.db).as_sql()
        asked.append((one.item, one.query, sql, counting.filled(params, key)))
    return asked


@pytest.mark.parametrize("who", [*ROLE_OF, "nils", "rosa"])
def test_a_room_chooses_what_to_count_by_permissions_alone(who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The query is cached for all people with the same permissions, with a placeholder for their key."""
    user, now = make_staff(who), timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    user.get_all_permissions()
    anybody = copy(user)
    anybody.pk, anybody.username, anybody.email = counting.ANYBODY, "", ""
    assert asked_of(anybody, user.pk) == asked_of(user, user.pk)


@pytest.mark.parametrize(
    "rows",
    [
        lambda user: Job.objects.filter(requester__username=user.username),
        lambda user: Job.objects.filter(error=str(user.pk)),
        lambda user: Job.objects.filter(done=user.pk),
        lambda user: Job.objects.exclude(attempts=user.pk),
        lambda user: Job.objects.filter(params__by=user.pk),
    ],
    ids=["a name", "a text", "a number", "a smaller number", "JSON"],
)
def test_the_check_names_a_room_that_counts_by_anything_else(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert what_waits_is_counted_by_the_key_alone(None) == []
    room = apps.get_app_config("jobs")
    monkeypatch.setattr(type(room), "waiting", lambda self, user: [PendingWork("jobs.Job", rows(user), str, "")])
    assert [found.obj for found in what_waits_is_counted_by_the_key_alone(None)] == [type(room)]
