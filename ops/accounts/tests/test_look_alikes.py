"""Names that look alike are recognised, however their accounts are stored."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.management import call_command

from ops.accounts.names import look_alikes
from ops.accounts.names.look_alikes import alike, digests

User = get_user_model()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "Alice"),
        ("alice", "\u0430lice"),  # a Cyrillic a
        ("Alice", "AIice"),  # a capital i
        ("nina", "\u039dINA"),  # a Greek capital Nu
        ("Νίκος", "νίκος"),
        ("mary", "rnary"),
        ("bob", "B0B"),
        ("finn", "\ufb01nn"),
        ("Zo\u00eb", "Zoe\u0308"),
        ("scope", "\u0455\u0441\u043e\u0440\u0435"),
        ("a b", "a\u00a0b"),
        ("alice", "al\u3164ice"),
        ("alice", "ali\U000e0100ce"),
        ("paypal", "\U0001d429\U0001d41a\U0001d432\U0001d429\U0001d41a\U0001d425"),
    ],
)
def test_names_that_read_alike_are_found(one: str, other: str) -> None:
    assert alike([one, other]) == {one: [other], other: [one]}


@pytest.mark.parametrize(("one", "other"), [("nina", "vina"), ("mail", "mall"), ("Zoe", "Zoë"), ("bob1", "bob2")])
def test_names_that_read_differently_are_not_alike(one: str, other: str) -> None:
    assert alike([one, other]) == {}


def test_the_table_of_confusables_is_unchanged() -> None:
    """Stored digests depend on the table, and those of erased names cannot be recomputed: the names are gone.

    If a new version of confusable_homoglyphs has another table, an erased name with one of the changed characters is
    recognised only by its exact spelling. Change the numbers here after checking the differences; for accounts run
    ``manage.py refresh_skeletons``.
    """
    table = look_alikes.confusables()
    lines = "".join(f"{code:X} {text}\n" for code, text in sorted(table.items()))
    assert (len(table), hashlib.sha256(lines.encode()).hexdigest()[:16]) == (6307, "1e4a23b5e88a93f1")


def test_the_ascii_confusables_match_the_table() -> None:
    table = look_alikes.confusables()
    of_ascii = {code: text for code, text in table.items() if code < 128}
    assert of_ascii == look_alikes.ASCII_CONFUSABLES | {ord("%"): "º/₀"}


@pytest.mark.parametrize("name", ["alice", "Mallory 01", 'I|`"~', "a b"])
def test_a_name_in_ascii_reads_the_same_without_the_table(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_alikes, "ASCII_CONFUSABLES", look_alikes.confusables())
    by_the_table = digests(name)
    monkeypatch.undo()
    monkeypatch.setattr(look_alikes, "confusables", lambda: pytest.fail("the table was read"))
    assert digests(name) == by_the_table


def stored(name: str) -> tuple[str, str]:
    return User.objects.values_list("skeleton", "skeleton_as_written").get(username=name)


def test_every_way_of_saving_stores_the_skeletons(db: Any) -> None:
    User.objects.create_user("created")
    User(username="saved").save()
    User.objects.bulk_create([User(username="in bulk")])
    User.objects.update_or_create(username="or created")
    fixture = serializers.serialize(
        "json", [User(pk=10**6, username="of a fixture", skeleton="x", skeleton_as_written="x")]
    )
    for one in serializers.deserialize("json", fixture):
        one.save()
    renamed = User.objects.create_user("before")
    renamed.username = "renamed"
    renamed.save(update_fields=["username"])
    names = list(User.objects.values_list("username", flat=True))
    assert len(names) == 6
    assert {name: stored(name) for name in names} == {name: digests(name) for name in names}


def test_bulk_changes_of_usernames_are_refused(alice: Any) -> None:
    with pytest.raises(TypeError, match="save each user"):
        User.objects.update(username="bella")
    alice.username = "bella"
    with pytest.raises(TypeError, match="save each user"):
        User.objects.bulk_update([alice], ["username"])


def test_refresh_skeletons_recomputes_skeletons(alice: Any) -> None:
    User.objects.filter(pk=alice.pk).update(skeleton="old", skeleton_as_written="old")
    call_command("refresh_skeletons", verbosity=0)
    assert stored("alice") == digests("alice")
