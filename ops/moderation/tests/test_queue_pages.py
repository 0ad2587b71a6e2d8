"""The queue and the page of a case: what they show, record and refuse, in a fixed number of queries."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from messaging.models import Message
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.moderation import claims, decisions, flagging
from ops.moderation.models import CannedReason, Case, Claim, Decision, Draft, Flag, Label, Skip, Source, State
from ops.moderation.tests.desk import decided, many_reports, message_of

QUEUE = reverse("admin:moderation_case_changelist")
QUERIES_OF_QUEUE = 14
QUERIES_OF_CASE = 23


def words(response: Any) -> str:
    """Return the text of a page, with single spaces between words."""
    return re.sub(r"\s+", " ", strip_tags(response.content.decode())).replace("&#x27;", "'")


def address(case: Case, name: str = "change") -> str:
    return reverse(f"admin:moderation_case_{name}", args=[case.pk])


@pytest.fixture
def browser(client: Client, mona: Any) -> Client:
    client.force_login(mona)
    return client


def sent(case: Case, claim: Claim | None = None, **fields: Any) -> dict[str, Any]:
    """Return the data that the form of a case sends."""
    case.refresh_from_db()
    return {"token": str(claim.token) if claim else "", "version": case.version, **fields}


class TestQueue:
    def test_a_row_shows_people_text_labels_and_holder(
        self, browser: Client, reported: Any, spam: Any, threat: Any, charlie: Any, mike: Any
    ) -> None:
        flag = reported(spam)
        reported(threat, message=flag.message, by=charlie)
        claims.claim(mike, flag.case)
        page = words(browser.get(QUEUE))
        assert "alice·, bob" in page
        assert "Send me money" in page
        assert "Threat" in page and "Spam" in page
        assert "2 by 2" in page
        assert "mike" in page

    def test_hard_texts_are_covered_and_not_recorded_as_read(
        self, browser: Client, reported: Any, threat: Any, mona: Any
    ) -> None:
        Label.objects.update(hard_to_read=True)
        reported(threat)
        page = words(browser.get(QUEUE))
        assert "Send me money" not in page
        assert "Hard to read: open the case to see the text." in page
        assert not Entry.objects.filter(actor=mona, event="list.read").exists()

    def test_a_case_whose_decision_lapsed_was_opened_again(
        self, browser: Client, reported: Any, spam: Any, mona: Any
    ) -> None:
        flag = reported(spam)
        assert "opened just now" in words(browser.get(address(flag.case)))
        decided(flag.case, mona, spam)
        flag.message.content = "Send me more money"
        flag.message.save()
        assert "opened again just now" in words(browser.get(address(flag.case)))
        assert 'data-name="opened again"' in browser.get(QUEUE).content.decode()

    def test_shown_texts_are_recorded(self, browser: Client, reported: Any, spam: Any, mona: Any) -> None:
        flag = reported(spam)
        browser.get(QUEUE)
        entry = Entry.objects.get(actor=mona, event="list.read")
        assert entry.details["messages"] == [[flag.message_id, flag.message_id]]

    def test_twice_the_rows_take_the_same_queries(
        self, browser: Client, spam: Any, django_assert_num_queries: Any
    ) -> None:
        many_reports(spam, 4)
        browser.get(QUEUE)
        with django_assert_num_queries(QUERIES_OF_QUEUE):
            browser.get(QUEUE)
        for place, flag in enumerate(list(Flag.objects.all())):
            other = answer(message_of(flag), f"More {place}")
            flagging.flag(other, label=spam, by=other.receiver, source=Source.PARTICIPANT)
        assert Flag.objects.count() == 8
        browser.get(QUEUE)
        with django_assert_num_queries(QUERIES_OF_QUEUE):
            browser.get(QUEUE)

    def test_filters_narrow_the_queue(
        self, browser: Client, spam: Any, threat: Any, mona: Any, mike: Any, lena: Any, reported: Any
    ) -> None:
        free, held, closed = many_reports(spam, 3)
        urgent = reported(threat).case
        claims.claim(mike, held)
        decided(closed, mona, spam)
        Case.objects.filter(pk=free.pk).update(due_at=free.pending_since)

        def found(query: str) -> set[int]:
            return {row.pk for row in browser.get(f"{QUEUE}?{query}").context["cl"].result_list}

        assert found("") == {free.pk, held.pk, urgent.pk}
        assert found("label=threat") == {urgent.pk}
        assert found("overdue=yes") == {free.pk}
        assert found("holder=nobody") == {free.pk, urgent.pk}
        assert found("holder=anybody") == {held.pk}
        assert found("holder=me") == set()
        assert found("state=closed") == {closed.pk}
        assert found("state=pending") == {free.pk, held.pk, urgent.pk}

    def test_an_empty_queue_says_so(self, browser: Client) -> None:
        assert "The queue is empty: nothing that was reported waits for a decision." in words(browser.get(QUEUE))


class TestCasePage:
    def test_the_reported_message_stands_amid_five_others(
        self, browser: Client, alice: Any, bob: Any, spam: Any, reported: Any, mona: Any
    ) -> None:
        first = last = write(alice, bob, "Word 0")
        thread = [first]
        for number in range(1, 30):
            last = answer(last, f"Word {number}", minute=number)
            thread.append(last)
        case = reported(spam, message=thread[15]).case
        page = words(browser.get(address(case)))
        shown = [number for number in range(30) if f"Word {number} " in f"{page} "]
        assert set(range(10, 21)) <= set(shown)
        assert "Word 9 " not in page and "Word 21 " not in page
        assert "10 messages not shown" in page
        entry = Entry.objects.get(event="moderation.case_read")
        assert entry.details["messages"] == [[thread[10].pk, thread[20].pk]]

    def test_changes_since_the_report_are_shown_to_users_who_see_histories(
        self, browser: Client, spam: Any, reported: Any
    ) -> None:
        flag = reported(spam)
        message = flag.message
        message.content = "Send me flowers"
        message.save()
        response = browser.get(address(flag.case))
        assert "Changed since it was reported" in words(response)
        assert "<del>money</del><ins>flowers</ins>" in response.content.decode()
        assert Entry.objects.get(event="moderation.case_read").details["histories"] == [[message.pk, message.pk]]

    def test_without_histories_the_old_text_is_not_shown(
        self, client: Client, spam: Any, reported: Any, mona: Any
    ) -> None:
        mona.user_permissions.remove(*mona.user_permissions.filter(codename="view_messagehistory"))
        client.force_login(mona)
        flag = reported(spam)
        message = flag.message
        message.content = "Send me flowers"
        message.save()
        page = words(client.get(address(flag.case)))
        assert "money" not in page
        assert "Send me flowers" in page

    def test_queries_do_not_grow_with_reports(
        self, browser: Client, spam: Any, reported: Any, charlie: Any, lena: Any, django_assert_num_queries: Any
    ) -> None:
        flag = reported(spam)
        browser.get(address(flag.case))
        with django_assert_num_queries(QUERIES_OF_CASE):
            browser.get(address(flag.case))
        reported(spam, message=flag.message, by=charlie)
        reported(spam, message=answer(message_of(flag)), by=lena)
        browser.get(address(flag.case))
        with django_assert_num_queries(QUERIES_OF_CASE):
            browser.get(address(flag.case))

    def test_an_erased_conversation_leaves_a_page(self, browser: Client, spam: Any, reported: Any) -> None:
        flag = reported(spam)
        Message.objects.all().delete()
        assert "The conversation was erased." in words(browser.get(address(flag.case)))

    def test_an_unknown_case_is_not_there(self, browser: Client) -> None:
        assert browser.get(reverse("admin:moderation_case_change", args=[12345])).status_code == 404


class TestSteps:
    @pytest.fixture
    def case(self, reported: Any, spam: Any) -> Case:
        return reported(spam).case

    def test_next_opens_a_case_or_the_queue_when_nothing_is_left(self, browser: Client, case: Case, mona: Any) -> None:
        response = browser.post(reverse("admin:moderation_case_next"))
        assert response.headers["Location"] == address(case)
        Claim.objects.all().delete()
        claims.skip(mona, case)
        response = browser.post(reverse("admin:moderation_case_next"), follow=True)
        assert "Nothing is left in the queue that you can decide now." in words(response)

    def test_deciding_can_open_the_next_case(self, browser: Client, case: Case, mona: Any, spam: Any) -> None:
        (other,) = many_reports(spam, 1)
        claim = claims.claim(mona, case)
        message = Message.objects.get(content="Send me money")
        fields = {"label": "spam", "action": "hide", "hides": [message.pk], "next": "1"}
        response = browser.post(address(case, "decide"), sent(case, claim, **fields))
        assert response.headers["Location"] == address(other)
        message.refresh_from_db()
        assert message.hidden
        assert Claim.objects.get().case == other

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"action": "dismiss"}, "Choose what the decision is about."),
            ({"label": "spam"}, "Choose a decision."),
            ({"label": "spam", "action": "hide"}, "Choose at least one message to hide, or decide otherwise."),
            ({"label": "spam", "action": "dismiss", "sent": "Dear {name}"}, "Fill in {name}"),
        ],
    )
    def test_an_incomplete_decision_is_refused_with_a_reason(
        self, browser: Client, case: Case, mona: Any, fields: dict[str, Any], reason: str
    ) -> None:
        claim = claims.claim(mona, case)
        response = browser.post(address(case, "decide"), sent(case, claim, **fields))
        assert response.status_code == 400
        assert reason in words(response)
        assert not Decision.objects.exists()

    def test_the_input_is_kept_when_a_colleague_decided_first(
        self, browser: Client, case: Case, mona: Any, mike: Any, spam: Any
    ) -> None:
        claim = claims.claim(mona, case)
        fields = sent(case, claim, label="spam", action="dismiss", note="A note of mine")
        claims.release(mona, case.pk)
        decided(case, mike, spam)
        response = browser.post(address(case, "decide"), fields)
        assert response.status_code == 409
        assert "The case changed since you opened it" in words(response)
        assert Draft.objects.get().entered["note"] == "A note of mine"
        assert Decision.objects.count() == 1

    def test_the_form_restores_the_draft(
        self, browser: Client, case: Case, mona: Any, charlie: Any, spam: Any, reported: Any
    ) -> None:
        claim = claims.claim(mona, case)
        fields = sent(case, claim, label="spam", action="dismiss", note="A note of mine")
        reported(spam, message=Message.objects.get(content="Send me money"), by=charlie)
        assert browser.post(address(case, "decide"), fields).status_code == 409
        assert "A note of mine" in browser.get(address(case)).content.decode()
        browser.post(address(case, "decide"), {**fields, **sent(case, claim)})
        assert not Draft.objects.exists()

    def test_each_other_step_changes_the_case(self, browser: Client, case: Case, mona: Any) -> None:
        for name, state in (("wait", State.WAITING), ("return", State.OPEN)):
            claim = claims.claim(mona, case)
            browser.post(address(case, name), sent(case, claim, hours="24", reply="on"))
            case.refresh_from_db()
            assert case.state == state
        claims.claim(mona, case)
        browser.post(address(case, "skip"))
        assert Skip.objects.get().case == case
        assert not Claim.objects.exists()
        browser.post(address(case, "claim"))
        assert Claim.objects.get().reviewer == mona
        browser.post(address(case, "release"))
        assert not Claim.objects.exists()
        claim = claims.claim(mona, case)
        browser.post(address(case, "escalate"), sent(case, claim))
        case.refresh_from_db()
        assert case.state == State.ESCALATED
        assert "This case is escalated: a Lead decides it." in words(browser.get(address(case)))

    def test_a_lead_takes_over(self, client: Client, case: Case, mona: Any, lena: Any) -> None:
        claims.claim(mona, case)
        client.force_login(lena)
        assert "mona holds this case" in words(client.get(address(case)))
        client.post(address(case, "take_over"))
        assert Claim.objects.get().reviewer == lena

    def test_a_heartbeat_says_whether_the_claim_is_held(self, browser: Client, case: Case, mona: Any) -> None:
        claim = claims.claim(mona, case)
        assert browser.post(address(case, "heartbeat"), {"token": str(claim.token)}).json() == {"held": True}
        for token in (str(uuid4()), "", "x"):
            assert browser.post(address(case, "heartbeat"), {"token": token}).json() == {"held": False}

    def test_a_page_that_was_left_gives_the_case_back_soon(self, browser: Client, case: Case, mona: Any) -> None:
        claim = claims.claim(mona, case)
        browser.post(f"{address(case, 'heartbeat')}?left=yes", {"token": str(claim.token)})
        assert Claim.objects.get().expires_at <= timezone.now() + claims.LEFT

    def test_the_undo_page_previews_and_performs_the_undo(
        self, browser: Client, case: Case, mona: Any, spam: Any
    ) -> None:
        message = Message.objects.get(content="Send me money")
        decision = decided(case, mona, spam, hides=[message.pk])
        undo = reverse("admin:moderation_decision_undo", args=[decision.pk])
        assert "1 message will be shown to participants again." in words(browser.get(undo))
        assert "Say why it is undone" in words(browser.post(undo, {"note": ""}))
        page = browser.post(undo, {"note": "Too fast"}, follow=True)
        assert "Undone: the case is open again." in words(page)
        message.refresh_from_db()
        assert not message.hidden

    def test_the_restore_page_previews_and_performs_the_restoring(
        self, browser: Client, case: Case, mona: Any, spam: Any
    ) -> None:
        message = Message.objects.get(content="Send me money")
        undo = decisions.undo(decided(case, mona, spam, hides=[message.pk], sent="No spam").pk, by=mona)
        restore = reverse("admin:moderation_decision_restore", args=[undo.pk])
        assert restore in browser.get(address(case)).content.decode()
        page = words(browser.get(restore))
        assert "the reports are upheld 1 message hidden" in page
        assert "No spam" in page
        assert "Say why" in words(browser.post(restore, {"note": ""}))
        page = words(browser.post(restore, {"note": "It was"}, follow=True))
        assert "Restored: the case is decided as before, and closed." in page
        assert "restores what was undone" in page
        assert Message.objects.get(pk=message.pk).hidden
        assert restore not in browser.get(address(case)).content.decode()
        assert "The case was decided again since." in words(browser.get(restore))

    def test_messages_since_the_last_decision_stand_below_a_line(
        self, browser: Client, case: Case, mona: Any, spam: Any, reported: Any
    ) -> None:
        decision = decided(case, mona, spam)
        first = Message.objects.get(content="Send me money")
        later = answer(first, "Never", timestamp=timezone.now() + timedelta(minutes=1))
        reported(spam, message=later, by=later.receiver)
        page = browser.get(address(case)).content.decode()
        assert re.findall(r'<li id="m(\d+)"[^>]*class="[^"]* newer"', page) == [str(later.pk)]
        assert "Since the last decision" in page[page.index("Send me money") : page.index("Never")]
        Decision.objects.filter(pk=decision.pk).update(in_force=False, lapsed_at=timezone.now(), cause="undone")
        Decision.objects.create(
            case=case, reverses=decision, in_force=False, version_before=9, version_after=10, decided_at=timezone.now()
        )
        assert "Since the last decision" not in words(browser.get(address(case)))

    def test_staff_report_a_message(self, browser: Client, alice: Any, bob: Any, spam: Any, mona: Any) -> None:
        message = write(alice, bob)
        page = reverse("admin:moderation_flag_message", args=[message.pk])
        assert "Choose what the report is about." in words(browser.post(page, {}))
        browser.post(page, {"label": "spam", "note": "Look"})
        flag = Flag.objects.get()
        assert (flag.reporter, flag.source, flag.note) == (mona, Source.STAFF, "Look")
        entry = Entry.objects.get(event="moderation.flagged")
        assert entry.details == {"case": flag.case_id, "label": "spam"}
        assert "You have reported this message already." in words(browser.post(page, {"label": "spam"}))

    def test_a_canned_reason_without_placeholders_is_sent_as_it_is(
        self, browser: Client, case: Case, mona: Any, spam: Any
    ) -> None:
        CannedReason.objects.create(slug="plain", label=spam, title="Plain", text="Your message was spam.")
        claim = claims.claim(mona, case)
        fields = {"label": "spam", "action": "uphold", "reason": "plain"}
        browser.post(address(case, "decide"), sent(case, claim, **fields))
        assert Decision.objects.get().sent == "Your message was spam."
