"""Unsent texts of participants are kept for them, and for nobody else, until they send or discard them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from messaging.models import Block, Draft, Message
from messaging.participants import drafts
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.tests.test_people_are_blocked import anonymise, delete, delete_in_sets, erase

DRAFT, COMPOSE = reverse("messaging:draft"), reverse("messaging:compose")
TYPED = "What I was\nabout to <say>"


def conversation_of(message: Message) -> str:
    return reverse("messaging:conversation", args=[message.conversation_id])


def page(name: str, message: Message) -> str:
    return reverse(f"messaging:{name}", args=[message.pk])


@pytest.fixture
def message(alice: Any, bob: Any) -> Message:
    """Alice's message to Bob."""
    return write(alice, bob)


@pytest.fixture
def bobs(client: Client, bob: Any) -> Client:
    """Bob's browser, which has a CSRF cookie, so that its pages are cached."""
    client.force_login(bob)
    client.get(COMPOSE)
    return client


def keep(client: Client, place: str, content: str = TYPED, **fields: str) -> int:
    return client.post(DRAFT, {"draft": place, "content": content, **fields}).status_code


def typed(client: Client, address: str) -> str:
    """Return the initial content of the text field on a page."""
    html = client.get(address).content.decode()
    return unescape(re.search(r"<textarea[^>]*>\r?\n?(.*?)</textarea>", html, re.DOTALL)[1])  # type: ignore[index]


def test_a_draft_is_there_again_in_its_place(bobs: Client, message: Message) -> None:
    own = answer(message, "as it is stored")
    places = {
        f"conversation:{message.conversation_id}": (conversation_of(message), ""),
        f"reply:{message.pk}": (page("reply", message), ""),
        f"edit:{own.pk}": (page("edit", own), "as it is stored"),
        "new": (COMPOSE, ""),
    }
    for place, (address, before) in places.items():
        assert typed(bobs, address) == before
        assert keep(bobs, place, f"{TYPED} in {place}") == 204
    for place, (address, _) in places.items():
        assert typed(bobs, address) == f"{TYPED} in {place}"
        assert "It has not been sent." in bobs.get(address).content.decode()


def test_a_draft_of_a_new_message_knows_whom_it_is_for(bobs: Client, alice: Any) -> None:
    keep(bobs, "new", receiver="alice")
    assert 'name="receiver" value="alice"' in bobs.get(COMPOSE).content.decode()
    assert Draft.objects.get().to == alice
    keep(bobs, "new", receiver="nobo\x00dy")
    assert Draft.objects.get().to is None


def test_writing_to_somebody_named_in_the_address_shows_no_draft_for_others(bobs: Client, alice: Any) -> None:
    make_user("charlie")
    keep(bobs, "new", receiver="alice")
    html = bobs.get(COMPOSE, {"to": "charlie"}).content.decode()
    assert 'value="charlie"' in html and "about to" not in html and 'name="draft"' not in html


def test_other_people_do_not_see_a_draft(bobs: Client, alice: Any, message: Message) -> None:
    keep(bobs, f"conversation:{message.conversation_id}")
    hers = Client()
    hers.force_login(alice)
    assert typed(hers, conversation_of(message)) == ""


@pytest.mark.parametrize("from_page", ["conversation", "reply"])
def test_sending_removes_the_draft_of_that_place_alone(bobs: Client, message: Message, from_page: str) -> None:
    places = {"conversation": f"conversation:{message.conversation_id}", "reply": f"reply:{message.pk}"}
    for place in places.values():
        keep(bobs, place)
    bobs.post(page("reply", message), {"content": TYPED, "draft": places.pop(from_page)})
    assert list(Draft.objects.values_list("place", flat=True)) == list(places.values())
    assert typed(bobs, conversation_of(message)) == (TYPED if from_page == "reply" else "")


def test_sending_a_new_message_and_saving_an_edit_remove_their_drafts(bobs: Client, message: Message) -> None:
    own = answer(message)
    keep(bobs, "new", receiver="alice")
    keep(bobs, f"edit:{own.pk}")
    bobs.post(COMPOSE, {"receiver": "alice", "content": TYPED, "draft": "new"})
    bobs.post(page("edit", own), {"content": TYPED})
    assert not Draft.objects.exists()


