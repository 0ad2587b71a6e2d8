"""Sentences that name a severity, or why a decision ended, are one text each: no label is inserted into another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.pseudo import ACCENTED, pseudo, speaking
from ops.conftest import make_staff
from ops.moderation import decisions, flagging
from ops.moderation.desk.page import WITHIN, CasePage
from ops.moderation.groups.tests.many import MANY, decided_together
from ops.moderation.models import Case, Decision, Flag, Severity, Source
from ops.moderation.tests.desk import decided, many_reports

pytestmark = pytest.mark.django_db


def test_each_severity_has_a_sentence() -> None:
    assert {severity: str(words) for severity, words in WITHIN.items()} == {
        severity: f"Severity {severity.label.lower()}: to be decided within %(time)s." for severity in Severity
    }


def test_the_case_page_explains_the_rank_of_a_case(mona: Any) -> None:
    due = timezone.now()
    page = CasePage(Case(severity=Severity.THREAT, due_at=due, rank_at=due - timedelta(minutes=20)), mona)
    page.waiting = []
    assert page.why_here == "Severity threat: to be decided within 1 hour."
    page.waiting = [Flag(reporter_id=key) for key in (1, 2, 2)]
    assert page.why_here.replace("\xa0", " ") == (
        "Severity threat: to be decided within 1 hour. It ranks 20 minutes before that, because 2 people reported it."
    )
    with speaking(ACCENTED):
        hour, minutes = pseudo("%(number)s hour") % {"number": 1}, pseudo("%(num)d minutes") % {"num": 20}
        sentences = [
            pseudo("Severity threat: to be decided within %(time)s.") % {"time": hour},
            pseudo("It ranks %(time)s before that, because %(number)s people reported it.")
            % {"time": minutes, "number": 2},
        ]
        assert page.why_here.replace("\xa0", " ") == " ".join(sentences)


def test_why_decisions_of_a_group_ended(client: Client, spam: Any, mona: Any, mike: Any) -> None:
    lena = make_staff("lena", *MANY)
    edited, again, undone = many_reports(spam, 3)
    group = decided_together([edited, again, undone], lena, spam)
    message = Message.objects.get(conversation=edited.conversation_id)
    message.content = "Other words"
    message.save()
    flagging.flag(Message.objects.get(conversation=again.conversation_id), label=spam, by=mike, source=Source.STAFF)
    decided(again, mona, spam)
    decisions.undo(Decision.objects.get(case=undone).pk, by=lena)
    client.force_login(lena)
    address = reverse("admin:moderation_decisiongroup_change", args=[group.pk])
    causes = [
        f"%(number)s not: {cause}"
        for cause in ("a newer decision was made", "a text that it covers was changed", "it was undone")
    ]
    assert (
        ", ".join(["<strong>0</strong> still in force", *causes]) % {"number": 1}
        in client.get(address).content.decode()
    )
    with speaking(ACCENTED):
        page = client.get(address).content.decode()
    assert ", ".join(map(pseudo, causes)) % {"number": 1} in page
