"""The form for measures on people, and the staff pages that show the measures in force."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer
from ops.moderation import claims, flagging
from ops.moderation.desk import people
from ops.moderation.measures.kinds import Order
from ops.moderation.models import Act, Case, Decision, Measure, Source
from ops.moderation.tests.desk import MEASURING, decided


@pytest.fixture
def case(reported: Any, spam: Any) -> Case:
    return reported(spam).case


@pytest.fixture
def browser(client: Client, mona: Any) -> Client:
    client.force_login(mona)
    return client


def address(case: Case) -> str:
    return reverse("admin:moderation_case_change", args=[case.pk])


def send(client: Client, case: Case, by: Any, **entered: Any) -> Any:
    claim = claims.claim(by, case)
    case.refresh_from_db()
    data = {"label": "spam", "action": "uphold", "token": str(claim.token), "version": case.version, **entered}
    return client.post(reverse("admin:moderation_case_decide", args=[case.pk]), data)


class TestPeople:
    def test_authors_are_listed_by_number_of_messages_and_before_receivers(
        self, case: Case, mona: Any, spam: Any, alice: Any, bob: Any
    ) -> None:
        """Authors come first however many receivers there are, and however new their accounts are; receivers follow."""
        first = Message.objects.get()
        receivers = [make_user(f"receiver-{place}") for place in range(people.MOST)]
        late = make_user("late")
        for receiver in receivers:
            flagging.flag(answer(first, sender=late, receiver=receiver), label=spam, by=mona, source=Source.STAFF)
        shown = people.people_of(case, mona)
        assert [(one.name, one.wrote) for one in shown] == [
            ("late", people.MOST), ("alice", 1), ("bob", 0), *((f"receiver-{place}", 0) for place in range(3)),
        ]  # fmt: skip

    def test_all_authors_are_listed_even_beyond_the_limit(self, case: Case, mona: Any, spam: Any, bob: Any) -> None:
        first = Message.objects.get()
        for place in range(people.MOST):
            written = answer(first, sender=make_user(f"author-{place}"), receiver=bob)
            flagging.flag(written, label=spam, by=mona, source=Source.STAFF)
        assert [one.wrote for one in people.people_of(case, mona)] == [1] * (people.MOST + 1)


class TestDeciding:
    def test_a_form_with_two_measures_and_an_end_is_stored(
        self, browser: Client, case: Case, mona: Any, alice: Any
    ) -> None:
        acts = [f"warn-{alice.pk}", f"suspend-{alice.pk}"]
        response = send(browser, case, mona, acts=acts, days="3", sent="No spam")
        assert response.status_code == 302
        warning, suspension = Measure.objects.get(act=Act.WARN), Measure.objects.get(act=Act.SUSPEND)
        assert (warning.user_id, warning.until, suspension.user_id) == (alice.pk, None, alice.pk)
        assert suspension.until is not None
        assert abs(suspension.until - timezone.now() - timedelta(days=3)) < timedelta(minutes=5)

    @pytest.mark.parametrize(
        ("entered", "words"),
        [
            ({"sent": ""}, "Write why: whom you warn, restrict or suspend reads it."),
            ({"sent": "x", "action": "dismiss"}, "You dismiss the report, but act on its author"),
            ({"sent": "x", "days": "30"}, "Select a valid choice. 30 is not one of the available choices."),
            ({"sent": "Until {date}"}, "Fill in {date}"),
        ],
    )
    def test_a_refused_decision_shows_the_reason_and_stores_nothing(
        self, browser: Client, case: Case, mona: Any, alice: Any, entered: Any, words: str
    ) -> None:
        response = send(browser, case, mona, acts=[f"suspend-{alice.pk}"], **entered)
        assert response.status_code == 400
        assert words in response.content.decode()
        assert not Decision.objects.exists()

    def test_the_form_keeps_the_choices_when_the_case_changed(
        self, browser: Client, case: Case, mona: Any, alice: Any
    ) -> None:
        entered = {"acts": [f"warn-{alice.pk}"], "days": "7", "sent": "No spam", "version": 99}
        assert send(browser, case, mona, **entered).status_code == 409
        form = browser.get(address(case)).context["form"]
        assert (form["acts"].value(), form["days"].value()) == ([f"warn-{alice.pk}"], "7")

    def test_measures_without_permission_are_not_offered(
        self, browser: Client, case: Case, mona: Any, alice: Any, bob: Any
    ) -> None:
        bob.is_staff = True
        bob.save()
        claims.claim(mona, case)
        page = browser.get(address(case)).content.decode()
        assert f'value="suspend-{alice.pk}"' in page
        for unseen in (f'value="suspend-{bob.pk}"', f'value="delete-{alice.pk}"', ">30 days<"):
            assert unseen not in page
        assert "bob may use the console: only a Lead can warn or suspend them." in page
        mona.user_permissions.add(*Permission.objects.filter(codename__in=MEASURING))
        page = browser.get(address(case)).content.decode()
        for seen in (f'value="suspend-{bob.pk}"', f'value="delete-{alice.pk}"', ">30 days<"):
            assert seen in page


class TestInForce:
    @pytest.fixture
    def suspended(self, case: Case, mona: Any, spam: Any, alice: Any) -> Decision:
        orders = [
            Order(Act.SUSPEND, user=alice.pk, until=timezone.now() + timedelta(days=2)),
            Order(Act.WARN, user=alice.pk),
        ]
        return decided(case, mona, spam, measures=orders, sent="No spam")

    def test_the_case_page_shows_measures_in_force_and_past_measures(
        self, browser: Client, suspended: Decision, case: Case
    ) -> None:
        page = browser.get(address(case)).content.decode()
        assert "suspended until" in page
        assert "warned and did not confirm it yet" in page
        assert "wrote 1 reported message; 2 measures so far" in page
        assert "received what was reported; no measures so far" in page
        assert "alice warned, alice suspended until" in page

    def test_the_undo_page_lists_measures_that_end_and_that_stay(self, browser: Client, suspended: Decision) -> None:
        page = browser.get(reverse("admin:moderation_decision_undo", args=[suspended.pk])).content.decode()
        assert "The warning of alice goes from their pages. alice can sign in again." in page
        Measure.objects.filter(act=Act.WARN).update(confirmed_at=timezone.now())
        page = browser.get(reverse("admin:moderation_decision_undo", args=[suspended.pk])).content.decode()
        assert "What stays as it is" in page
        assert "alice confirmed the warning already: it stays read." in page

    def test_the_person_page_and_the_conversation_panel_show_the_suspension(
        self, browser: Client, suspended: Decision, case: Case, alice: Any
    ) -> None:
        person = browser.get(reverse("admin:accounts_user_conversations", args=[alice.pk])).content.decode()
        assert "Suspended until" in person
        assert address(case) in person
        conversation = reverse("admin:messaging_conversation_change", args=[case.conversation_id])
        assert "suspended until" in browser.get(conversation).content.decode()
