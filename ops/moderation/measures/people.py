"""Measures on people: warnings, and restrictions and suspensions until a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from messaging import page_cache
from messaging.languages.wording import numbered
from ops.accounts.signing_in import sessions
from ops.console.thread.parts import people_in_words
from ops.moderation.measures import limits
from ops.moderation.measures.kinds import Acting, Asked, Kind, Order, names_of
from ops.moderation.models import Act, CasePerson, Measure
from ops.moderation.refusals import DecisionRefused

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_ALONE = timedelta(days=7)
LONGEST = timedelta(days=366)
LONGER = "moderation.suspend_longer"
ALMOST = timedelta(minutes=10)  # tolerance for the time it takes to fill in the form
ERASED = gettext_lazy("An account that it concerned was erased.")
MOST_NAMED = 6  # people named in one sentence


def until_in_words(until: datetime) -> str:
    """Return when something ends, to the minute, with the zone."""
    local = timezone.localtime(until)
    return _("%(time)s (%(zone)s)") % {"time": date_format(local, "DATETIME_FORMAT"), "zone": f"{local:%Z}"}


class OnPerson(Kind):
    """An act on a person of the case, who reads the reason in the text that the decision sends."""

    unexplained: ClassVar[StrOrPromise]  # the refusal if no text is sent, "" if none is needed
    strangers: ClassVar[StrOrPromise]  # the refusal for anybody who is not a person of the case
    refusals: ClassVar[limits.Refusals]

    def refuse(self, asked: Sequence[Asked], acting: Acting) -> None:
        if self.unexplained and not all(one.sent for one in asked):
            raise DecisionRefused(str(self.unexplained))
        wanted = {(one.case.pk, order.user) for one in asked for order in one.orders}
        users = {user for _, user in wanted}
        people = CasePerson.objects.using(acting.using).filter(case__in={pk for pk, _ in wanted}, user__in=users)
        accounts = get_user_model()._base_manager.using(acting.using).in_bulk(users)
        found = {(case, user) for case, user in people.values_list("case", "user") if user in accounts}
        if not wanted <= found:
            raise DecisionRefused(str(self.strangers))
        for person in accounts.values():
            if refusal := limits.person_refusal(person, self.refusals, acting.by):
                raise DecisionRefused(refusal)

    def carry_out(self, measures: Sequence[Measure], acting: Acting) -> None:
        page_cache.invalidate([one.user_id for one in measures], using=acting.using)

    def undo(self, measures: Sequence[Measure], acting: Acting) -> None:
        page_cache.invalidate([one.user_id for one in measures], using=acting.using)

    def stays(self, measures: Sequence[Measure], acting: Acting) -> dict[int, str]:
        return self.stays_on(names_of(measures, using=acting.using), measures, acting)

    def stays_on(self, names: Mapping[Any, str], measures: Sequence[Measure], acting: Acting) -> dict[int, str]:
        """Return the result of ``stays``, given the ``names`` of the people by primary key."""
        found = {one.pk: self.why_stays(one, names[one.user_id]) for one in measures if one.user_id in names}
        gone = {one.pk: str(ERASED) for one in measures if one.user_id not in names}
        return gone | {pk: why for pk, why in found.items() if why}

    def again(self, measures: Sequence[Measure], acting: Acting) -> dict[int, Order | str]:
        names = names_of(measures, using=acting.using)
        found = super().again(measures, acting)
        for one in measures:
            if one.user_id not in names:
                found[one.pk] = str(ERASED)
            elif why := self.why_not_again(one, names[one.user_id]):
                found[one.pk] = why
        return found

    def why_not_again(self, measure: Measure, name: str) -> str:
        """Return why the measure on the person of this name is not taken again, as a sentence; "" if it is."""
        return ""

    def why_stays(self, measure: Measure, name: str) -> str:
        """Return why undoing leaves the measure on the person of this name, as a sentence; "" if it is undone."""
        return ""


class Warn(OnPerson):
    """The person reads the text on their pages, and must confirm it before they can write again."""

    act = Act.WARN
    unexplained = gettext_lazy("Write the text that is sent: whom you warn reads why.")
    strangers = gettext_lazy("You can warn only people whose messages, or to whom, were reported.")
    refusals = limits.WARNING

    def why_stays(self, measure: Measure, name: str) -> str:
        stays = _("%(name)s confirmed the warning already: it stays read.")
        return stays % {"name": name} if measure.confirmed_at else ""

    def why_not_again(self, measure: Measure, name: str) -> str:
        not_again = _("%(name)s confirmed the warning already, and is not warned again.")
        return not_again % {"name": name} if measure.confirmed_at else ""

    def will_undo(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        text = ngettext(
            "The warning of %(people)s goes from their pages.",
            "The warnings of %(people)s go from their pages.",
            len(measures),
        )
        return text % {"people": listed(measures, names)}

    def words(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        if measures and all(one.confirmed_at for one in measures):
            text = ngettext("%(people)s warned (read)", "%(people)s warned (read)", len(measures))
        else:
            text = ngettext("%(people)s warned", "%(people)s warned", len(measures))
        return text % {"people": listed(measures, names)}


class Limit(OnPerson):
    """A limit on what a person can do until a date. It ends when the date passes, without a job."""

    # Sentences; those typed Any are plural forms.
    only_leads: ClassVar[Any]  # refuses a longer time
    stays_limited: ClassVar[StrOrPromise]  # another decision limits the person too
    is_over: ClassVar[StrOrPromise]
    can_again: ClassVar[Any]  # what undoing will do
    was_done: ClassVar[Any]

    def refuse(self, asked: Sequence[Asked], acting: Acting) -> None:
        super().refuse(asked, acting)
        for order in (order for one in asked for order in one.orders):
            if order.until is None or not acting.at < order.until <= acting.at + LONGEST:
                words = ngettext(
                    "Say until when, within the next %(number)s day.",
                    "Say until when, within the next %(number)s days.",
                    LONGEST.days,
                )
                raise DecisionRefused(numbered(words, LONGEST.days))
            if order.until > acting.at + LONGEST_ALONE + ALMOST and not acting.by.has_perm(LONGER):
                raise DecisionRefused(self.only_leads % {"number": LONGEST_ALONE.days})

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
        # Ordered by end, so that the dictionary keeps the latest of each person.
        longest: dict[Any, Any] = dict(others.order_by("until").values_list("user", "until"))
        for one in measures:
            until = longest.get(one.user_id)
            if one.pk not in found and until is not None:
                found[one.pk] = self.stays_limited % {"name": names[one.user_id], "time": until_in_words(until)}
        return found

    def why_not_again(self, measure: Measure, name: str) -> str:
        return self.why_stays(measure, name)

    def why_stays(self, measure: Measure, name: str) -> str:
        assert measure.until is not None
        if measure.until > timezone.now():
            return ""
        return self.is_over % {"name": name, "time": until_in_words(measure.until)}

    def will_undo(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        words: str = self.can_again % {"number": len(measures), "people": listed(measures, names)}
        return words

    def words(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        until = max(one.until for one in measures if one.until is not None)
        people = {"number": len(measures), "people": listed(measures, names)}
        words: str = self.was_done % {**people, "time": until_in_words(until)}
        return words


class Restrict(Limit):
    """The person cannot begin conversations, but may reply."""

    act = Act.RESTRICT
    unexplained = gettext_lazy("Write the text that is sent: whom you restrict reads why.")
    strangers = gettext_lazy("You can restrict only people whose messages, or to whom, were reported.")
    refusals = limits.RESTRICTING
    only_leads = ngettext_lazy(
        "Only a Lead can restrict somebody for more than %(number)s day: choose less, or escalate the case.",
        "Only a Lead can restrict somebody for more than %(number)s days: choose less, or escalate the case.",
        "number",
    )
    stays_limited = gettext_lazy("%(name)s stays restricted until %(time)s, by another decision.")
    is_over = gettext_lazy("%(name)s was restricted until %(time)s: that is over already.")
    can_again = ngettext_lazy(
        "%(people)s can begin conversations again.", "%(people)s can begin conversations again.", "number"
    )
    was_done = ngettext_lazy("%(people)s restricted until %(time)s", "%(people)s restricted until %(time)s", "number")


class Suspend(Limit):
    """The person is signed out, and cannot sign in or send anything."""

    act = Act.SUSPEND
    unexplained = gettext_lazy("Write the text that is sent: whom you suspend reads why.")
    strangers = gettext_lazy("You can suspend only people whose messages, or to whom, were reported.")
    refusals = limits.SUSPENDING
    only_leads = ngettext_lazy(
        "Only a Lead can suspend somebody for more than %(number)s day: choose less, or escalate the case.",
        "Only a Lead can suspend somebody for more than %(number)s days: choose less, or escalate the case.",
        "number",
    )
    stays_limited = gettext_lazy("%(name)s stays suspended until %(time)s, by another decision.")
    is_over = gettext_lazy("%(name)s was suspended until %(time)s: that is over already.")
    can_again = ngettext_lazy("%(people)s can sign in again.", "%(people)s can sign in again.", "number")
    was_done = ngettext_lazy("%(people)s suspended until %(time)s", "%(people)s suspended until %(time)s", "number")

    def carry_out(self, measures: Sequence[Measure], acting: Acting) -> None:
        super().carry_out(measures, acting)
        for one in measures:
            sessions.end_all(one.user_id)
            # Again after the commit, for sessions begun meanwhile; from then on signing in is refused.
            transaction.on_commit(partial(sessions.end_all, one.user_id), using=acting.using)


def listed(measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
    """Return the names of the people whom measures concern, sorted; if there are many, some names and a count."""
    known = sorted({names[one.user_id] for one in measures if one.user_id in names})
    erased = sum(one.user_id not in names for one in measures)
    if len(known) > MOST_NAMED:
        known = [people_in_words(known)]
    if erased:
        known.append(numbered(ngettext("an erased account", "%(number)s erased accounts", erased), erased))
    return ", ".join(known)
