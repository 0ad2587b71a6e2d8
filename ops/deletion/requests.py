"""Requesting the deletion of accounts: what it would remove, what prevents it, and closing the account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.editors import editing_as
from messaging.erasing import erasure
from messaging.erasing.erasure import ErasureCounts
from messaging.models import Message
from messaging.participants.account_deletion import DELETED, is_last_superuser
from messaging.people.naming import name_pattern
from ops.accounts.models import LAST_SUPERUSER
from ops.accounts.signing_in import sessions
from ops.deletion import approval, holds
from ops.deletion.erasing import running
from ops.deletion.events import DeletionEvent
from ops.deletion.holds import HeldCorrespondent
from ops.deletion.models import Basis, DeletionGroup, DeletionRequest, Hold, Mode, State
from ops.deletion.recording import record
from ops.deletion.refusals import DeletionRefused

__all__ = [
    "MOST_AT_ONCE",
    "DeletionRefused",
    "Plan",
    "count_messages",
    "delete_own_account",
    "obstacle",
    "open_request",
    "plan",
    "request_deletion",
    "request_own_deletion",
]

MOST_AT_ONCE = 100  # accounts in one group: the page counts exactly what is deleted with each of them
OWN_COLLEAGUE = gettext_lazy("This account may use the console: ask a superuser to have it deleted.")
CLOSED = gettext_lazy("Your account is closed, and its deletion is under way.")


@dataclass(frozen=True)
class Plan:
    """What deleting ``user`` would remove and change, whom it affects, and what prevents it.

    ``people`` is how many people exchanged messages with the user, ``conversations`` how many conversations stay but
    lose messages. Counts are exact; if not ``complete``, there are too many messages for a page and only the messages
    are counted. An ``obstacle`` prevents the request. ``holds``, and messages ``exchanged`` with people on hold, allow
    the request but keep the deletion from running.
    """

    user: Any
    counts: ErasureCounts
    obstacle: str | None
    people: int = 0
    conversations: int = 0
    holds: list[Hold] = field(default_factory=list)
    exchanged: list[HeldCorrespondent] = field(default_factory=list)
    open_request: DeletionRequest | None = None
    complete: bool = True


def open_request(user: Any) -> DeletionRequest | None:
    """Return the open request for this account, or None."""
    return DeletionRequest.objects.open().filter(user_id=user.pk).first()


def obstacle(user: Any, *, by: Any) -> str | None:
    """Return a sentence on why ``by`` (None: a command) cannot request this deletion, or None if they can."""
    if by is not None and user.pk == by.pk:
        return _("This is your own account. Ask a colleague to request its deletion.")
    if by is not None and not by.is_superuser:
        if user.is_superuser:
            return _("This is a superuser's account. Only a superuser can request its deletion.")
        if user.is_staff:
            return _("This account may use the console. Only a superuser can request its deletion.")
    if is_last_superuser(user):
        return str(LAST_SUPERUSER)
    if open_request(user) is not None:
        return _("Its deletion has already been requested. See People › Deletions.")
    return None


def plan(users: Iterable[Any], *, by: Any) -> list[Plan]:
    """Return a Plan for each of ``users``, in the same order. Changes nothing."""
    plans, placed = [], holds.open_by_account()
    left = erasure.MOST_COUNTED  # one budget for all users
    for user in users:
        found = erasure.outlook(user.pk, most=max(left, 0))
        left -= found.counts.messages if found.complete else 0
        plans.append(
            Plan(
                user=user,
                counts=found.counts,
                obstacle=obstacle(user, by=by),
                people=found.affected.people,
                conversations=found.affected.conversations,
                holds=placed.get(user.pk, []),
                exchanged=holds.correspondents_on_hold(user.pk, placed),
                open_request=open_request(user),
                complete=found.complete,
            )
        )
    return plans


def count_messages(users: Iterable[Any]) -> int:
    """Return how many messages any of ``users`` sent or received; a message between two of them counts once."""
    users = list(users)
    return Message.objects.filter(Q(sender__in=users) | Q(receiver__in=users)).count()


def request_deletion(
    users: Iterable[Any],
    *,
    by: Any,
    reason: str,
    basis: str,
    ticket: str = "",
    mode: str | None = None,
    texts: str | None = None,
) -> DeletionGroup:
    """Request the deletion of these accounts, all or none, and close and sign them out immediately.

    ``by`` is None for a command. ``mode`` and ``texts`` default to the settings. Raises DeletionRefused.
    """
    if not reason.strip():
        raise DeletionRefused(_("Enter why the account is to be deleted: it is recorded."))
    with transaction.atomic(), editing_as(by):
        group = _new_group(by, basis, ticket, mode, texts)
        for user in _locked(users):
            refused = obstacle(user, by=by)
            if refused:
                sentence = _("Nothing was requested: the account of %(name)s stays. %(reason)s")
                raise DeletionRefused(sentence % {"name": user.get_username(), "reason": refused})
            if _names(user, ticket):
                raise DeletionRefused(
                    _("The ticket names the person and would stay on the receipt. Use a reference without names.")
                )
            _store_request(user, group, by=by, reason=reason.strip())
    return group


def request_own_deletion(user: Any) -> DeletionRequest:
    """Request and approve the deletion of a participant's own account; grace period and holds still apply.

    Raises DeletionRefused, also for staff: a colleague must request their deletion, and a second one approve it.
    """
    with transaction.atomic(), editing_as(user):
        for account in _locked([user]):
            if is_last_superuser(account):
                raise DeletionRefused(str(LAST_SUPERUSER))
            # Otherwise a colleague could read what they should not, and then erase their name from the audit trail.
            if account.is_staff or account.is_superuser:
                raise DeletionRefused(OWN_COLLEAGUE)
            if open_request(account) is not None:
                raise DeletionRefused(_("This account is already being deleted."))
            group = _new_group(None, Basis.USER_REQUEST, "", None, None)
            own = _store_request(account, group, by=account, reason="", own=True)
            approval.approve_own(own)
            return own
    raise DeletionRefused(_("This account no longer exists."))


def delete_own_account(user: Any) -> str:
    """Delete an account for the participants' page (MESSAGING_DELETE_ACCOUNT); returns the sentence to show.

    Without a grace period or hold, a small account is erased on return. Raises ValidationError.
    """
    try:
        own = request_own_deletion(user)
    except DeletionRefused as refusal:
        raise ValidationError(str(refusal)) from refusal
    assert own.runs_at is not None
    if own.runs_at > timezone.now():
        day = f"{timezone.localtime(own.runs_at):%Y-%m-%d}"
        sentence = _("Your account is closed. It will be deleted on %(day)s; until then, this site can reopen it.")
        return sentence % {"day": day}
    if own.is_held:
        return str(CLOSED)
    running.start(own, here=True)
    own.refresh_from_db()
    return str(DELETED if own.state == State.DONE else CLOSED)


def _names(user: Any, ticket: str) -> bool:
    """Return whether a ticket contains the person's name or address as a whole word."""
    pattern = name_pattern([user.get_username(), user.email, user.email.partition("@")[0]])
    return pattern is not None and pattern.search(ticket.replace("_", " "))