def test_a_refused_text_is_kept_as_a_draft(bobs: Client, bob: Any, alice: Any, message: Message) -> None:
    own = answer(message)
    Block.objects.create(blocker=alice, blocked=bob)
    long = "x" * 20_001
    bobs.post(COMPOSE, {"receiver": "alice", "content": long})
    assert typed(bobs, COMPOSE) == long
    for name, about in (("reply", message), ("edit", own)):
        html = bobs.post(page(name, about), {"content": TYPED}).content.decode()
        assert "You cannot write to this person." in html
        assert "about to &lt;say&gt;" in html
        assert "about to &lt;say&gt;" in bobs.get(page(name, about)).content.decode()


def test_discarding_removes_a_draft_and_leads_back(bobs: Client, message: Message) -> None:
    keep(bobs, f"conversation:{message.conversation_id}")
    answered = bobs.post(DRAFT, {"draft": f"conversation:{message.conversation_id}", "content": TYPED, "discard": "1"})
    assert answered["Location"] == conversation_of(message)
    assert typed(bobs, conversation_of(message)) == ""
    assert not Draft.objects.exists()


def test_an_emptied_text_is_no_draft(bobs: Client) -> None:
    keep(bobs, "new")
    assert keep(bobs, "new", " \r\n ") == 204
    assert not Draft.objects.exists()


def test_a_text_that_is_too_long_is_not_kept(bobs: Client) -> None:
    assert keep(bobs, "new", "x" * drafts.LONGEST) == 204
    assert keep(bobs, "new", "x" * (drafts.LONGEST + 1)) == 400


def test_characters_that_cannot_be_stored_are_left_out(bobs: Client) -> None:
    keep(bobs, "new", "a\x00b\r\nc")
    assert Draft.objects.get().content == "ab\nc"


@pytest.mark.parametrize(
    "place",
    [
        *("", "new:", "edit:{theirs}", "reply:{others}", "conversation:{others}", "reply:0{theirs}"),
        *("reply:", "reply:-1", f"reply:{10**20}", "draft:{theirs}", "edit:²"),
    ],
)
def test_drafts_are_refused_for_any_other_place(bobs: Client, alice: Any, message: Message, place: str) -> None:
    """Drafts are refused for other people's messages and for edits of texts that others wrote."""
    other = write(alice, make_user("charlie"))
    names = {"theirs": message.pk, "others": other.pk if place.startswith("reply") else other.conversation_id}
    assert keep(bobs, place.format(**names)) == 404
    assert not Draft.objects.exists()


def test_one_person_keeps_a_limited_number(bobs: Client, message: Message, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST", 2)
    replies = [answer(message) for _ in range(3)]
    for one in replies:
        keep(bobs, f"reply:{one.pk}")
    assert set(Draft.objects.values_list("place", flat=True)) == {f"reply:{one.pk}" for one in replies[1:]}


def test_no_draft_is_kept_without_signing_in(client: Client, db: None) -> None:
    assert keep(client, "new") == 302
    assert Client(enforce_csrf_checks=True).post(DRAFT, {"draft": "new"}).status_code == 403
    assert not Draft.objects.exists()


def test_no_draft_is_kept_for_a_deleted_account(bob: Any) -> None:
    place = drafts.find(bob, "new")
    get_user_model().objects.filter(pk=bob.pk).delete()
    drafts.keep(bob, place, TYPED)
    assert not Draft.objects.exists()


@pytest.mark.parametrize("remove", [delete, delete_in_sets, erase, anonymise])
@pytest.mark.parametrize("who", ["bob", "alice"])
def test_drafts_are_deleted_with_their_writer_or_receiver(
    bobs: Client, message: Message, remove: Callable[[Any], None], who: str
) -> None:
    keep(bobs, f"reply:{message.pk}")
    keep(bobs, "new", receiver="alice")
    remove(get_user_model().objects.get(username=who))
    assert not Draft.objects.exists()
