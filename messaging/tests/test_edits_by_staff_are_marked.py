"""An edit by anybody but the sender is marked as a staff edit, on every code path, for as long as it is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.editors import editing_as
from messaging.erasing import erasure
from messaging.erasing.anonymising import AnonymisedCounts, anonymise_batch, anonymise_rest
from messaging.models import Message, MessageHistory
from messaging.tests.conversations import write
from messaging.tests.test_texts_are_numbered import ROADS, edit_page

as_staff = pytest.mark.parametrize(
    "road", [road for road in ROADS if road is not edit_page], ids=lambda one: one.__name__
)


def marks(message: Message) -> list[bool]:
    return list(message.histories.order_by("revision").values_list("by_staff", flat=True))


@pytest.mark.django_db
@as_staff
def test_every_way_of_editing_marks_exactly_the_edits_by_staff(alice: Any, bob: Any, charlie: Any, road: Any) -> None:
    for editor, marked in ((charlie, True), (alice, False), (None, False)):
        message, other = write(alice, bob, "first"), write(alice, bob, "other")
        with editing_as(editor):
            road(message, other)
        assert marks(message) == [marked]


@pytest.mark.django_db
def test_editing_ones_own_message_is_not_marked(alice: Any, bob: Any) -> None:
    message, client = write(alice, bob, "first"), Client()
    client.force_login(alice)
    client.post(reverse("messaging:edit", args=[message.pk]), {"content": "second"})
    assert marks(message) == [False]


@pytest.mark.django_db
def test_the_mark_outlives_the_account_of_the_editor(alice: Any, bob: Any, charlie: Any) -> None:
    message = write(alice, bob, "first")
    with editing_as(alice):
        Message.objects.update(content="second")
    with editing_as(charlie):
        Message.objects.update(content="third")
    MessageHistory.objects.filter(revision=2).update(by_staff=False)  # as written by the version before this mark
    charlie.delete()
    assert list(message.histories.order_by("revision").values_list("edited_by", "by_staff")) == [
        (alice.pk, False),
        (None, True),
    ]
    client = Client()
    for person in (alice, bob):
        client.force_login(person)
        page = client.get(reverse("messaging:conversation", args=[message.conversation_id])).content.decode()
        assert '<span class="chip">edited by staff</span>' in page
        assert "by staff" in client.get(reverse("messaging:history", args=[message.pk])).content.decode()


@pytest.mark.django_db
def test_the_mark_stays_where_the_editor_is_anonymised(alice: Any, bob: Any, charlie: Any) -> None:
    message, counts = write(alice, bob, "first"), AnonymisedCounts()
    with editing_as(charlie):
        Message.objects.update(content="second")
    anonymise_batch(charlie.pk, counts, after=None, size=5, blank=True)
    anonymise_rest(charlie.pk, counts, size=5, blank=True)
    assert marks(message) == [True]


@pytest.mark.django_db
def test_an_erasure_does_not_mark_the_edits_of_others(alice: Any, bob: Any, charlie: Any) -> None:
    kept = write(bob, charlie, "first")
    with editing_as(bob):
        Message.objects.update(content="second")
    erasure.erase_user_data(alice.pk)
    assert marks(kept) == [False]


@pytest.mark.django_db
def test_corrections_are_the_marked_edits(alice: Any, bob: Any, charlie: Any) -> None:
    write(alice, bob, "first")
    with editing_as(alice):
        Message.objects.update(content="second")
    with editing_as(charlie):
        Message.objects.update(content="third")
    charlie.delete()
    assert [one.revision for one in MessageHistory.objects.corrections()] == [2]