def _locked(users: Iterable[Any]) -> list[Any]:
    """Return the accounts, locked in the order of their ids, so that two requests cannot deadlock.

    If one of them is a superuser, all active superusers are locked: when two of them request each other's deletion
    at the same time, the second request is refused.
    """
    users = list(users)
    keys = {user.pk for user in users}
    mighty = Q(is_superuser=True, is_active=True) if any(user.is_superuser for user in users) else Q()
    accounts = get_user_model().objects.select_for_update().filter(Q(pk__in=keys) | mighty).order_by("pk")
    return [account for account in accounts if account.pk in keys]


def _new_group(by: Any, basis: str, ticket: str, mode: str | None, texts: str | None) -> DeletionGroup:
    mode = mode or settings.DELETION_MODE
    texts = (texts or settings.DELETION_TEXTS) if mode == Mode.ANONYMISE else ""
    group = DeletionGroup(requested_by=by, basis=basis, ticket=ticket.strip(), mode=mode, texts=texts)
    try:
        group.full_clean(exclude=["requested_by"])
    except ValidationError as error:
        raise DeletionRefused(" ".join(error.messages)) from error
    group.save()
    return group


def _store_request(user: Any, group: DeletionGroup, *, by: Any, reason: str, own: bool = False) -> DeletionRequest:
    """Store and record the request, close the account and end its sessions, in the caller's transaction."""
    stored = DeletionRequest(
        group=group,
        user=user,
        username=user.get_username(),
        email=user.email,
        reason=reason,
        was_active=user.is_active,
        own=own,
        requested_by=group.requested_by,
    )
    try:
        with transaction.atomic():
            stored.save()
    except IntegrityError as error:  # the unique constraint: another request was stored first
        raise DeletionRefused(_("Its deletion has already been requested. See People › Deletions.")) from error
    # The trail names no actor for a person's own request: the actor's id would identify the account.
    record(DeletionEvent.DELETION_REQUESTED, stored, by=None if own else by, reason=reason)
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    sessions.end_all(user.pk)
    return stored
