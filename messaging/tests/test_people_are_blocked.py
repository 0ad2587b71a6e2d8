"""A blocked person cannot write to the participant who blocked them; erasing either person removes the block."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from messaging.erasing import erasure
from messaging.erasing.anonymising import AnonymisedCounts, anonymise_rest
from messaging.models import Block, Message
from messaging.participants.blocking import BLOCKED
from messaging.tests.cast import ABOUT_STANDING, make_user
from messaging.tests.clients import reading
from messaging.tests.conversations import answer, write

pytestmark = pytest.mark.django_db
PAGE, REMOVE, COMPOSE = (reverse(f"messaging:{name}") for name in ("blocked", "unblock", "compose"))


def conversation_of(message: Message) -> str:
    return reverse("messaging:conversation", args=[message.conversation_id])


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def notices(response: Any) -> list[str]:
    return [str(notice) for notice in get_messages(response.wsgi_request)]


def test_a_blocked_person_cannot_write_by_any_form(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    alices, bobs = reading(alice), reading(bob)
    assert "Send reply" in text(alices, conversation_of(message))  # in the cache now
    response = bobs.post(PAGE, {"person": "alice", "conversation": message.conversation_id})
    assert (response["Location"], notices(response)) == (
        conversation_of(message),
        ["alice is blocked and cannot write to you any more."],
    )
    page = text(alices, conversation_of(message))
    assert str(BLOCKED) in page and "Send reply" not in page and "bob blocked" not in page
    for address, data in (
        (reverse("messaging:reply", args=[message.pk]), {"content": "Hello?"}),
        (COMPOSE, {"receiver": "bob", "content": "Hello?"}),
        (reverse("messaging:edit", args=[message.pk]), {"content": "Hello?"}),
    ):
        assert str(BLOCKED) in alices.post(address, data).content.decode()
    assert not Message.objects.filter(content="Hello?").exists() and Message.objects.count() == 1
    response = bobs.post(REMOVE, {"person": "alice"})
    assert response["Location"] == PAGE
    assert notices(response)[-1] == "alice is not blocked any more."
    assert "Send reply" in text(alices, conversation_of(message))
    alices.post(COMPOSE, {"receiver": "bob", "content": "Hello!"})
    assert Message.objects.count() == 2


@pytest.mark.parametrize("both_ways", [False, True])
def test_the_setting_decides_whether_the_blocker_may_still_write(
    settings: Any, alice: Any, bob: Any, both_ways: bool
) -> None:
    settings.BLOCKING_BOTH_WAYS = both_ways
    Block.objects.create(blocker=bob, blocked=alice)
    page = reading(bob).post(COMPOSE, {"receiver": "alice", "content": "Hello"}, follow=True).content.decode()
    assert ("You blocked alice. Unblock them to write to them." in page) is both_ways
    assert Message.objects.exists() is not both_ways


def test_others_and_stored_messages_are_not_affected(alice: Any, bob: Any, charlie: Any) -> None:
    Block.objects.create(blocker=bob, blocked=alice)
    reading(charlie).post(COMPOSE, {"receiver": "bob", "content": "Hello"})
    write(alice, bob, "as an import stores it")
    assert Message.objects.filter(receiver=bob).count() == 2


def test_the_page_lists_only_the_people_that_the_user_blocked(alice: Any, bob: Any, charlie: Any) -> None:
    Block.objects.create(blocker=bob, blocked=alice)
    Block.objects.create(blocker=charlie, blocked=bob)
    page = text(reading(bob), PAGE)
    assert 'value="alice"' in page and "charlie" not in page
    assert "You have not blocked anybody." in text(reading(alice), PAGE)


def test_a_conversation_says_whom_one_blocked(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    bobs = reading(bob)
    assert "Block <bdi>alice</bdi>" in text(bobs, conversation_of(message))
    bobs.post(PAGE, {"person": "alice"})
    bobs.get(PAGE)
    page = text(bobs, conversation_of(message))
    assert "Unblock <bdi>alice</bdi>" in page and "You blocked <bdi>alice</bdi>" in page


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Enter a username."),
        ("nobody", "Nobody here is called “nobody”"),
        ("bob", "You cannot block yourself."),
        ("a\x00b", "contains an invisible character"),
    ],
)
def test_blocking_by_a_wrong_name_is_refused(bob: Any, name: str, sentence: str) -> None:
    assert sentence in reading(bob).post(PAGE, {"person": name}).content.decode()
    assert not Block.objects.exists()


@pytest.mark.parametrize("name", ["alice", "", "nobody", "a\x00b"])
def test_unblocking_a_person_who_is_not_blocked_says_so(alice: Any, bob: Any, name: str) -> None:
    Block.objects.create(blocker=alice, blocked=bob)
    response = reading(bob).post(REMOVE, {"person": name})
    assert notices(response) == ["Nothing was changed: this person is not blocked."]
    assert Block.objects.exists()


@pytest.mark.parametrize("number", ["", "0", "x", "1" * 30, "https://example.org", "²"])
def test_blocking_does_not_redirect_to_a_conversation_of_others(
    alice: Any, bob: Any, charlie: Any, number: str
) -> None:
    others = write(alice, charlie)
    for sent in (number, str(others.conversation_id)):
        assert reading(bob).post(PAGE, {"person": "alice", "conversation": sent})["Location"] == PAGE


def test_blocking_twice_is_one_block(alice: Any, bob: Any) -> None:
    for _ in range(2):
        reading(bob).post(PAGE, {"person": "alice"})
    assert Block.objects.count() == 1


def test_the_database_refuses_a_second_block_and_one_of_oneself(alice: Any, bob: Any) -> None:
    Block.objects.create(blocker=bob, blocked=alice)
    for blocker, blocked in ((bob, alice), (bob, bob)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Block.objects.create(blocker=blocker, blocked=blocked)


def delete(user: Any) -> None:
    user.delete()


def delete_in_sets(user: Any) -> None:
    type(user).objects.filter(pk=user.pk).delete()


def erase(user: Any) -> None:
    erasure.erase_user_data(user.pk)


def anonymise(user: Any) -> None:
    anonymise_rest(user.pk, AnonymisedCounts(), blank=True, size=10)


@pytest.mark.parametrize("remove", [delete, delete_in_sets, erase, anonymise])
def test_blocks_go_with_either_person(alice: Any, bob: Any, charlie: Any, remove: Any) -> None:
    for blocker, blocked in ((alice, bob), (bob, alice), (bob, charlie)):
        Block.objects.create(blocker=blocker, blocked=blocked)
    remove(alice)
    connection.check_constraints()
    assert list(Block.objects.values_list("blocker", "blocked")) == [(bob.pk, charlie.pk)]


def test_pages_cost_the_same_with_twice_the_rows(
    settings: Any, alice: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    settings.MESSAGING_REPORTING = ""
    first = write(alice, bob)
    client = Client()
    client.force_login(bob)
    for number in (3, 6):
        for place in range(number):
            answer(first, minute=place)
            Block.objects.create(blocker=bob, blocked=make_user(f"person-{number}-{place}"))
        # session, user, order, messages; blocks of and by Bob; his draft
        with django_assert_num_queries(7 + ABOUT_STANDING):
            client.get(conversation_of(first))
        with django_assert_num_queries(4 + ABOUT_STANDING):  # session, user, number of blocks, one page of them
            client.get(PAGE)


def test_people_who_are_not_signed_in_are_led_to_sign_in(client: Client) -> None:
    for address in (PAGE, REMOVE):
        assert client.post(address, {"person": "alice"})["Location"].startswith(reverse("login"))
