"""Lists of conversations and messages, and the panel beside a conversation, show reports and their case's state."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.conversations import answer, write
from ops.conftest import READING, make_staff
from ops.moderation import decisions, flagging
from ops.moderation.models import Case, Flag, Source, State
from ops.moderation.standing import standings
from ops.moderation.tests.desk import decided, lena, many_reports, message_of, mona, reported, spam, threat
from ops.moderation.tests.test_queue_pages import words

__all__ = ["lena", "mona", "reported", "spam", "threat"]

CONVERSATIONS = reverse("admin:messaging_conversation_changelist")
MESSAGES = reverse("admin:messaging_message_changelist")
QUERIES = {CONVERSATIONS: 15, MESSAGES: 13}
BOTH = pytest.mark.parametrize("at", [CONVERSATIONS, MESSAGES])


@pytest.fixture
def browser(client: Client, mona: Any) -> Client:
    client.force_login(mona)
    return client


def found(client: Client, address: str) -> set[int]:
    """Return the keys of the rows that a list shows."""
    answered = client.get(address)
    assert answered.status_code == 200
    return {row.pk for row in answered.context["cl"].result_list}


def key(at: str, message: Message) -> int:
    """Return the key of a message's row in a list."""
    return message.conversation_id if at == CONVERSATIONS else message.pk


def edit(message: Message, text: str) -> None:
    message.content = text
    message.save()


class TestMarks:
    @BOTH
    def test_the_worst_label_stands_first_with_the_number_of_reports_and_the_state(
        self, browser: Client, reported: Any, spam: Any, threat: Any, charlie: Any, at: str
    ) -> None:
        flag = reported(spam)
        reported(threat, message=flag.message, by=charlie)
        assert "Threat and Spam 2 reports ● open" in words(browser.get(at))
        assert reverse("admin:moderation_case_change", args=[flag.case_id]) in browser.get(at).content.decode()

    @BOTH
    def test_unreported_rows_have_no_marks(self, browser: Client, alice: Any, bob: Any, at: str) -> None:
        write(alice, bob)
        assert "review-marks" not in browser.get(at).content.decode()

    @BOTH
    @pytest.mark.parametrize("codes", [READING, (*READING, "flag_message", "view_label")])
    def test_users_without_access_to_cases_see_no_marks_and_no_filter(
        self, client: Client, reported: Any, spam: Any, at: str, codes: tuple[str, ...]
    ) -> None:
        reported(spam)
        client.force_login(make_staff("rita", *codes))
        page = client.get(at).content.decode()
        assert "review-marks" not in page and "Spam" not in page and 'name="case"' not in page
        for query in ("case=open", "label=spam"):
            assert client.get(f"{at}?{query}")["Location"] == f"{at}?e=1"

    def test_a_message_beside_a_reported_one_has_no_mark(self, browser: Client, reported: Any, spam: Any) -> None:
        other = answer(message_of(reported(spam)), "I did not")
        marked = {row.pk for row in browser.get(MESSAGES).context["cl"].result_list if row.marks}
        assert marked == set(Message.objects.exclude(pk=other.pk).values_list("pk", flat=True))

    def test_reports_taken_back_count_nowhere(self, browser: Client, reported: Any, spam: Any, bob: Any) -> None:
        flagging.withdraw(reported(spam), by=bob)
        assert "review-marks" not in browser.get(CONVERSATIONS).content.decode()
        assert found(browser, f"{CONVERSATIONS}?case=reported") == set()

    def test_a_new_report_replaces_the_mark_of_a_decided_one(
        self, browser: Client, reported: Any, spam: Any, threat: Any, lena: Any, charlie: Any
    ) -> None:
        flag = reported(threat)
        decided(flag.case, lena, threat)
        assert "Threat 1 report ✓ decided" in words(browser.get(CONVERSATIONS))
        reported(spam, message=flag.message, by=charlie)
        assert "Spam 1 report ● open" in words(browser.get(CONVERSATIONS))

    @BOTH
    def test_twice_the_rows_take_the_same_queries(
        self, browser: Client, spam: Any, threat: Any, django_assert_num_queries: Any, at: str, lena: Any
    ) -> None:
        cases = many_reports(spam, 4)
        browser.get(at)
        with django_assert_num_queries(QUERIES[at]):
            browser.get(at)
        for place, flag in enumerate(list(Flag.objects.all())):
            other = write(message_of(flag).sender, message_of(flag).receiver, f"More {place}")
            flagging.flag(other, label=threat, by=other.receiver, source=Source.PARTICIPANT)
        decided(cases[0], lena, spam)
        browser.get(at)
        with django_assert_num_queries(QUERIES[at]):
            browser.get(at)


