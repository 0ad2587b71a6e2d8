"""There is always an active superuser: no form, function, QuerySet or command takes the last one's power."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from messaging.participants import account_deletion
from messaging.tests.cast import make_user
from messaging.tests.clients import signed_in
from messaging.tests.concurrency import needs_row_locks, run_concurrently, run_overlapping
from ops.accounts.models import LAST_SUPERUSER, LastSuperuser, User
from ops.conftest import confirm
from ops.deletion.requests import DeletionRefused
from ops.deletion.tests.deleting import ask

SENTENCE = str(LAST_SUPERUSER)


def superusers() -> set[str]:
    return set(User.objects.active_superusers().values_list("username", flat=True))


def make_superuser(name: str) -> Any:
    return make_user(name, is_staff=True, is_superuser=True)


def _saved(user: Any, field: str, *, only: bool) -> None:
    user = User.objects.get(pk=user.pk)
    setattr(user, field, False)
    user.save(update_fields=[field] if only else None)


def _bulk_updated(user: Any) -> None:
    user.is_superuser = False
    with transaction.atomic():
        User.objects.bulk_update([user], ["is_superuser"])


def _overwritten(user: Any) -> None:
    row = User(pk=user.pk, username=user.username, is_superuser=False)
    User.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=["is_superuser"])


WAYS: dict[str, Callable[[Any], Any]] = {
    "closed": lambda user: _saved(user, "is_active", only=False),
    "closed, that field only": lambda user: _saved(user, "is_active", only=True),
    "no superuser": lambda user: _saved(user, "is_superuser", only=False),
    "no superuser, that field only": lambda user: _saved(user, "is_superuser", only=True),
    "deleted": lambda user: User.objects.get(pk=user.pk).delete(),
    "deleted at once": lambda user: account_deletion.delete_immediately(user),
    "deleted in a set": lambda user: User.objects.filter(pk=user.pk).delete(),
    "updated in a set": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "updated in bulk": _bulk_updated,
    "overwritten in bulk": _overwritten,
    "deletion requested": lambda user: ask(user, by=None),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_last_superuser_cannot_be_removed(rosa: Any, alice: Any, way: str) -> None:
    make_user("closed", is_staff=True, is_superuser=True, is_active=False)
    with pytest.raises((LastSuperuser, DeletionRefused), match=SENTENCE):
        WAYS[way](rosa)
    assert superusers() == {"rosa"}


@pytest.mark.parametrize("way", WAYS)
def test_one_of_two_superusers_can_be_removed(rosa: Any, way: str) -> None:
    make_superuser("root")
    WAYS[way](rosa)
    assert superusers() == {"root"}


def test_removing_all_superusers_at_once_removes_none(rosa: Any) -> None:
    make_superuser("root")
    for change in ({"is_active": False}, {"is_superuser": False}):
        with pytest.raises(LastSuperuser):
            User.objects.update(**change)
    with pytest.raises(LastSuperuser):
        User.objects.all().delete()
    assert superusers() == {"rosa", "root"}


def test_saving_unrelated_changes_takes_no_lock(rosa: Any, alice: Any, django_assert_num_queries: Any) -> None:
    rosa.email = "rosa@example.org"
    for user, fields in ((rosa, ["email"]), (alice, ["last_login"])):
        with django_assert_num_queries(3):  # a savepoint, the row, the savepoint
            user.save(update_fields=fields)


# --- In the form -------------------------------------------------------------------------------------------------

FORM = {"username": "rosa", "is_active": "on", "is_staff": "on", "is_superuser": "on"}


@pytest.fixture
def page(client: Client, rosa: Any) -> Any:
    """Return a function that posts the form of Rosa's account as Rosa, and returns the resulting page."""
    client.force_login(rosa)
    confirm(client, "rosa")
    at = reverse("admin:accounts_user_change", args=[rosa.pk])
    return lambda **fields: client.post(at, {k: v for k, v in {**FORM, **fields}.items() if v}).content.decode()


