"""Participants' reports, and the reasons they read: the implementation for the setting MESSAGING_REPORTING."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.utils.translation import gettext_lazy

from messaging.languages.wording import numbered
from messaging.models import Message
from messaging.participants.reporting import HIDDEN_ALREADY, NoSuchReport, Report, ReportRefused, State
from ops.moderation import flagging
from ops.moderation.models import Act, Flag, Label, Measure, Outcome, Source
from ops.moderation.refusals import FlagRefused

PAGE_SIZE = 50
MOST_WAITING = 50  # reports of one person, so that nobody floods the queue
TOO_MANY = gettext_lazy(
    "%(number)s of your reports wait to be looked at, which is the most that one person can have. "
    "Withdraw one, or wait until some were looked at."
)
LABEL_GONE = gettext_lazy("This is not among the choices any more. Choose another one.")
STATES = {
    Outcome.WAITING: State.WAITING,
    Outcome.UPHELD: State.LOOKED_AT,
    Outcome.DISMISSED: State.LOOKED_AT,
    Outcome.WITHDRAWN: State.WITHDRAWN,
    Outcome.ERASED: State.MESSAGE_GONE,
}


class ParticipantsReports:
    """Implements ``messaging.participants.reporting.Reporting``, storing reports as flags."""

    def choices(self) -> Sequence[tuple[str, str]]:
        return list(Label.objects.for_participants().values_list("slug", "wording"))

    def report(self, message: Message, choice: str, note: str, *, by: Any) -> None:
        """Report a message. Raises ReportRefused if ``by`` has too many waiting reports or has reported this text, the
        message is hidden or no longer exists, or the label is no longer offered."""
        label = Label.objects.for_participants().filter(slug=choice).first()
        if label is None:
            raise ReportRefused(str(LABEL_GONE))
        with transaction.atomic():
            # Locked, so that concurrent reports of one person cannot exceed the limit.
            list(get_user_model()._base_manager.select_for_update(no_key=True).filter(pk=by.pk).values_list("pk"))
            if Flag.objects.of_person(by.pk).waiting().count() >= MOST_WAITING:
                raise ReportRefused(numbered(str(TOO_MANY), MOST_WAITING))
            if Message.objects.filter(pk=message.pk, hidden=True).exists():
                raise ReportRefused(str(HIDDEN_ALREADY))
            try:
                flagging.flag(message, label=label, by=by, source=Source.PARTICIPANT, note=note)
            except FlagRefused as refusal:
                raise ReportRefused(str(refusal)) from refusal

    def withdraw(self, pk: int, *, by: Any) -> None:
        """Withdraw a report. Raises NoSuchReport, or ReportRefused if it has been looked at already."""
        flag = _own(by).filter(pk=pk).first()
        if flag is None:
            raise NoSuchReport
        try:
            flagging.withdraw(flag, by=by)
        except FlagRefused as refusal:
            raise ReportRefused(str(refusal)) from refusal

    def reports_of(self, user: Any, message_ids: Collection[int]) -> Mapping[int, Report]:
        flags = _own(user).filter(message__in=message_ids).select_related("message", "label").order_by("revision")
        return {flag.message_id: _report(flag) for flag in flags if flag.message_id is not None}

    def page_of(self, user: Any, number: Any) -> Page:
        flags = _own(user).select_related("message__sender", "label").order_by("-created_at", "-id")
        page = Paginator(flags, PAGE_SIZE).get_page(number)
        page.object_list = [_report(flag) for flag in page.object_list]
        return page

    def reasons(self, message_ids: Collection[int]) -> Mapping[int, str]:
        """Return, by message, the text sent with the latest decision, not undone, that hid it or removed words.

        It may precede the decision in force: one about other messages, or a lapse, leaves a message hidden.
        """
        measures = Measure.objects.filter(act__in=(Act.HIDE, Act.REDACT), after=True, message__in=message_ids)
        standing = measures.not_undone().filter(decision__reverses=None).exclude(decision__sent="")
        rows = standing.order_by("decision__decided_at", "decision_id").values_list("message", "decision__sent")
        return dict(rows)


def _own(user: Any) -> Any:
    """Select the flags that this user made as a participant, not as staff."""
    return Flag.objects.of_person(user.pk).exclude(source=Source.STAFF)


def _report(flag: Flag) -> Report:
    return Report(
        pk=flag.pk,
        message=flag.message,
        choice=flag.label.wording or flag.label.name,
        reported_at=flag.created_at,
        state=STATES[Outcome(flag.outcome)],
        is_current=flag.message is not None and flag.message.revision == flag.revision,
    )
