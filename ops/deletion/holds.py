"""Holds: while one is open, none of an account's data is deleted, even if the deletion is approved or has begun.

Messages that it exchanged with others are kept as well, as evidence on both sides. So the whole deletion of anybody
who exchanged messages with an account on hold is held, in either mode: anonymising, too, removes who wrote a message,
and its older texts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.models import Message
from ops.audit.details import Key
from ops.audit.recording import record
from ops.deletion.events import DeletionEvent
from ops.deletion.models import GONE, DeletionRequest, DeletionRequestQuerySet, Hold, HoldQuerySet
from ops.deletion.refusals import HoldRefused


def open_holds(user_id: Any) -> HoldQuerySet:
    """Return the open holds on an account."""
    return Hold.objects.open().of(user_id)


class HeldCorrespondent(NamedTuple):
    """A ``person`` with open ``holds``, and how many ``messages`` an account exchanged with them."""

    person: Any
    messages: int
    holds: list[Hold]


def people_on_hold(*, using: str = DEFAULT_DB_ALIAS) -> set[int]:
    """Return the ids of the accounts with an open hold."""
    return set(Hold.objects.using(using).open().order_by().values_list("user_id", flat=True))


# The rule is asked in three forms, because each is another question at another cost: ``DeletionRequestQuerySet``
# selects many requests in SQL, this counts for one account, ``deletions_stopped_by`` asks the reverse of any account.
def count_exchanged(user_id: Any, people: Collection[int], *, using: str = DEFAULT_DB_ALIAS) -> Counter[int]:
    """Return how many messages an account exchanged with each of ``people`` (ids), without those who have none.

    Reads only the account's messages, by index; runs no query if ``people`` is empty.
    """
    found: Counter[int] = Counter()
    others = sorted(set(people) - {user_id})
    for this, other in (("sender_id", "receiver_id"), ("receiver_id", "sender_id")) if others else ():
        theirs = Message.objects.using(using).order_by().filter(**{this: user_id, f"{other}__in": others})
        found.update(dict(theirs.values_list(other).annotate(number=Count("pk"))))
    return found


def open_by_account() -> dict[int, list[Hold]]:
    """Return all open holds by the id of their account, oldest first."""
    placed: dict[int, list[Hold]] = defaultdict(list)
    for one in Hold.objects.open().order_by("placed_at", "pk"):
        placed[one.user_id].append(one)
    return placed


def correspondents_on_hold(user_id: Any, placed: Mapping[int, list[Hold]]) -> list[HeldCorrespondent]:
    """Return the people on hold with whom an account exchanged messages, most messages first. ``placed`` is the
    result of open_by_account()."""
    counts = count_exchanged(user_id, placed)
    people = get_user_model()._default_manager.in_bulk(counts) if counts else {}
    return [HeldCorrespondent(people[pk], number, placed[pk]) for pk, number in counts.most_common() if pk in people]


def deletions_stopped_by(user_id: Any) -> DeletionRequestQuerySet:
    """Return the open requests for other accounts that a hold on this one stops, or would stop."""
    messages = Message.objects.order_by()
    wrote_to, heard_from = messages.filter(sender=user_id), messages.filter(receiver=user_id)
    wrote_with = Q(user__in=wrote_to.values("receiver")) | Q(user__in=heard_from.values("sender"))
    return DeletionRequest.objects.open().filter(wrote_with).exclude(user=user_id).exclude(GONE)


def place(user: Any, *, kind: str, reason: str, by: Any) -> Hold:
    """Place a hold on an account, which stops a running deletion before its next batch. Raises HoldRefused."""
    if not reason.strip():
        raise HoldRefused(_("Enter the reason for the hold: it is recorded."))
    with transaction.atomic():
        placed = Hold.objects.create(user_id=user.pk, kind=kind, reason=reason.strip(), placed_by=by)
        record(DeletionEvent.ACCOUNT_HELD, actor=by, target=user, details={"kind": Key(kind)}, reason=reason)
    return placed


def lift(hold: Hold, *, reason: str, by: Any) -> None:
    """Lift a hold; the deletions that it stopped resume within a minute. Raises HoldRefused."""
    if not reason.strip():
        raise HoldRefused(_("Enter why the hold is no longer needed: it is recorded."))
    with transaction.atomic():
        changes = {"lifted_at": timezone.now(), "lifted_by": by, "lift_reason": reason.strip()}
        if not Hold.objects.open().filter(pk=hold.pk).update(**changes):
            raise HoldRefused(_("This hold has already been lifted."))
        user = get_user_model().objects.filter(pk=hold.user_id).first()
        target = user or (get_user_model()._meta.label_lower, hold.user_id)
        record(DeletionEvent.HOLD_LIFTED, actor=by, target=target, details={"kind": Key(hold.kind)}, reason=reason)
    hold.refresh_from_db()


def notes(request: HttpRequest, ids: Collection[Any]) -> dict[Any, str]:
    """Return the words “on hold” by the id of each of these accounts on hold; {} for people who may not see holds."""
    if not request.user.has_perm("deletion.view_hold"):
        return {}
    return dict.fromkeys(Hold.objects.open().filter(user__in=ids).values_list("user_id", flat=True), _("on hold"))
