"""Requesting the deletion of an account: the decision makes a request in ops.deletion, which somebody else approves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ops.deletion import approval, requests
from ops.deletion.models import Basis, DeletionRequest, State
from ops.deletion.refusals import DeletionRefused
from ops.moderation.measures import limits
from ops.moderation.measures.kinds import Acting, Asked, Order
from ops.moderation.measures.people import OnPerson, listed
from ops.moderation.models import Act, Measure
from ops.moderation.refusals import DecisionRefused

REQUESTS = "moderation.request_deletion"
REASON = gettext_lazy("Decided at the review desk.")  # no case number: it would identify an anonymised account
UNDONE = gettext_lazy("The decision of the review desk was undone.")
GONE = gettext_lazy("A deletion request stays as it is: gone.")
PENDING = gettext_lazy("A deletion request stays as it is: pending.")
STAYS = {
    State.RUNNING: gettext_lazy("A deletion request stays as it is: being erased."),
    State.DONE: gettext_lazy("A deletion request stays as it is: done."),
    State.CANCELLED: gettext_lazy("A deletion request stays as it is: cancelled."),
    State.REFUSED: gettext_lazy("A deletion request stays as it is: refused."),
}


class Deletion(OnPerson):
    """The account is closed immediately, and erased once somebody else approves."""

    act = Act.DELETE
    unexplained = ""
    strangers = gettext_lazy(
        "You can request the deletion only of accounts of people whose messages, or to whom, were reported."
    )
    refusals = limits.DELETING

    def refuse(self, asked: Sequence[Asked], acting: Acting) -> None:
        if not acting.by.has_perm(REQUESTS):
            raise DecisionRefused(
                _("You may not request deletions of accounts: escalate the case to somebody who may.")
            )
        super().refuse(asked, acting)

    def carry_out(self, measures: Sequence[Measure], acting: Acting) -> None:
        people = list(get_user_model()._base_manager.filter(pk__in=[one.user_id for one in measures]))
        try:
            group = requests.request_deletion(people, by=acting.by, reason=str(REASON), basis=Basis.POLICY)
        except DeletionRefused as refusal:
            raise DecisionRefused(str(refusal)) from refusal
        made = dict(group.requests.values_list("user", "pk"))
        for one in measures:
            if one.user_id is not None:
                one.facts = {"request": str(made[one.user_id])}
        super().carry_out(measures, acting)

    def stays(self, measures: Sequence[Measure], acting: Acting) -> dict[int, str]:
        found = super().stays(measures, acting)
        requested = _requests(measures)
        for one in measures:
            if one.pk not in found:
                request = requested.get(one.pk)
                if request is None or request.state not in (State.REQUESTED, State.APPROVED):
                    found[one.pk] = str(GONE if request is None else STAYS[State(request.state)])
                elif not acting.by.has_perm(REQUESTS):
                    found[one.pk] = _("A deletion request stays: you may not cancel it. Ask a Lead.")
        return found

    def undo(self, measures: Sequence[Measure], acting: Acting) -> None:
        for request in _requests(measures).values():
            try:
                approval.cancel(request, by=acting.by, reason=str(UNDONE))
            except DeletionRefused as refusal:
                raise DecisionRefused(str(refusal)) from refusal
        super().undo(measures, acting)

    def again(self, measures: Sequence[Measure], acting: Acting) -> dict[int, Order | str]:
        found, requested = super().again(measures, acting), _requests(measures)
        for one in measures:
            request = requested.get(one.pk)
            if isinstance(found[one.pk], Order) and (request is None or request.state != State.CANCELLED):
                found[one.pk] = str(GONE if request is None else STAYS.get(State(request.state), PENDING))
        return found

    def will_undo(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        text = ngettext(
            "The deletion request of %(people)s is cancelled, and the account is open again.",
            "The deletion requests of %(people)s are cancelled, and the accounts are open again.",
            len(measures),
        )
        return text % {"people": listed(measures, names)}

    def words(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        text = ngettext("deletion of %(people)s requested", "deletion of %(people)s requested", len(measures))
        return text % {"people": listed(measures, names)}


def lock_requests(measures: Sequence[Measure]) -> None:
    """Lock the deletion requests that these measures made."""
    if keys := _keys([one for one in measures if one.act == Act.DELETE]):
        approval.lock(keys.values())


def _keys(measures: Sequence[Measure]) -> dict[int, str]:
    """Return the keys of the requests that these measures made, by measure."""
    return {one.pk: one.facts["request"] for one in measures if one.facts}


def _requests(measures: Sequence[Measure]) -> dict[int, DeletionRequest]:
    """Return the requests that these measures made, by measure."""
    keys = _keys(measures)
    found = {str(request.pk): request for request in DeletionRequest.objects.filter(pk__in=keys.values())}
    return {pk: found[key] for pk, key in keys.items() if key in found}
