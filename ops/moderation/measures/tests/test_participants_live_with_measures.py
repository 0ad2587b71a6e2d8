"""How measures affect participants: signing in, sending, starting conversations, confirming warnings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from ops.audit.models import Entry
from ops.moderation.measures.kinds import Order
from ops.moderation.measures.tests.conftest import Clock
from ops.moderation.models import Act, Case, Measure
from ops.moderation.tests.desk import decided

PASSWORD = "correct horse battery"
INBOX, NEW = reverse("messaging:inbox"), reverse("messaging:compose")


@pytest.fixture
def case(reported: Any, spam: Any, alice: Any) -> Case:
    alice.set_password(PASSWORD)
    alice.save()
    return reported(spam).case


@pytest.fixture
def take(case: Case, mona: Any, spam: Any, alice: Any) -> Any:
    def measure(act: Act, days: int = 7) -> Measure:
        until = timezone.now() + timedelta(days=days) if act in (Act.SUSPEND, Act.RESTRICT) else None
        decision = decided(case, mona, spam, measures=[Order(act, user=alice.pk, until=until)], sent="No <b>spam</b>")
        return decision.measures.get()

    return measure


@pytest.fixture
def signed_in(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


def sign_in(client: Client) -> Any:
    return client.post(reverse("login"), {"username": "alice", "password": PASSWORD})


class TestSuspended:
    def test_cannot_sign_in_until_it_is_over(self, clock: Clock, take: Any, client: Client, settings: Any) -> None:
        settings.MESSAGING_OBJECTIONS = "appeals@example.org"
        take(Act.SUSPEND)
        response = sign_in(client)
        assert response.status_code == 200
        page = response.content.decode()
        assert "Your account is suspended until 5 December 2026, 12:00 (UTC)" in page
        assert "The reason that moderators gave: No &lt;b&gt;spam&lt;/b&gt;" in page
        assert "To object, write to appeals@example.org" in page
        clock.tick(timedelta(days=7, seconds=1))
        assert sign_in(client).status_code == 302

    def test_a_wrong_password_reads_nothing_of_it(self, take: Any, client: Client) -> None:
        take(Act.SUSPEND)
        page = client.post(reverse("login"), {"username": "alice", "password": "wrong"}).content.decode()
        assert "suspended" not in page

    def test_repeated_sign_ins_of_suspended_people_cause_no_lockout(self, take: Any, client: Client) -> None:
        take(Act.SUSPEND)
        for _ in range(8):
            assert "Your account is suspended" in sign_in(client).content.decode()

    def test_sends_nothing_by_a_session_that_began_at_that_moment(
        self, clock: Clock, take: Any, alice: Any, client: Client
    ) -> None:
        take(Act.SUSPEND)
        client.force_login(alice)
        before = Message.objects.count()
        page = client.post(NEW, {"receiver": "bob", "content": "Hello"}).content.decode()
        assert "you cannot sign in or send messages" in page
        reply = reverse("messaging:reply", args=[Message.objects.get().pk])
        assert "cannot sign in or send" in client.post(reply, {"content": "Hello"}).content.decode()
        assert Message.objects.count() == before
        clock.tick(timedelta(days=7, seconds=1))
        client.force_login(alice)
        client.post(NEW, {"receiver": "bob", "content": "Hello"})
        assert Message.objects.count() == before + 1

    def test_staff_cannot_sign_in_to_the_console(self, take: Any, alice: Any, client: Client) -> None:
        take(Act.SUSPEND)
        alice.is_staff = True
        alice.save()
        page = client.post(reverse("admin:login"), {"username": "alice", "password": PASSWORD}).content.decode()
        assert "Your account is suspended until" in page


class TestRestricted:
    def test_begins_nothing_but_may_reply(self, clock: Clock, take: Any, signed_in: Client) -> None:
        take(Act.RESTRICT)
        page = signed_in.get(NEW).content.decode()
        assert "You cannot begin conversations until" in page
        assert "Send message" not in page
        refused = signed_in.post(NEW, {"receiver": "bob", "content": "Hello"}).content.decode()
        assert "You cannot begin conversations until" in refused
        assert "Hello" in refused  # what they typed is not lost
        assert Message.objects.count() == 1
        signed_in.post(reverse("messaging:reply", args=[Message.objects.get().pk]), {"content": "Sorry"})
        assert Message.objects.count() == 2
        clock.tick(timedelta(days=7, seconds=1))
        signed_in.force_login(Message.objects.order_by("pk")[0].sender)
        signed_in.post(NEW, {"receiver": "bob", "content": "Hello"})
        assert Message.objects.count() == 3

    def test_reads_it_on_a_page_that_was_in_the_cache(self, case: Case, take: Any, signed_in: Client) -> None:
        assert "cannot begin" not in signed_in.get(INBOX).content.decode()
        take(Act.RESTRICT)
        page = signed_in.get(INBOX).content.decode()
        assert "You cannot begin conversations until" in page
        assert "No &lt;b&gt;spam&lt;/b&gt;" in page


class TestWarned:
    def test_writes_again_after_confirming_which_is_recorded(self, take: Any, signed_in: Client, alice: Any) -> None:
        warning = take(Act.WARN)
        message = Message.objects.get()
        page = signed_in.get(reverse("messaging:conversation", args=[message.conversation_id])).content.decode()
        assert "The moderators warned you" in page
        assert "Confirm the warning of the moderators above" in page
        reply = reverse("messaging:reply", args=[message.pk])
        signed_in.post(reply, {"content": "What?"})
        assert Message.objects.count() == 1
        edit = reverse("messaging:edit", args=[message.pk])  # editing does not bypass the warning
        page = signed_in.post(edit, {"content": "What?"}).content.decode()
        assert "Confirm the warning of the moderators above" in page and "The moderators warned you" in page
        message.refresh_from_db()
        assert message.content != "What?"
        confirm = reverse("messaging:confirm_warning", args=[warning.pk])
        for _ in range(2):  # twice is fine
            assert signed_in.post(confirm).status_code == 302
        assert Measure.objects.get().confirmed_at is not None
        entry = Entry.objects.get(event="moderation.warning_confirmed")
        assert (entry.actor_id, entry.details) == (alice.pk, {"decision": warning.decision_id})
        assert "The moderators warned you" not in signed_in.get(INBOX).content.decode()
        signed_in.post(reply, {"content": "Sorry"})
        assert Message.objects.count() == 2

    def test_only_the_warned_person_confirms_the_warning(self, take: Any, client: Client, bob: Any) -> None:
        warning = take(Act.WARN)
        client.force_login(bob)
        assert client.post(reverse("messaging:confirm_warning", args=[warning.pk])).status_code == 404
        assert client.get(reverse("messaging:confirm_warning", args=[warning.pk])).status_code == 405
        assert Measure.objects.get().confirmed_at is None

    def test_without_moderators_there_is_nothing_to_confirm(self, take: Any, signed_in: Client, settings: Any) -> None:
        warning = take(Act.WARN)
        settings.MESSAGING_STANDING = ""
        assert signed_in.post(reverse("messaging:confirm_warning", args=[warning.pk])).status_code == 404
        assert "warned" not in signed_in.get(INBOX).content.decode()
