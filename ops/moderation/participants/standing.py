"""What participants read about measures on them, on their pages (setting MESSAGING_STANDING) and when signing in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.participants.reporting import how_to_object
from messaging.participants.standing import Limit, NoSuchWarning, Standing, Warned
from ops.audit.recording import record_each
from ops.moderation.events import ModerationEvent
from ops.moderation.measures.people import until_in_words
from ops.moderation.models import Act, Measure

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SUSPENDED = gettext_lazy("Your account is suspended until %(time)s: you cannot sign in or send messages.")
RESTRICTED = gettext_lazy("You cannot begin conversations until %(time)s. You can reply.")
# Shown for texts deleted by the erasure of another person, without mentioning the erasure.
WARNING_NOT_KEPT = gettext_lazy("What the moderators wrote to you is no longer kept.")
REASON_NOT_KEPT = gettext_lazy("It is no longer kept.")


class ParticipantsStanding:
    """Implements ``messaging.participants.standing.Moderators``: warnings, restrictions and suspensions in force."""

    def standing_of(self, user: Any) -> Standing:
        """Return the measures in force on a user. Runs one query, on the index by person."""
        found = list(
            Measure.objects.holding()
            .filter(user=user.pk)
            .select_related("decision")
            .order_by("decision__decided_at", "pk")
        )
        return Standing(
            warnings=[
                Warned(one.pk, one.decision.sent or str(WARNING_NOT_KEPT), one.decision.decided_at)
                for one in _each_once(one for one in found if one.act == Act.WARN)
            ],
            sending=_limit(SUSPENDED, [one for one in found if one.act == Act.SUSPEND]),
            beginning=_limit(RESTRICTED, [one for one in found if one.act == Act.RESTRICT]),
        )

    def confirm(self, pk: int, *, by: Any) -> None:
        """Store and record that ``by`` read a warning and the other warnings of its group. Repeating it has no effect.

        Raises NoSuchWarning.
        """
        with transaction.atomic():
            theirs = Measure.objects.filter(act=Act.WARN, user=by.pk)
            warning = theirs.select_related("decision").filter(pk=pk).first()
            if warning is None:
                raise NoSuchWarning
            alike = Q(pk=pk)
            if warning.decision.group is not None:
                alike |= Q(decision__group=warning.decision.group)
            # Locked, so that of two concurrent requests only one confirms.
            unread = theirs.filter(alike, confirmed_at=None).select_for_update(of=("self",)).order_by("pk")
            read = list(unread.select_related("decision__case"))
            theirs.filter(pk__in=[one.pk for one in read]).update(confirmed_at=timezone.now())
            about = [(one.decision.case, {"decision": one.decision_id}) for one in read]
            record_each(ModerationEvent.WARNING_CONFIRMED, about, actor=by)


def _each_once(warnings: Iterable[Measure]) -> list[Measure]:
    """Return one warning for each group: a group sends a person one text, in however many cases they are."""
    found: dict[Any, Measure] = {}
    for one in warnings:
        key = one.decision.group or one.pk
        if key not in found or not found[key].decision.sent:  # an erasure may have emptied it
            found[key] = one
    return list(found.values())


def sign_in_refusal(user: Any) -> str:
    """Return why a user with the right password cannot sign in, until when, and how to object; "" if they can."""
    limit = ParticipantsStanding().standing_of(user).sending
    if limit is None:
        return ""
    reason = _("The reason that moderators gave: %(reason)s") % {"reason": limit.reason}
    return " ".join(filter(None, [limit.sentence, reason, how_to_object()]))


def _limit(sentence: StrOrPromise, measures: list[Measure]) -> Limit | None:
    """Return the limit with the latest end among these measures, with its reason; None without any."""
    if not measures:
        return None
    last = max(measures, key=lambda one: (one.until, one.pk))
    assert last.until is not None
    return Limit(sentence % {"time": until_in_words(last.until)}, last.decision.sent or str(REASON_NOT_KEPT))
