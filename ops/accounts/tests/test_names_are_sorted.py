"""Names sort as people expect, on both databases and however an account is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from messaging.tests.cast import make_user
from ops.accounts.models import User
from ops.accounts.names.look_alikes import digests
from ops.accounts.names.sorting import LONGEST, ranges_beginning_with, sort_key
from ops.conftest import make_staff

LIST = reverse("admin:accounts_user_changelist")
SORTED = [
    "3rd man", "20 past", "Àaron", "abby", "user 100", "user2", "User02b", "user10", "user10a", "Zoë", "Ωmega",
    "さくら",
]  # fmt: skip


def by_key(*names: str) -> list[str]:
    return sorted(names, key=sort_key)


@pytest.mark.parametrize(
    "names",
    [["user2", "user10"], ["User2", "user10"], ["alice", "Bob", "charlie"], ["Élodie", "emil"], ["a", "a1", "aa"],
     ["user9", "user10", "user99", "user100"], ["x1y2", "x1y10", "x2y1"], ["n" + "9" * 149, "o"], ["zoe", "さくら"],
     ["１０", "11"], ["٩", "10"]],
)  # fmt: skip
def test_names_sort_in_this_order(names: list[str]) -> None:
    assert by_key(*reversed(names)) == names


@given(st.text(min_size=1, max_size=150))
def test_every_name_has_a_key_that_fits(name: str) -> None:
    assert 0 < len(sort_key(name)) <= LONGEST


@given(st.integers(0, 10**80), st.integers(0, 10**80))
def test_numbers_count_as_numbers_however_long_they_are(one: int, other: int) -> None:
    # Keys are truncated at LONGEST bytes, and names with the same key sort by id.
    if len(str(one)) == len(str(other)) > LONGEST - 4:
        return
    assert (sort_key(f"n{one}") < sort_key(f"n{other}")) == (one < other)


def keys() -> dict[str, bytes]:
    return {name: bytes(key) for name, key in User.objects.values_list("username", "name_key")}


def test_every_way_of_saving_stores_the_sort_key(db: Any, tmp_path: Path) -> None:
    saved = make_user("Saved 10")
    User.objects.bulk_create([User(username="In a set")])
    renamed, partly = make_user("before"), make_user("before too")
    renamed.username = "Renamed"
    renamed.save()
    partly.username = "Renamed 2"
    partly.save(update_fields=["username"])
    loaded_in_part = User.objects.only("username").get(pk=make_user("before as well").pk)
    loaded_in_part.username = "Renamed 3"
    loaded_in_part.save()
    there = User(pk=make_user("there already").pk, username="Renamed 4")
    User.objects.bulk_create([there], update_conflicts=True, update_fields=["username"], unique_fields=["id"])
    file = tmp_path / "people.json"
    fields = {"username": "From a fixture", "password": "!"}
    file.write_text(json.dumps([{"model": "accounts.user", "pk": saved.pk + 100, "fields": fields}]))
    call_command("loaddata", str(file), verbosity=0)
    User.objects.filter(pk=saved.pk).update(is_active=False)
    assert keys() == {name: sort_key(name) for name in keys()}
    assert len(keys()) == 7
    for user in User.objects.all():
        assert (user.skeleton, user.skeleton_as_written) == digests(user.username)


@pytest.mark.parametrize("key", [None, b""])
def test_a_row_without_a_key_is_refused(db: Any, key: Any) -> None:
    alice = make_user("alice")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=alice.pk).update(name_key=key)


def test_refresh_skeletons_recomputes_sort_keys(db: Any) -> None:
    alice = make_user("Alice")
    User.objects.filter(pk=alice.pk).update(name_key=b"outdated")
    call_command("refresh_skeletons", verbosity=0)
    assert keys() == {"Alice": b"alice"}


def test_the_list_of_users_is_sorted_by_key(client: Client, db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In both directions, page by page."""
    for name in sorted(SORTED):
        make_user(name)
    client.force_login(make_staff("zz", "view_user"))
    monkeypatch.setattr("ops.accounts.admin.UserAdmin.list_per_page", 3)
    assert [name for name in walk(client, LIST, "next") if name != "zz"] == SORTED
    assert [name for name in walk(client, f"{LIST}?page=last", "previous") if name != "zz"] == SORTED


def walk(client: Client, address: str, step: str) -> list[str]:
    """Return the names on the pages of the list, in its order."""
    found: list[str] = []
    while True:
        changes = client.get(address).context["cl"]
        page = [row.username for row in changes.result_list]
        found = [*found, *page] if step == "next" else [*page, *found]
        if changes.pages[step] is None:
            return found
        address = f"{LIST}{changes.pages[step]}"


@pytest.mark.parametrize(
    ("text", "found"),
    [("al", ["Albert", "alice"]), ("ALICE", ["alice"]), ("user1", ["user1", "user10"]),
     ("user", ["user1", "user2", "user10"]), ("user10", ["user10"]), ("user01", ["user1", "user10"]), ("user3", []),
     ("user0", ["user1", "user2", "user10"]), ("12", []), ("0", []), ("1" * 5_000, []), ("nobody", [])],
)  # fmt: skip
def test_people_are_found_by_the_beginning_of_their_name(db: Any, text: str, found: list[str]) -> None:
    for name in ("alice", "Albert", "bob", "user10", "user2", "user1"):
        make_user(name)
    assert [user.username for user in User.objects.all().beginning_with(text)] == found


@given(st.from_regex(r"[a-c0-2]{1,6}", fullmatch=True), st.from_regex(r"[a-c0-2]{0,6}", fullmatch=True))
def test_every_name_with_the_prefix_is_within_the_ranges(text: str, rest: str) -> None:
    assert any(first <= sort_key(text + rest) < end for first, end in ranges_beginning_with(text))


@pytest.mark.parametrize("text", ["user", "12", "user999999", "user0"])
def test_an_index_finds_people_by_the_beginning_of_their_name(db: Any, text: str) -> None:
    """Even in an empty table, with sequential scans disabled on PostgreSQL."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = User.objects.all().beginning_with(text).explain()
    assert "user_by_name" in plan and "SCAN" not in plan


def test_a_name_finds_one_person_at_most(db: Any) -> None:
    jamie, Jamie, zoe = make_user("jamie"), make_user("Jamie"), make_user("Zoë")
    users = User.objects.all()
    assert (users.named("jamie"), users.named("Jamie"), users.named("JAMIE")) == (jamie, Jamie, None)
    assert (users.named("zoe"), users.named("zo")) == (zoe, None)


@pytest.mark.parametrize(
    ("stored", "typed"), [("user7", "user007"), ("user007", "user7"), ("n" * 64 + "stored", "n" * 64 + "typed!")]
)
def test_a_name_with_the_same_sort_key_finds_no_one_else(db: Any, stored: str, typed: str) -> None:
    stored_user = make_user(stored)
    assert sort_key(stored) == sort_key(typed)
    assert User.objects.all().named(typed) is None
    assert User.objects.all().named(stored.upper()) == stored_user