@pytest.mark.parametrize("field", ["is_active", "is_superuser"])
def test_the_form_refuses_to_remove_the_last_superuser(page: Any, field: str) -> None:
    assert SENTENCE in page(**{field: ""})
    assert superusers() == {"rosa"}


def test_the_form_removes_a_superuser_where_another_remains(page: Any) -> None:
    make_superuser("root")
    page(is_superuser="")
    assert superusers() == {"root"}


def test_a_superuser_stays_staff(page: Any) -> None:
    """Otherwise nobody could enter the console to create another superuser."""
    assert "A superuser needs “staff” to sign in to the console: tick both, or neither." in page(is_staff="")
    assert User.objects.get(username="rosa").is_staff


# --- Concurrently ------------------------------------------------------------------------------------------------


class TestRowLocks:
    pytestmark = needs_row_locks

    @pytest.mark.parametrize("way", WAYS)
    def test_the_second_removal_waits_for_the_first_and_is_refused(self, way: str) -> None:
        rosa, root = make_superuser("rosa"), make_superuser("root")
        with pytest.raises((LastSuperuser, DeletionRefused), match=SENTENCE):
            run_overlapping(lambda: WAYS["closed"](root), lambda: WAYS[way](rosa))
        assert superusers() == {"rosa"}

    @pytest.mark.parametrize("way", WAYS)
    def test_one_of_two_simultaneous_removals_is_refused(self, way: str) -> None:
        rosa, root = make_superuser("rosa"), make_superuser("root")
        raised = run_concurrently(lambda: WAYS[way](rosa), lambda: WAYS["closed"](root))
        assert sorted(one is None for one in raised) == [False, True]
        assert len(superusers()) == 1

    def test_one_of_two_simultaneous_forms_is_refused_with_the_sentence(self) -> None:
        browsers = {name: confirm(signed_in(make_superuser(name)), name) for name in ("rosa", "root")}
        answers: dict[str, str] = {}

        def take_from(other: str, by: str) -> None:
            at = reverse("admin:accounts_user_change", args=[User.objects.get(username=other).pk])
            response = browsers[by].post(at, {"username": other, "is_staff": "on", "is_active": "on"})
            answers[by] = SENTENCE if SENTENCE in response.content.decode() else str(response.status_code)

        works = (lambda: take_from("root", "rosa"), lambda: take_from("rosa", "root"))
        assert run_concurrently(*works) == [None, None]
        assert len(superusers()) == 1
        assert "302" in answers.values() and set(answers.values()) <= {"302", "403", SENTENCE}


def close(name: str, file: Path, there: Connection) -> None:
    """Read an account of the database in ``file`` in a forked process, and close the account when asked to."""
    connection.connection = None  # inherited from the parent process
    connection.settings_dict = {**connection.settings_dict, "NAME": str(file)}
    user = User.objects.get(username=name)
    user.is_active = False
    there.send("ready")
    there.recv()
    try:
        user.save()
        there.send("closed")
    except LastSuperuser:
        there.send("refused")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has row locks, which the tests above look at")
def test_one_of_two_processes_on_a_sqlite_file_is_refused(tmp_path: Path) -> None:
    """On SQLite one of them waits for the other, although both have read the accounts before."""
    for name in ("rosa", "root"):
        make_superuser(name)
    file = tmp_path / "two.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    with closing(sqlite3.connect(file)) as copy:
        copy.execute("PRAGMA journal_mode=WAL")  # as after setup: two processes that switch it together are refused
    forking, asked = get_context("fork"), []
    for name in ("rosa", "root"):
        here, there = Pipe()
        process = forking.Process(target=close, args=(name, file, there))
        process.start()
        there.close()  # so that recv() fails if the process ends without an answer
        asked.append((process, here))
    assert [here.recv() for _, here in asked] == ["ready", "ready"]
    for _, here in asked:
        here.send("go")
    assert sorted(here.recv() for _, here in asked) == ["closed", "refused"]
    for process, _ in asked:
        process.join(60)
        assert process.exitcode == 0
