"""The page of a case: what was reported, what was decided before, and who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from messaging.models import Message
from ops.audit.readings import Shown as Recorded
from ops.audit.reasons import gate
from ops.console.thread.parts import people_in_words
from ops.moderation.claiming import fit
from ops.moderation.desk import excerpt, queries
from ops.moderation.desk.people import AtAGlance, people_of
from ops.moderation.labels.targets import in_words, target_of
from ops.moderation.measures import registry
from ops.moderation.models import Case, CasePerson, Claim, Decision, Flag, Outcome, Severity, State
from ops.moderation.notes import shown
from ops.moderation.saved import queues

REST = "rest"  # query parameter: "yes" shows the rest of the conversation
WITHIN = {
    Severity.IMMINENT: gettext_lazy("Severity imminent harm: to be decided within %(time)s."),
    Severity.THREAT: gettext_lazy("Severity threat: to be decided within %(time)s."),
    Severity.SERIOUS: gettext_lazy("Severity serious: to be decided within %(time)s."),
    Severity.NORMAL: gettext_lazy("Severity normal: to be decided within %(time)s."),
    Severity.LOW: gettext_lazy("Severity low: to be decided within %(time)s."),
}


@dataclass
class CasePage:
    """A case as one person sees it."""

    case: Case
    user: Any
    kept: str = ""  # query string of the open view, which the addresses of steps repeat
    rest: bool = False  # whether the rest of the conversation is shown, too
    reason_address: str = ""  # where to give a reason, if texts are withheld until then

    @cached_property
    def flags(self) -> list[Flag]:
        """The reports of the case in order, each with ``reporter_name``: "" if the reporter is unknown or the account
        deleted."""
        flags = sorted(queries.flags().ask(case=self.case.pk), key=lambda flag: (flag.created_at, flag.pk))
        for flag in flags:
            flag.reporter_name = flag.reporter.get_username() if flag.reporter_id and flag.reporter else ""
        return flags

    @cached_property
    def waiting(self) -> list[Flag]:
        return [flag for flag in self.flags if flag.outcome == Outcome.WAITING]

    @cached_property
    def _shown(self) -> tuple[list[excerpt.Shown], int]:
        if self.case.conversation_id is None:
            return [], 0
        flags = self.waiting or [flag for flag in self.flags if flag.outcome != Outcome.WITHDRAWN]
        with_histories = self.user.has_perm("messaging.view_messagehistory")
        return excerpt.shown_of(
            self.case.conversation_id,
            flags,
            user=self.user,
            rest=self.rest,
            with_histories=with_histories,
            decided_at=self.decided_at,
        )

    @cached_property
    def decided_at(self) -> datetime | None:
        """When the latest decision about the conversation was made, undone ones aside; None if there is none."""
        latest: list[Decision] = queries.latest_decision().ask(conversation=self.case.conversation_id)
        return latest[0].decided_at if latest else None

    @property
    def messages(self) -> list[excerpt.Shown]:
        """The messages with waiting reports and those around them; without waiting reports, those that were reported.
        Empty until a reason is given, if one is needed."""
        return [] if self.reason_address else self._shown[0]

    @property
    def rest_address(self) -> str:
        """The address that adds the rest of the conversation; "" if all of it is shown, or as much as fits on one
        page."""
        return "" if self.rest or self.reason_address or not self._shown[1] else self._with_rest

    @property
    def kept_rest(self) -> str:
        """The query string of the form's address: the view, and the rest, so that the form offers the same messages."""
        return self._with_rest if self.rest else self.kept

    @property
    def _with_rest(self) -> str:
        return f"{self.kept}&{REST}=yes" if self.kept else f"?{REST}=yes"

    @property
    def reported(self) -> list[excerpt.Shown]:
        """The shown messages that were reported."""
        return [one for one in self.messages if one.flags]

    @property
    def recorded(self) -> Recorded:
        """The texts that the page shows, as recorded in the audit trail."""
        return Recorded(
            messages=[one.row.message.pk for one in self.messages],
            histories=[one.row.message.pk for one in self.messages if one.then is not None],
            reported=[one.row.message.pk for one in self.messages if one.is_free] if opens(self.case) else (),
        )

    @cached_property
    def claim(self) -> Claim | None:
        """The live claim on the case."""
        return next(iter(queries.claims().ask(case=self.case.pk)), None)

    @property
    def is_mine(self) -> bool:
        return self.claim is not None and self.claim.reviewer_id == self.user.pk

    @property
    def may_decide(self) -> bool:
        return self.user.has_perm("moderation.decide_case")

    @property
    def may_take_over(self) -> bool:
        return self.user.has_perm("moderation.take_over_case")

    @cached_property
    def is_fit(self) -> bool:
        """Whether this person may decide the case: it is about strangers, and no colleague undid a decision of theirs
        on it."""
        return fit.is_fit(self.user, self.case.pk, using=DEFAULT_DB_ALIAS)

    @property
    def needs_lead(self) -> bool:
        """Whether the case is escalated and this person may not decide it."""
        return self.case.state == State.ESCALATED and not self.may_take_over

    @property
    def is_closed(self) -> bool:
        return self.case.state == State.CLOSED

    @property
    def is_overdue(self) -> bool:
        return not self.is_closed and self.case.due_at < timezone.now()

    @cached_property
    def title(self) -> str:
        """The case, named after the people in its conversation."""
        if self.case.conversation_id is None:
            return str(self.case)
        names = sorted(
            Message.objects.usernames_by_conversation([self.case.conversation_id]).get(self.case.conversation_id, ())
        )
        if not names:
            return _("Case: nobody")
        return _("Case: %(people)s") % {"people": people_in_words(names)}

    @property
    def why_here(self) -> str:
        """Why the case has its place in the queue, in a sentence or two."""
        case = self.case
        reporters = len({flag.reporter_id for flag in self.waiting} - {None})
        within = str(WITHIN[Severity(case.severity)]) % {"time": in_words(target_of(case.severity))}
        if case.due_at == case.rank_at or reporters < 2:
            return within
        why = ngettext(
            "It ranks %(time)s before that, because %(number)s person reported it.",
            "It ranks %(time)s before that, because %(number)s people reported it.",
            reporters,
        )
        return f"{within} {numbered(why, reporters, time=timesince(case.rank_at, case.due_at))}"

    @cached_property
    def decisions(self) -> list[Decision]:
        """The decisions on this case, latest first. ``did`` is what each did, in words; ``offers_undo`` and
        ``offers_restoring`` are whether this person may undo it, or restore the decision that it undid."""
        decisions: list[Decision] = queries.decisions().ask(case=self.case.pk)
        registry.attach_summaries(decisions)
        undone = {one.reverses_id for one in decisions}
        latest = next((one for one in decisions if one.reverses_id is None), None)
        for one in decisions:
            mine = one.decided_by_id == self.user.pk and self.may_decide
            may = mine or self.user.has_perm("moderation.undo_decision")
            one.offers_undo = may and one is latest and one.pk not in undone  # type: ignore[attr-defined]
            undid_latest = latest is not None and one.reverses_id == latest.pk
            one.offers_restoring = may and undid_latest and not self.is_closed  # type: ignore[attr-defined]
        return decisions

    @cached_property
    def people(self) -> list[AtAGlance]:
        """The senders and receivers of the reported messages."""
        return people_of(self.case, self.user)

    @cached_property
    def elsewhere(self) -> list[Decision]:
        """The latest decisions on other cases about the same people, including those that lapsed or were undone."""
        decisions: list[Decision] = queries.decisions_elsewhere().ask(case=self.case.pk)
        registry.attach_summaries(decisions)
        return decisions

    @cached_property
    def notes(self) -> shown.Notes | None:
        """The notes on the conversation and about the people of the case; None for users who may not read them."""
        people = CasePerson.objects.filter(case=self.case).values("user")
        return shown.of_conversation(self.user, self.case.conversation_id, people, case=self.case.pk, kept=self.kept)

    @property
    def conversation_path(self) -> str:
        """The address of the conversation's page; links to its messages start with it."""
        if self.case.conversation_id is None:
            return ""
        return reverse("admin:messaging_conversation_change", args=[self.case.conversation_id])

    @property
    def conversation_address(self) -> str:
        """The address of the whole conversation, at the first reported message; "" if it is erased or this person may
        not open it."""
        if self.case.conversation_id is None or not self.user.has_perm("messaging.view_conversation"):
            return ""
        address = self.conversation_path
        first = next((one.row.message.pk for one in self.reported), None)
        return f"{address}?message={first}#m{first}" if first else address


def opens(case: Case) -> bool:
    """Return whether the reports of this case open texts without a reason: always while it is pending, and once it is
    closed unless a reason would break the glass."""
    return case.state != State.CLOSED or not gate.breaks_glass()


def page_of(case: Case, request: HttpRequest) -> CasePage:
    """Return the page of ``case`` for the request's user, created once per request."""
    page: CasePage | None = getattr(request, "case_page", None)
    if page is None or page.case.pk != case.pk:
        rest = request.GET.get(REST) == "yes"
        page = request.case_page = CasePage(case, request.user, queues.kept(request), rest)  # type: ignore[attr-defined]
    return page
