"""Steps for property tests, each of which changes the messages, reports or cases of a small crowd."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from messaging.erasing.anonymising import AnonymisedCounts, anonymise_batch, anonymise_rest
from messaging.erasing.erasure import erase_user_data
from messaging.models import Message
from messaging.tests.conversations import answer, write
from ops.moderation import claims, decisions, flagging, settling
from ops.moderation.decisions import Choice
from ops.moderation.measures.kinds import Order
from ops.moderation.models import TIMED, Act, Case, Claim, Decision, Flag, Label, Measure, Source
from ops.moderation.participants.standing import ParticipantsStanding
from ops.moderation.refusals import Outdated
from ops.moderation.restoring import restoring
from ops.moderation.transitions import CaseEvent

PERSONAL = (Act.WARN, Act.SUSPEND, Act.RESTRICT, Act.DELETE)


class Crowd(NamedTuple):
    """The people who write, the reviewers (the last one is a Lead), and the labels of reports."""

    people: list[Any]
    reviewers: list[Any]
    labels: list[Label]


class Step(NamedTuple):
    """One step: its name, and numbers that choose the rows and people it is about from those that exist."""

    name: str
    which: int
    who: int


Road = Callable[[Crowd, Step], Any]
ROADS: dict[str, tuple[Road, set[CaseEvent]]] = {}  # by name: the function, and what it may do to cases


def road(*happenings: CaseEvent) -> Callable[[Road], Road]:
    """Return a decorator that registers a step, with the happenings it may cause to cases."""

    def register(function: Road) -> Road:
        ROADS[function.__name__] = (function, set(happenings))
        return function

    return register


def one_of(rows: Any, which: int) -> Any:
    """Return the row that this number chooses; None if there are no rows."""
    found = list(rows.order_by("pk"))
    return found[which % len(found)] if found else None


def message_at(step: Step) -> Any:
    return one_of(Message.objects.all(), step.which)


@road()
def write_to_somebody(crowd: Crowd, step: Step) -> None:
    people = crowd.people
    write(people[step.who % len(people)], people[step.which % len(people)], "Send money")


@road()
def answer_somebody(crowd: Crowd, step: Step) -> None:
    if (message := message_at(step)) is not None:
        answer(message)


@road(CaseEvent.FLAGGED)
def report(crowd: Crowd, step: Step) -> None:
    if (message := message_at(step)) is not None:
        reporter = crowd.people[step.who % len(crowd.people)]
        label = crowd.labels[step.who % len(crowd.labels)]
        flagging.flag(message, label=label, by=reporter, source=Source.PARTICIPANT)


@road(CaseEvent.SETTLED)
def withdraw(crowd: Crowd, step: Step) -> None:
    if (flag := one_of(Flag.objects.exclude(reporter=None), step.which)) is not None:
        flagging.withdraw(flag, by=flag.reporter)


@road()
def take_next(crowd: Crowd, step: Step) -> None:
    claims.claim_next(crowd.reviewers[step.who % len(crowd.reviewers)])


@road()
def skip(crowd: Crowd, step: Step) -> None:
    if (case := one_of(Case.objects.all(), step.which)) is not None:
        claims.skip(crowd.reviewers[step.who % len(crowd.reviewers)], case)


@road()
def take_over(crowd: Crowd, step: Step) -> None:
    if (case := one_of(Case.objects.all(), step.which)) is not None:
        claims.take_over(crowd.reviewers[-1], case)


def held(crowd: Crowd, step: Step) -> dict[str, Any]:
    """Claim a case, and return the arguments of a change to it. Raises Outdated if there is no case."""
    case = one_of(Case.objects.all(), step.which)
    if case is None:
        raise Outdated("There is no case.")
    reviewer = crowd.reviewers[step.who % len(crowd.reviewers)]
    claim = claims.claim(reviewer, case)
    return {"case_id": case.pk, "by": reviewer, "token": claim.token, "version": case.version}


def decide_with(crowd: Crowd, step: Step, choice: Choice) -> Decision:
    sent = held(crowd, step)
    return decisions.decide(sent.pop("case_id"), choice, **sent)


@road(CaseEvent.DECIDED)
def dismiss(crowd: Crowd, step: Step) -> None:
    decide_with(crowd, step, Choice(crowd.labels[0]))


@road(CaseEvent.DECIDED)
def hide(crowd: Crowd, step: Step) -> None:
    """Hide the first message of the conversation, reported or not, or all messages."""
    case = one_of(Case.objects.all(), step.which)
    found = list(Message.objects.filter(conversation=case.conversation_id).order_by("pk")) if case else []
    hides = [one.pk for one in (found if step.who % 2 else found[:1])]
    decide_with(crowd, step, Choice(crowd.labels[-1], hides=hides))


@road(CaseEvent.DECIDED)
def measure_people(crowd: Crowd, step: Step) -> None:
    """Take one or two measures on each person of the case."""
    case = one_of(Case.objects.all(), step.which)
    people = list(case.people.order_by("user").values_list("user", flat=True)) if case else []
    until = timezone.now() + timedelta(days=1 + step.which)
    orders = []
    for place, person in enumerate(people):
        act = PERSONAL[(step.who + place) % len(PERSONAL)]
        orders.append(Order(act, user=person, until=until if act in TIMED else None))
        if step.which % 2 and act != Act.WARN:
            orders.append(Order(Act.WARN, user=person))
    decide_with(crowd, step, Choice(crowd.labels[0], sent="Read this", measures=orders))


@road()
def confirm_warning(crowd: Crowd, step: Step) -> None:
    warning = one_of(Measure.objects.filter(act=Act.WARN, user__in=[one.pk for one in crowd.people]), step.which)
    if warning is not None:
        person = next(one for one in crowd.people if one.pk == warning.user_id)
        ParticipantsStanding().confirm(warning.pk, by=person)


@road()
def a_day_passes(crowd: Crowd, step: Step) -> None:
    for pk, until in Measure.objects.values_list("pk", "until"):
        if until is not None:
            Measure.objects.filter(pk=pk).update(until=until - timedelta(days=1))


@road(CaseEvent.ESCALATED)
def escalate(crowd: Crowd, step: Step) -> None:
    decisions.escalate(**held(crowd, step))


@road(CaseEvent.RETURNED)
def return_to_queue(crowd: Crowd, step: Step) -> None:
    decisions.return_to_queue(**held(crowd, step))


@road(CaseEvent.WAITED)
def wait(crowd: Crowd, step: Step) -> None:
    until = timezone.now() + timedelta(hours=1) if step.which % 2 else None
    decisions.wait(**held(crowd, step), until=until, for_reply=until is None)


@road(CaseEvent.UNDONE)
def undo(crowd: Crowd, step: Step) -> None:
    if (decision := one_of(Decision.objects.all(), step.which)) is not None:
        decisions.undo(decision.pk, by=crowd.reviewers[step.who % len(crowd.reviewers)])


@road(CaseEvent.UNDONE)
def undo_the_last(crowd: Crowd, step: Step) -> None:
    if (decision := Decision.objects.filter(reverses=None).order_by("pk").last()) is not None:
        decisions.undo(decision.pk, by=crowd.reviewers[-1])


@road(CaseEvent.DECIDED)
def restore(crowd: Crowd, step: Step) -> None:
    if (undo := one_of(Decision.objects.exclude(reverses=None), step.which)) is not None:
        restoring.restore(undo.pk, by=crowd.reviewers[step.who % len(crowd.reviewers)])


@road(CaseEvent.DECIDED)
def restore_the_last(crowd: Crowd, step: Step) -> None:
    if (undo := Decision.objects.exclude(reverses=None).order_by("pk").last()) is not None:
        restoring.restore(undo.pk, by=crowd.reviewers[-1])


@road(CaseEvent.LAPSED)
def edit_by_saving(crowd: Crowd, step: Step) -> None:
    if (message := message_at(step)) is not None:
        message.content = f"Text {step.who}"
        message.save()


@road(CaseEvent.LAPSED)
def edit_a_set(crowd: Crowd, step: Step) -> None:
    Message.objects.filter(sender=crowd.people[step.who % len(crowd.people)]).update(content=f"Text {step.which}")


@road(CaseEvent.LAPSED)
def edit_in_bulk(crowd: Crowd, step: Step) -> None:
    messages = list(Message.objects.order_by("pk")[: step.which % 4])
    for message in messages:
        message.content = f"Text {step.who}"
    Message.objects.bulk_update(messages, ["content"])


@road(CaseEvent.SETTLED)
def erase(crowd: Crowd, step: Step) -> None:
    erase_user_data(crowd.people[step.who % len(crowd.people)].pk)
    settling.settle_erased()


@road()
def anonymise(crowd: Crowd, step: Step) -> None:
    """Anonymise as a deletion request does: histories are deleted, and texts blanked if the step says so."""
    person, counts, blank = crowd.people[step.who % len(crowd.people)], AnonymisedCounts(), bool(step.which % 2)
    anonymise_batch(person.pk, counts, after=None, size=5, blank=blank)
    anonymise_rest(person.pk, counts, size=5, blank=blank)


@road(CaseEvent.SETTLED)
def delete_a_message(crowd: Crowd, step: Step) -> None:
    if (message := message_at(step)) is not None:
        message.delete()
    settling.settle_erased()


@road()
def write_an_early_answer(crowd: Crowd, step: Step) -> None:
    """Store an answer that was imported before its parent."""
    people, name = crowd.people, f"parent-{step.which % 2}"
    write(people[step.who % len(people)], people[step.which % len(people)], awaited_parent_external_id=name)


@road(CaseEvent.FLAGGED, CaseEvent.SETTLED)
def what_was_awaited_arrives(crowd: Crowd, step: Step) -> None:
    """Give a message the external ID that earlier answers await: their conversations become one."""
    name = f"parent-{step.which % 2}"
    message = one_of(Message.objects.filter(external_id=None, awaited_parent_external_id=None), step.who)
    if message is not None and not Message.objects.filter(external_id=name).exists():
        message.external_id = name
        message.save()


@road()
def leases_end(crowd: Crowd, step: Step) -> None:
    Claim.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
