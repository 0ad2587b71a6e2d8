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
def test_names_that_read_alike(one: str, other: str) -> None:
    assert alike([one, other]) == {one: [other], other: [one]}


@pytest.mark.parametrize(("one", "other"), [("nina", "vina"), ("mail", "mall"), ("Zoe", "Zoë"), ("bob1", "bob2")])
def test_names_that_do_not(one: str, other: str) -> None:
    assert alike([one, other]) == {}


def test_skeletons_are_made_from_the_table_that_stored_ones_were_made_from() -> None:
    """Stored digests depend on the table, and those of erased names cannot be recomputed: the names are gone.

    If a new version of confusable_homoglyphs has another table, an erased name with one of the changed characters is
    recognised only by its exact spelling. Change the numbers here after checking the differences; for accounts run
    ``manage.py refresh_skeletons``.
    """
    table = look_alikes.confusables()
    said = "".join(f"{code:X} {text}\n" for code, text in sorted(table.items()))
    assert (len(table), hashlib.sha256(said.encode()).hexdigest()[:16]) == (6307, "1e4a23b5e88a93f1")


def test_what_the_table_has_for_ascii_is_kept_beside_it() -> None:
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


def test_every_road_stores_what_a_name_reads_like(db: Any) -> None:
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


def test_a_set_of_names_is_not_changed_behind_their_skeletons(alice: Any) -> None:
    with pytest.raises(TypeError, match="save each user"):
        User.objects.update(username="bella")
    alice.username = "bella"
    with pytest.raises(TypeError, match="save each user"):
        User.objects.bulk_update([alice], ["username"])


def test_skeletons_are_made_anew_after_an_update(alice: Any) -> None:
    User.objects.filter(pk=alice.pk).update(skeleton="old", skeleton_as_written="old")
    call_command("refresh_skeletons", verbosity=0)
    assert stored("alice") == digests("alice")
