"""Usernames are as other systems have them: any printable characters up to 150, exactly as written."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from ops.accounts.usernames import username_problem, validate_username

User = get_user_model()


@pytest.mark.parametrize(
    "username",
    [
        "a",
        "[set]",
        "s|k",
        "bob2",
        "Jamie",
        "a b  c",
        "Γιώργος Π.",
        "سلمى حداد",
        "さくら工房",
        "👨‍👩‍👦",
        "می‌خواهم",
        "<b>&amp;",
        "x" * 150,
    ],
)
def test_printable_characters_make_a_username(username: str) -> None:
    assert username_problem(username) is None


@pytest.mark.parametrize(
    ("username", "sentence"),
    [
        ("", "The username is empty: give one of 1 to 150 characters."),
        ("x" * 151, "The username has 151 characters: shorten it to 150."),
        (" alice", "The username begins or ends with a blank: remove it."),
        ("alice\u00a0", "The username begins or ends with a blank: remove it."),
        ("   ", "The username begins or ends with a blank: remove it."),
        ("al\x00ice", "The username holds a character that cannot be seen (U+0000): remove it."),
        ("al\nice", "The username holds a character that cannot be seen (U+000A): remove it."),
        ("al\x7fice", "The username holds a character that cannot be seen (U+007F): remove it."),
        ("gnp\u202e.exe", "The username holds a character that cannot be seen (U+202E): remove it."),
        ("al\u200bice", "The username holds a character that cannot be seen (U+200B): remove it."),
        ("al\u2028ice", "The username holds a character that cannot be seen (U+2028): remove it."),
        ("al\ud800ice", "The username holds a character that cannot be seen (U+D800): remove it."),
    ],
)
def test_what_cannot_be_a_username_is_told_with_its_remedy(username: str, sentence: str) -> None:
    assert username_problem(username) == sentence
    with pytest.raises(ValidationError) as caught:
        validate_username(username)
    assert caught.value.messages == [sentence]


def test_capital_and_small_letters_make_two_people(db: Any) -> None:
    jamie, Jamie = User.objects.create_user("jamie"), User.objects.create_user("Jamie")
    assert User.objects.get_by_natural_key("Jamie") == Jamie
    assert User.objects.get_by_natural_key("jamie") == jamie


def test_a_username_is_stored_as_it_was_written(db: Any) -> None:
    """What Unicode's normal form would merge stays two people, as in the system they come from."""
    ligature = User.objects.create_user("ﬁnn")
    ligature.refresh_from_db()
    assert ligature.username == "ﬁnn"
    assert User.objects.create_user("finn") != ligature


def test_a_username_belongs_to_one_person(alice: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User(username="alice").save()
    with pytest.raises(ValidationError) as caught:
        User(username="alice", password="!").full_clean()
    assert caught.value.message_dict == {"username": ["A user with that username already exists."]}


def test_the_database_refuses_an_empty_username(db: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(username="")])
