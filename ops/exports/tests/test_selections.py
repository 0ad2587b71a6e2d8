"""The messages in an export: those that the list showed to the requester, no more and no less."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.http import QueryDict
from django.test import RequestFactory
from django.utils import timezone

from messaging.models import Conversation, Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.exports import requests
from ops.exports.models import Export
from ops.exports.selections import ExportRefused
from ops.exports.tests.exporting import exported

MESSAGES, CONVERSATIONS = Export.Scope.MESSAGES, Export.Scope.CONVERSATIONS


@pytest.fixture
def threads(db: Any) -> list[Message]:
    """Two conversations of Alice and Bob, one of Alice and Charlie; old and new, read and unread, edited and not."""
    alice, bob, charlie = (make_user(name) for name in ("alice", "bob", "charlie"))
    first = write(alice, bob, "needle one", read=True)
    reply = answer(first, "an answer", read=True)
    second = write(bob, alice, "two", minute=10, external_id="b2")
    third = write(alice, charlie, "three", timestamp=timezone.now() - timedelta(hours=1))
    answer(third, "needle four", timestamp=timezone.now())
    reply.content = "an answer, edited"
    reply.save()
    return [first, reply, second, third]


def texts(content: bytes) -> list[str]:
    return [row["content"] for row in csv.DictReader(io.StringIO(content.decode(), newline=""))]


def shown(model: Any, query: str, by: Any) -> Any:
    """Return the rows of a list as a person sees it."""
    request = RequestFactory().get("/console/", QueryDict(query))
    request.user = by
    changes: Any = admin.site.get_model_admin(model).get_changelist_instance(request)
    return changes.queryset


@pytest.mark.parametrize(
    "query",
    ["", "unread=", "unread=yes", "unread=no", "edited=yes", "replies=no", "since=today", "since=7d",
     "q=needle", "q=with:bob", "q=id:b2", "q=nothing+at+all", "unread=yes&q=needle&since=30d"],
)  # fmt: skip
def test_filters_and_search_match_the_list_of_messages(dora: Any, threads: list[Message], query: str) -> None:
    expected = [row.content for row in shown(Message, query, dora).order_by("pk")]
    if expected:
        assert texts(exported(dora, scope=MESSAGES, query=query, now=timezone.now())) == expected
    else:
        with pytest.raises(ExportRefused, match="there is nothing to export"):
            exported(dora, scope=MESSAGES, query=query)


def test_the_messages_of_one_participant_are_exported(dora: Any, threads: list[Message]) -> None:
    bob = threads[0].receiver
    assert texts(exported(dora, query=f"participant={bob.pk}")) == ["needle one", "an answer, edited", "two"]


@pytest.mark.parametrize(
    "query", ["", "unread=yes", "edited=yes", "length=2-9", "since=today", "q=needle", "q=with:charlie"]
)
def test_filtered_conversations_are_exported_with_all_messages(dora: Any, threads: list[Message], query: str) -> None:
    keys = list(shown(Conversation, query, dora).values_list("pk", flat=True))
    expected = list(Message.objects.filter(conversation__in=keys).order_by("pk").values_list("content", flat=True))
    assert expected
    assert texts(exported(dora, scope=CONVERSATIONS, query=query, now=timezone.now())) == expected


def test_only_selected_messages_or_conversations_are_exported(dora: Any, threads: list[Message]) -> None:
    first, _, _, third = threads
    assert texts(exported(dora, ids=[third.pk, first.pk])) == ["needle one", "three"]
    assert texts(exported(dora, scope=CONVERSATIONS, ids=[third.conversation_id])) == ["three", "needle four"]


def test_matches_can_be_exported_with_their_whole_conversations(dora: Any, threads: list[Message]) -> None:
    whole = texts(exported(dora, query="edited=yes", whole_threads=True))
    assert whole == ["needle one", "an answer, edited"]
    assert texts(exported(dora, ids=[threads[3].pk], whole_threads=True)) == ["three", "needle four"]


def test_a_preset_of_days_counts_back_from_the_request(dora: Any, threads: list[Message]) -> None:
    draft = requests.draft(by=dora, scope=MESSAGES, query="since=today", reason="why")
    export = requests.submit(draft)
    Export.objects.filter(pk=export.pk).update(created_at=export.created_at + timedelta(days=3))
    later = Export.objects.get(pk=export.pk)
    assert texts(b"".join(requests.stream(later))) == []
    assert len(texts(b"".join(requests.stream(export)))) == len(shown(Message, "since=today", dora))


def test_an_export_by_filter_stores_no_ids(dora: Any, threads: list[Message]) -> None:
    export = requests.submit(requests.draft(by=dora, scope=MESSAGES, query="unread=yes", reason="why"))
    assert export.selection["query"] == "unread=yes"
    assert "ids" not in export.selection


@pytest.mark.parametrize("scope", [MESSAGES, CONVERSATIONS])
@pytest.mark.parametrize(
    "query",
    ["colour=red", "unread=perhaps", "since=8d", "participant=x", "participant=99999999999999999999", "q=%00",
     "sender__password__startswith=a", "unread=yes&since=x"],
)  # fmt: skip
def test_an_invalid_filter_exports_nothing(dora: Any, threads: list[Message], scope: str, query: str) -> None:
    with pytest.raises(ExportRefused) as refusal:
        exported(dora, scope=scope, query=query)
    assert str(refusal.value) == ("A filter in that address was not understood: go back to the list and choose again.")


@pytest.mark.parametrize("lost", ["export_messages", "view_message"])
@pytest.mark.parametrize("chosen", [{"query": ""}, {"ids": [1]}])
def test_permissions_are_checked_again_when_the_file_is_made(
    dora: Any, threads: list[Message], lost: str, chosen: Any
) -> None:
    if "ids" in chosen:
        chosen = {"ids": [threads[0].pk]}
    export = requests.submit(requests.draft(by=dora, scope=MESSAGES, reason="why", **chosen))
    dora.user_permissions.remove(Permission.objects.get(codename=lost))
    with pytest.raises(ExportRefused) as refusal:
        requests.stream(Export.objects.get(pk=export.pk))
    assert str(refusal.value) == "You may not export this (any more): ask an administrator."


def test_a_disabled_account_exports_nothing(dora: Any, threads: list[Message]) -> None:
    export = requests.submit(requests.draft(by=dora, scope=MESSAGES, reason="why"))
    type(dora).objects.filter(pk=dora.pk).update(is_active=False)
    with pytest.raises(ExportRefused):
        requests.stream(Export.objects.get(pk=export.pk))