class TestFilters:
    @BOTH
    def test_each_state_finds_its_rows_and_no_others(
        self, browser: Client, reported: Any, spam: Any, lena: Any, alice: Any, bob: Any, at: str
    ) -> None:
        never = write(alice, bob, "nothing")
        rows = {name: reported(spam, message=write(alice, bob, name)) for name, _ in standings.CHOICES[1:-1]}
        Case.objects.filter(pk=rows["escalated"].case_id).update(state=State.ESCALATED)
        waits = {"waiting_from": timezone.now(), "waits_for_reply": True}
        Case.objects.filter(pk=rows["waiting"].case_id).update(state=State.WAITING, **waits)
        Case.objects.filter(pk=rows["overdue"].case_id).update(due_at=F("due_at") - timedelta(days=30))
        for name in ("decided", "lapsed"):
            decided(rows[name].case, lena, spam, hides=[rows[name].message_id])
        edit(Message.objects.get(pk=rows["lapsed"].message_id), "changed")
        Flag.objects.filter(pk=rows["closed"].pk).update(outcome="dismissed", settled_at=timezone.now())
        Case.objects.filter(pk=rows["closed"].case_id).update(state=State.CLOSED, closed_at=timezone.now())

        keys = {name: key(at, message_of(flag)) for name, flag in rows.items()}
        expected = {name: {number} for name, number in keys.items()} | {"never": {key(at, never)}}
        expected["open"] |= {keys["overdue"], keys["lapsed"]}
        expected["reported"] = set(keys.values())
        assert {name: found(browser, f"{at}?case={name}") for name, _ in standings.CHOICES} == expected

    @BOTH
    def test_a_row_with_a_lapsed_decision_is_found_and_marked(
        self, browser: Client, reported: Any, spam: Any, lena: Any, at: str
    ) -> None:
        flag = reported(spam)
        decided(flag.case, lena, spam)
        edit(message_of(flag), "changed")
        assert "● open ✎ decision lapsed" in words(browser.get(f"{at}?case=lapsed"))

    @BOTH
    def test_rows_are_filtered_by_label(self, browser: Client, reported: Any, spam: Any, threat: Any, at: str) -> None:
        one, other = reported(spam), reported(threat)
        assert found(browser, f"{at}?label=spam") == {key(at, message_of(one))}
        assert found(browser, f"{at}?label=threat") == {key(at, message_of(other))}
        assert browser.get(f"{at}?label=none")["Location"] == f"{at}?e=1"

    def test_the_pending_case_gives_the_state_of_the_conversation(
        self, browser: Client, reported: Any, spam: Any, lena: Any, charlie: Any
    ) -> None:
        flag = reported(spam)
        decision = decided(flag.case, lena, spam)
        long_ago = timezone.now() - timedelta(days=60)
        Case.objects.filter(pk=flag.case_id).update(closed_at=long_ago)
        newer = reported(spam, message=flag.message, by=charlie).case
        assert newer.pk != flag.case_id
        assert found(browser, f"{CONVERSATIONS}?case=decided") == set()
        assert found(browser, f"{CONVERSATIONS}?case=open") == {message_of(flag).conversation_id}
        decided(newer, lena, spam)
        decisions.undo(decision.pk, by=lena, note="wrong")
        assert standings.of_conversation(message_of(flag).conversation_id).case_id == flag.case_id  # type: ignore[union-attr]


class TestPanel:
    def page(self, client: Client, flag: Flag) -> Any:
        address = reverse("admin:messaging_conversation_change", args=[message_of(flag).conversation_id])
        return client.get(address)

    def test_the_panel_shows_labels_state_and_reported_messages(
        self, browser: Client, reported: Any, spam: Any
    ) -> None:
        flag = reported(spam)
        page = self.page(browser, flag)
        assert re.search(rf"Reports S Spam 1 report Case ?{flag.case_id} State ?● open Reported here ?#1", words(page))

    def test_the_panel_is_hidden_from_others_and_on_unreported_conversations(
        self, client: Client, browser: Client, reported: Any, spam: Any, rita: Any, alice: Any, bob: Any
    ) -> None:
        flag = reported(spam)
        calm = write(alice, bob)
        assert "Reported here" not in words(
            browser.get(reverse("admin:messaging_conversation_change", args=[calm.conversation_id]))
        )
        client.force_login(rita)
        assert "Spam" not in words(self.page(client, flag))
