"""Every text on the pages of the review desk is marked for translation, as a pseudo-locale shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.tests.conversations import answer
from messaging.tests.pseudo import ACCENTED, pseudo, speaking
from messaging.tests.remains import remains
from ops.moderation import claims
from ops.moderation.measures.kinds import Order
from ops.moderation.models import Act, Case, View
from ops.moderation.tests.desk import LEADING, MEASURING, decided, message_of

QUEUE = reverse("admin:moderation_case_changelist")
NAMES = ("alice", "bob", "charlie", "mona", "mike", "Spam", "Threat", "Mine", "UTC", "Threadward")


@pytest.fixture
def browser(client: Client, mona: Any) -> Client:
    """The browser of Mona, who may do everything at the desk."""
    mona.user_permissions.add(*Permission.objects.filter(codename__in=(*LEADING, *MEASURING, "redact_message")))
    client.force_login(mona)
    return client


@pytest.fixture
def case(reported: Any, spam: Any, threat: Any, bob: Any, charlie: Any) -> Case:
    """A case that was reported twice, with an answer, and with a text that was edited since."""
    flag = reported(spam)
    reported(threat, message=flag.message, by=charlie)
    message = message_of(flag)
    answer(message, "No")
    message.content = "Send me more money"
    message.save()
    found: Case = flag.case
    return found


def address(case: Case, name: str = "change") -> str:
    return reverse(f"admin:moderation_case_{name}", args=[case.pk])


def page_of(client: Client, at: str, data: Any = None) -> str:
    with speaking(ACCENTED):
        answered = client.get(at) if data is None else client.post(at, data, follow=True)
        return str(answered.content.decode())


@pytest.mark.django_db
class TestQueue:
    def test_the_texts_of_an_empty_queue_are_marked(self, browser: Client) -> None:
        assert remains(page_of(browser, QUEUE), *NAMES) == ""

    def test_the_texts_of_a_queue_with_cases_and_a_view_are_marked(
        self, browser: Client, case: Case, mona: Any, mike: Any
    ) -> None:
        View.objects.create(name="Mine", slug="mine", owner=mona, filters="label=spam&overdue=yes")
        claims.claim(mike, case)
        page = page_of(browser, QUEUE)
        assert "Send me" in page
        assert remains(page, *NAMES) == ""


@pytest.mark.django_db
class TestCase:
    def test_the_texts_of_an_unclaimed_case_are_marked(self, browser: Client, case: Case) -> None:
        assert remains(page_of(browser, address(case)), *NAMES) == ""

    def test_the_texts_of_a_claimed_case_are_marked(self, browser: Client, case: Case, mona: Any) -> None:
        claims.claim(mona, case)
        page = page_of(browser, address(case))
        assert 'id="decide"' in page
        assert remains(page, *NAMES) == ""

    def test_the_refusals_of_a_decision_are_marked(self, browser: Client, case: Case, mona: Any) -> None:
        claim = claims.claim(mona, case)
        case.refresh_from_db()
        sent = {"token": str(claim.token), "version": case.version, "action": "hide", "label": ""}
        page = page_of(browser, address(case, "decide"), sent)
        assert pseudo("Choose what the decision is about.") in page
        assert pseudo("Choose at least one message to hide, or decide otherwise.") in page
        assert remains(page, *NAMES) == ""

    @pytest.mark.parametrize(
        ("step", "message"),
        [
            ("release", "Released: the case is free for others."),
            ("skip", "Skipped: you are not given this case again for 8 hours."),
            ("escalate", "Escalated: the Leads decide this case."),
            ("wait", "The case waits. It comes back to the queue by itself."),
        ],
    )
    def test_the_messages_after_a_step_are_marked(
        self, browser: Client, case: Case, mona: Any, step: str, message: str
    ) -> None:
        claim = claims.claim(mona, case)
        case.refresh_from_db()
        sent = {"token": str(claim.token), "version": case.version, "hours": "24"}
        page = page_of(browser, address(case, step), sent)
        assert pseudo(message) in page
        assert remains(page, *NAMES) == ""

    def test_the_texts_of_the_report_form_are_marked(self, browser: Client, case: Case, spam: Any) -> None:
        message = message_of(case.flags.get(label=spam))
        at = reverse("admin:moderation_flag_message", args=[message.pk])
        assert remains(page_of(browser, at), *NAMES) == ""
        assert pseudo("Choose what the report is about.") in page_of(browser, at, {})

    def test_the_texts_of_a_decided_case_and_its_undo_page_are_marked(
        self, browser: Client, case: Case, mona: Any, spam: Any, alice: Any
    ) -> None:
        orders = [
            Order(Act.SUSPEND, user=alice.pk, until=timezone.now() + timedelta(days=2)),
            Order(Act.WARN, user=alice.pk),
        ]
        decision = decided(case, mona, spam, measures=orders, sent="No spam")
        for at in (address(case), reverse("admin:moderation_decision_undo", args=[decision.pk])):
            assert remains(page_of(browser, at), "No spam", *NAMES) == ""
