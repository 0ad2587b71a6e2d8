"""Usernames fit those of other systems: up to 150 printable characters of any kind, stored exactly as written."""

from __future__ import annotations

import re
import sys
from typing import Any
from unicodedata import category

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from ops.accounts.names.unseen import lone_mark, unseen_character
from ops.accounts.usernames import username_problem, validate_username
from ops.conftest import confirm

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
        ("al\u200dice", "The username holds a character that cannot be seen (U+200D): remove it."),
        ("al\u2028ice", "The username holds a character that cannot be seen (U+2028): remove it."),
        ("al\ud800ice", "The username holds a character that cannot be seen (U+D800): remove it."),
    ],
)
def test_an_invalid_username_is_refused_with_its_remedy(username: str, sentence: str) -> None:
    assert username_problem(username) == sentence
    with pytest.raises(ValidationError) as caught:
        validate_username(username)
    assert caught.value.messages == [sentence]


def test_usernames_are_case_sensitive(db: Any) -> None:
    jamie, Jamie = User.objects.create_user("jamie"), User.objects.create_user("Jamie")
    assert User.objects.get_by_natural_key("Jamie") == Jamie
    assert User.objects.get_by_natural_key("jamie") == jamie


def test_a_username_is_stored_as_it_was_written(db: Any) -> None:
    """Names that Unicode normalisation would merge stay distinct, as in the system they come from."""
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


# One of each kind that Unicode's categories do not distinguish from visible letters and signs; and characters without a
# glyph: noncharacters, unassigned, private use.
UNSEEN = ["\ufe0f", "\u3164", "\u034f", "\u2800", "\U000e0100", "\u17b5", "\u115f", "\uffa0", "\u2064", "\ufffc"]
UNSEEN += ["\uffff", "\ufdd0", "\u0378", "\U0010ffff", "\ue000", "\U000f0000"]


@pytest.mark.parametrize("character", UNSEEN, ids=lambda character: f"U+{ord(character):04X}")
def test_invisible_characters_are_refused_everywhere(db: Any, client: Client, rosa: Any, character: str) -> None:
    name = f"al{character}ice"
    sentence = f"The username holds a character that cannot be seen (U+{ord(character):04X}): remove it."
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        User(username=name, password="!").full_clean()
    for create in (User.objects.create_user, User.objects.create_superuser):
        with pytest.raises(ValidationError, match=re.escape(sentence)):
            create(name)
    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("createsuperuser", interactive=False, username=name, email="a@example.org")
    client.force_login(rosa)
    confirm(client, "rosa")
    adding = client.post(reverse("admin:accounts_user_add"), {"username": name, "usable_password": "false"})
    assert sentence in adding.content.decode()
    assert not User.objects.filter(username=name).exists()


@pytest.mark.parametrize("name", ["\u0301", "\u0301al", "al \u0301", "\u20dd", "\u0903al", "al\u3000\u0301ice"])
def test_a_mark_without_a_letter_is_refused(name: str) -> None:
    mark = next(one for one in name if ord(one) > 127 and not one.isspace())
    sentence = f"The username holds a mark that belongs to a letter, without one (U+{ord(mark):04X}): remove it."
    assert username_problem(name) == sentence
    assert username_problem("e\u0301va") is None


def test_only_visible_categories_are_allowed() -> None:
    """The only characters that can form a name alone are letters, numbers, punctuation and symbols."""
    allowed = set()
    for one in map(chr, range(sys.maxunicode + 1)):
        kind = category(one)[0]
        if kind not in allowed and not (one.isspace() or unseen_character(one) or lone_mark(one)):
            allowed.add(kind)
    assert allowed == set("LNPS")


def test_every_default_ignorable_character_is_unseen() -> None:
    """The list is Unicode's, with the ranges that it has had since 2009, whether assigned or not."""
    ranges = [(0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)]
    ranges += [(0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F)]
    ranges += [(0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)]
    ranges += [(0xE0000, 0xE0FFF)]
    unseen = [chr(code) for first, last in ranges for code in range(first, last + 1)]
    assert [hex(ord(one)) for one in unseen if not unseen_character(one)] == []


@pytest.mark.parametrize(
    "name",
    [
        "Deleted user 1",
        "deleted user 10",
        "DELETED USER",
        "Deleted  user 7",
        "Dеleted user 1",
        "DeIeted user l",
        "Deleted user 5.",
        ".Deleted user 5",
        "“Deleted” (user) 5",
        "Deleted user 5a",
        "Deleted user \u216b",
        "Deleted\u02ccuser 5",
        "Deleted\u0332 user 5",
        "Deleted users club",
    ],
)
def test_names_of_anonymised_accounts_are_reserved(name: str) -> None:
    assert username_problem(name) == (
        "Anonymised accounts are called “Deleted user” and a number, and nobody else is: use another name."
    )


def test_other_names_with_these_words_are_allowed() -> None:
    assert username_problem("Deleter of users") is None
    assert username_problem("undeleted user 1") is None
    assert username_problem("user, deleted") is None
