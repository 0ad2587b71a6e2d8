"""However messages, conversations and people are deleted, cases and decisions stay, still count, and name nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command

from messaging.erasing.erasure import erase_user_data
from messaging.models import Conversation, Message
from messaging.tests.conversations import answer, write
from ops.deletion.tests.deleting import approved, sam, sue, work_on
from ops.moderation import decisions, erased, flagging, settling
from ops.moderation.measures.kinds import Order
from ops.moderation.models import Act, Case, CasePerson, Decision, Flag, Outcome, Source, State
from ops.moderation.participants.standing import ParticipantsStanding
from ops.moderation.tests.desk import decided

__all__ = ["sam", "sue"]


@pytest.fixture
def flag(reported: Any, spam: Any) -> Flag:
    return reported(spam, note="He calls himself Alice Cooper")


def skeleton() -> tuple[Any, ...]:
    case = Case.objects.get()
    return case.state, case.conversation_id, Flag.objects.get().message_id, Flag.objects.get().outcome


@pytest.mark.parametrize("road", ["erase_user_data", "delete_message", "delete_conversation", "delete_in_sets"])
def test_every_way_of_deleting_leaves_the_case_without_content(flag: Flag, alice: Any, road: str) -> None:
    if road == "erase_user_data":
        erase_user_data(alice.pk)
    elif road == "delete_message":
        Message.objects.get().delete()
    elif road == "delete_conversation":
        Conversation.objects.get().delete()
    else:
        Message.objects.all().delete()
    assert not Conversation.objects.exists()
    assert skeleton() == (State.OPEN, None, None, Outcome.WAITING)
    call_command("settle_cases")
    assert skeleton() == (State.CLOSED, None, None, Outcome.ERASED)
    assert settling.settle_erased() == 0


@pytest.mark.parametrize("mode", ["erase", "anonymise"])
def test_a_request_takes_names_and_words(
    flag: Flag, alice: Any, bob: Any, mona: Any, spam: Any, sue: Any, sam: Any, mode: str
) -> None:
    decision = decided(flag.case, mona, spam, note="Alice again", sent="Dear Alice")
    request = work_on(approved(alice, by=sue, approver=sam, mode=mode))
    assert ["moderation", "removed"] in [[step["step"], step["outcome"]] for step in request.progress["steps"]]
    flag.refresh_from_db()
    decision.refresh_from_db()
    assert (flag.note, flag.reporter, flag.outcome) == ("", bob, Outcome.DISMISSED)
    assert (decision.note, decision.sent, decision.decided_by, decision.in_force) == ("", "", mona, True)
    assert not CasePerson.objects.filter(user=alice.pk).exists()


class TestTextsSentToOthers:
    """Bob reported a message from Alice and is erased: Alice still reads why she was warned, but not about whom."""

    @pytest.fixture
    def erase(self, bob: Any, sue: Any, sam: Any) -> Any:
        return lambda mode="erase": work_on(approved(bob, by=sue, approver=sam, mode=mode))

    def warn(self, case: Case, by: Any, label: Any, sent: str, **choice: Any) -> Decision:
        person = CasePerson.objects.filter(case=case).earliest("user").user_id
        return decided(case, by, label, sent=sent, note="Bob again", measures=[Order(Act.WARN, user=person)], **choice)

    @pytest.mark.parametrize("mode", ["erase", "anonymise"])
    @pytest.mark.parametrize(
        ("sent", "kept"),
        [("No spam.", True), ("No spam to BOB.", False), ("Not to mail_bob@example.com", False), ("bobs", False)],
    )
    def test_a_sent_text_stays_unless_it_names_the_erased_person(
        self, flag: Flag, alice: Any, mona: Any, spam: Any, erase: Any, mode: str, sent: str, kept: bool
    ) -> None:
        decision = self.warn(flag.case, mona, spam, sent)
        erase(mode)
        decision.refresh_from_db()
        assert (decision.note, decision.sent) == ("", sent if kept else "")
        (warning,) = ParticipantsStanding().standing_of(alice).warnings
        assert warning.text == (sent if kept else "What the moderators wrote to you is no longer kept.")

    def test_a_sent_text_stays_until_the_author_of_the_hidden_message_is_erased(
        self, flag: Flag, alice: Any, mona: Any, spam: Any, erase: Any
    ) -> None:
        decision = decided(flag.case, mona, spam, sent="No spam.", hides=[flag.message_id])
        erase("anonymise")
        decision.refresh_from_db()
        assert decision.sent == "No spam."
        erased.forget(alice.pk, ["alice"])
        assert Decision.objects.get().sent == ""

    def test_the_text_of_an_undone_decision_is_erased(self, flag: Flag, mona: Any, spam: Any, erase: Any) -> None:
        decision = self.warn(flag.case, mona, spam, "No spam.")
        decisions.undo(decision.pk, by=mona)
        erase("anonymise")
        assert set(Decision.objects.values_list("sent", flat=True)) == {""}

    def test_the_text_is_erased_with_an_account_of_unknown_names(
        self, flag: Flag, bob: Any, mona: Any, spam: Any
    ) -> None:
        self.warn(flag.case, mona, spam, "No spam.")
        bob.delete()
        assert Decision.objects.get().sent == ""


def test_a_reporter_is_forgotten(flag: Flag, bob: Any, sue: Any, sam: Any) -> None:
    work_on(approved(bob, by=sue, approver=sam))
    flag.refresh_from_db()
    assert (flag.reporter_id, flag.note, flag.outcome) == (None, "", Outcome.ERASED)
    assert Case.objects.get().state == State.CLOSED


def test_decisions_of_a_deleted_reviewer_lose_the_name(flag: Flag, mona: Any, spam: Any) -> None:
    decided(flag.case, mona, spam, note="Clear")
    mona.delete()
    decision = Decision.objects.get()
    assert (decision.decided_by_id, decision.decided_by_name, decision.note) == (None, "", "Clear")


class TestJoinedConversations:
    """An answer was imported before its parent: its conversation joins the parent's once that is stored."""

    @pytest.fixture
    def orphan(self, alice: Any, bob: Any) -> Message:
        return write(alice, bob, "An answer", awaited_parent_external_id="q", external_id="a")

    def arrive(self, orphan: Message, parent: Message) -> None:
        parent.external_id = "q"
        parent.save()
        orphan.refresh_from_db()
        assert orphan.conversation_id == parent.conversation_id

    def test_the_case_moves_to_the_joined_conversation(
        self, orphan: Message, spam: Any, bob: Any, charlie: Any
    ) -> None:
        flag = flagging.flag(orphan, label=spam, by=bob, source=Source.PARTICIPANT)
        parent = write(bob, charlie, "A question")
        self.arrive(orphan, parent)
        case = Case.objects.get()
        assert (case.pk, case.conversation_id, case.state) == (flag.case_id, parent.conversation_id, State.OPEN)

    def test_two_pending_cases_become_one(self, orphan: Message, spam: Any, bob: Any, charlie: Any) -> None:
        first = flagging.flag(orphan, label=spam, by=bob, source=Source.PARTICIPANT)
        parent = write(bob, charlie, "A question")
        second = flagging.flag(parent, label=spam, by=charlie, source=Source.PARTICIPANT)
        self.arrive(orphan, parent)
        assert dict(Flag.objects.values_list("pk", "case")) == {first.pk: second.case_id, second.pk: second.case_id}
        assert dict(Case.objects.values_list("pk", "state")) == {first.case_id: "closed", second.case_id: "open"}
        assert set(Case.objects.values_list("conversation", flat=True)) == {parent.conversation_id}

    def test_a_decision_moves_along_and_still_lapses(
        self, orphan: Message, spam: Any, bob: Any, charlie: Any, mona: Any
    ) -> None:
        flag = flagging.flag(orphan, label=spam, by=bob, source=Source.PARTICIPANT)
        decided(flag.case, mona, spam, hides=[orphan.pk])
        parent = write(bob, charlie, "A question")
        self.arrive(orphan, parent)
        orphan.content = "Another answer"
        orphan.save()
        case = Case.objects.get()
        assert (case.state, case.conversation_id) == (State.OPEN, parent.conversation_id)
        assert answer(orphan).conversation_id == parent.conversation_id

    def test_a_case_whose_messages_were_erased_moves_along(
        self, orphan: Message, spam: Any, bob: Any, charlie: Any, mona: Any
    ) -> None:
        later = answer(orphan)
        decided(flagging.flag(later, label=spam, by=later.receiver, source=Source.PARTICIPANT).case, mona, spam)
        later.delete()
        parent = write(bob, charlie, "A question")
        self.arrive(orphan, parent)
        assert Case.objects.get().conversation_id == parent.conversation_id
