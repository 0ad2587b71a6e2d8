"""Measures on people: warning them, and keeping them from beginning conversations, or from all, until a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from messaging import page_cache
from ops.accounts.signing_in import sessions
from ops.moderation.measures.kinds import Acting, Kind, Order, names_of
from ops.moderation.models import Act, Case, CasePerson, Measure
from ops.moderation.refusals import DecisionRefused

LONGEST_ALONE = timedelta(days=7)
LONGEST = timedelta(days=366)
LONGER = "moderation.suspend_longer"
STAFF = "moderation.measure_staff"
ALMOST = timedelta(minutes=10)  # somebody fills in the form meanwhile


def until_in_words(until: datetime) -> str:
    """Return when something ends, to the minute, with the zone."""
    local = timezone.localtime(until)
    return f"{local.day} {local:%B %Y, %H:%M} ({local:%Z})"


class OnPerson(Kind):
    """An act on a person of the case, who is told why by the text that the decision sends."""

    verb: ClassVar[str]
    explains = True

    def refuse(self, orders: Sequence[Order], case: Case, sent: str, acting: Acting) -> None:
        if self.explains and not sent:
            raise DecisionRefused(f"Write the text that is sent: whom you {self.verb} reads why.")
        wanted = {order.user for order in orders}
        people = CasePerson.objects.using(acting.using).filter(case=case, user__in=wanted).values("user")
        found = get_user_model()._base_manager.using(acting.using).filter(pk__in=people)
        if {person.pk for person in found} != wanted:
            raise DecisionRefused(f"You can {self.verb} only people whose messages, or to whom, were reported.")
        for person in found:
            if refusal := person_refusal(person, self.verb, acting.by):
                raise DecisionRefused(refusal)

    def carry_out(self, measures: Sequence[Measure], acting: Acting) -> None:
        page_cache.invalidate([one.user_id for one in measures], using=acting.using)

    def undo(self, measures: Sequence[Measure], acting: Acting) -> None:
        page_cache.invalidate([one.user_id for one in measures], using=acting.using)

    def stays(self, measures: Sequence[Measure], acting: Acting) -> dict[int, str]:
        return self.stays_on(names_of(measures, using=acting.using), measures, acting)

    def stays_on(self, names: Mapping[Any, str], measures: Sequence[Measure], acting: Acting) -> dict[int, str]:
        """The same, of people with these ``names``, by primary key."""
        found = {one.pk: self.why_stays(one, names[one.user_id]) for one in measures if one.user_id in names}
        gone = {one.pk: "An account that it concerned was erased." for one in measures if one.user_id not in names}
        return gone | {pk: why for pk, why in found.items() if why}

    def why_stays(self, measure: Measure, name: str) -> str:
        """Why undoing leaves the measure on the person of this name as it is, as a sentence; "" where it is undone."""
        return ""


class Warn(OnPerson):
    """A person reads the text on their pages, and confirms that they did before they can write again."""

    act, verb = Act.WARN, "warn"

    def why_stays(self, measure: Measure, name: str) -> str:
        return f"{name} confirmed the warning already: it stays read." if measure.confirmed_at else ""

    def will_undo(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        return f"The warning of {listed(measures, names)} goes from their pages."

    def words(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        read = " (read)" if measures and all(one.confirmed_at for one in measures) else ""
        return f"{listed(measures, names)} warned{read}"


class Limit(OnPerson):
    """Something that a person cannot do until a date. It ends by itself, by the clock alone."""

    done: ClassVar[str]  # in the past
    again: ClassVar[str]  # what they can do once it is undone

    def refuse(self, orders: Sequence[Order], case: Case, sent: str, acting: Acting) -> None:
        super().refuse(orders, case, sent, acting)
        for order in orders:
            if order.until is None or not acting.at < order.until <= acting.at + LONGEST:
                raise DecisionRefused(f"Say until when, within the next {LONGEST.days} days.")
            if order.until > acting.at + LONGEST_ALONE + ALMOST and not acting.by.has_perm(LONGER):
                raise DecisionRefused(
                    f"Only a Lead can {self.verb} somebody for more than {LONGEST_ALONE.days} days: choose less, or "
                    "escalate the case."
                )

    def carry_out(self, measures: Sequence[Measure], acting: Acting) -> None:
        super().carry_out(measures, acting)
        people = [one.user_id for one in measures]
        standing = Measure.objects.using(acting.using).standing().filter(act=self.act, user__in=people)
        already = set(standing.values_list("user", flat=True))
        for one in measures:
            one.before, one.after = one.user_id in already, True

    def stays_on(self, names: Mapping[Any, str], measures: Sequence[Measure], acting: Acting) -> dict[int, str]:
        found = super().stays_on(names, measures, acting)
        others = Measure.objects.using(acting.using).standing().filter(act=self.act, user__in=names)
        others = others.exclude(decision__in={one.decision_id for one in measures})
        # The latest end comes last, and stays.
        longest: dict[Any, Any] = dict(others.order_by("until").values_list("user", "until"))
        for one in measures:
            until = longest.get(one.user_id)
            if one.pk not in found and until is not None:
                name, end = names[one.user_id], until_in_words(until)
                found[one.pk] = f"{name} stays {self.done} until {end}, by another decision."
        return found

    def why_stays(self, measure: Measure, name: str) -> str:
        assert measure.until is not None
        over = measure.until <= timezone.now()
        return f"{name} was {self.done} until {until_in_words(measure.until)}: that is over already." if over else ""

    def will_undo(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        return f"{listed(measures, names)} can {self.again} again."

    def words(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        until = max(one.until for one in measures if one.until is not None)
        return f"{listed(measures, names)} {self.done} until {until_in_words(until)}"


class Restrict(Limit):
    """They begin no conversations. They may reply."""

    act, verb, done, again = Act.RESTRICT, "restrict", "restricted", "begin conversations"


class Suspend(Limit):
    """They cannot sign in; who is signed in is signed out, and nothing is sent by them."""

    act, verb, done, again = Act.SUSPEND, "suspend", "suspended", "sign in"

    def carry_out(self, measures: Sequence[Measure], acting: Acting) -> None:
        super().carry_out(measures, acting)
        for one in measures:
            sessions.end_all(one.user_id)
            # Again, for who signed in meanwhile: from then on nobody can.
            transaction.on_commit(partial(sessions.end_all, one.user_id), using=acting.using)


def person_refusal(person: Any, verb: str, by: Any) -> str:
    """Return why ``by`` may not do that to this account, as a sentence; "" where they may."""
    if person.pk == by.pk:
        return f"Nobody can {verb} themselves."
    if person.is_superuser and not by.is_superuser:
        return f"{person.get_username()} is a superuser: only another superuser can {verb} them."
    if person.is_staff and not by.has_perm(STAFF):
        return f"{person.get_username()} may use the console: only a Lead can {verb} them."
    return ""


def listed(measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
    """Return the people whom measures concern, by name and in order."""
    known = sorted(names[one.user_id] for one in measures if one.user_id in names)
    erased = len(measures) - len(known)
    if erased:
        known.append("an erased account" if erased == 1 else f"{erased} erased accounts")
    return ", ".join(known)
