"""Hiding messages from participants, and taking no measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from messaging.models import Message
from messaging.texts import hiding
from messaging.writing import ids_subquery
from ops.moderation.measures.kinds import Acting, Kind, Order
from ops.moderation.models import Act, CoveredMessage, Measure


class Nothing(Kind):
    """The record of a decision that changes nothing."""

    act = Act.NONE

    def again(self, measures: Sequence[Measure], acting: Acting) -> dict[int, Order | str]:
        return {}

    def words(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        return _("nothing done")


class Hiding(Kind):
    """Participants read "removed by moderators" in place of a message."""

    act = Act.HIDE

    def carry_out(self, measures: Sequence[Measure], acting: Acting) -> None:
        newly = set(hiding.hide([one.message_id for one in measures if one.message_id], using=acting.using))
        for one in measures:
            one.before, one.after = one.message_id not in newly, True

    def stays(self, measures: Sequence[Measure], acting: Acting) -> dict[int, str]:
        targets = [one.message_id for one in measures if one.message_id is not None]
        among = ids_subquery(targets, using=acting.using)
        rows = Message._base_manager.using(acting.using).filter(pk__in=among).values_list("pk", "hidden", "revision")
        now = {pk: (hidden, revision) for pk, hidden, revision in rows}
        decided = {one.decision_id for one in measures}
        covered = {
            (decision, message): revision
            for decision, message, revision in CoveredMessage.objects.using(acting.using)
            .filter(decision__in=ids_subquery(decided, using=acting.using), message__in=among)
            .values_list("decision", "message", "revision")
        }
        later = _later(measures, among, acting.using)
        return {one.pk: why for one in measures if (why := _why(one, now, covered, later))}

    def undo(self, measures: Sequence[Measure], acting: Acting) -> None:
        hiding.show([one.message_id for one in measures if one.message_id], using=acting.using)

    def again(self, measures: Sequence[Measure], acting: Acting) -> dict[int, Order | str]:
        erased = _("A message that was hidden was erased since.")
        return {pk: order if order.message else erased for pk, order in super().again(measures, acting).items()}  # type: ignore[union-attr]

    def will_undo(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        text = ngettext(
            "%(number)s message will be shown to participants again.",
            "%(number)s messages will be shown to participants again.",
            len(measures),
        )
        return numbered(text, len(measures))

    def words(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        return numbered(
            ngettext("%(number)s message hidden", "%(number)s messages hidden", len(measures)), len(measures)
        )


def _later(measures: Sequence[Measure], among: Any, using: str) -> set[tuple[int, int]]:
    """Return (decision, message) of the measures whose message a later decision, not undone, hides as well."""
    rows = Measure.objects.using(using).not_undone().filter(act=Act.HIDE, message__in=among)
    latest: dict[int, list[tuple[Any, int]]] = {}
    for message, at, decision in rows.values_list("message", "decision__decided_at", "decision"):
        latest.setdefault(message, []).append((at, decision))
    return {
        (one.decision_id, one.message_id)
        for one in measures
        if one.message_id is not None
        and any(at > one.decision.decided_at and pk != one.decision_id for at, pk in latest.get(one.message_id, ()))
    }


def _why(
    one: Measure,
    now: Mapping[int, tuple[bool, int]],
    covered: Mapping[tuple[int, int], int],
    later: set[tuple[int, int]],
) -> str:
    """Return why undoing leaves a message unchanged, as a sentence; "" if it will be shown again."""
    if one.message_id is None or one.message_id not in now:
        return _("A hidden message was erased since.")
    hidden, revision = now[one.message_id]
    key = (one.decision_id, one.message_id)
    if not hidden:
        why = _("Message %(number)s is shown already.")
    elif one.before:
        why = _("Message %(number)s stays hidden: it was hidden before this decision.")
    elif key in later:
        why = _("Message %(number)s stays hidden: a later decision hides it too.")
    elif covered.get(key) != revision:
        why = _("Message %(number)s stays hidden: its text was changed since.")
    else:
        return ""
    return why % {"number": one.message_id}
