"""Erasing or anonymising the messages of an account, and then the account itself."""

from __future__ import annotations

from dataclasses import fields
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone

from messaging import page_cache
from messaging.editors import editing_as
from messaging.erasing import erasure
from messaging.erasing.anonymising import AnonymisedCounts, anonymise_batch, anonymise_rest
from messaging.erasing.erasure import ErasureCounts
from ops.accounts.usernames import ANONYMISED
from ops.deletion import erased_names, receipts
from ops.deletion.erasing import batches
from ops.deletion.erasing.batches import HoldCheck, batch, locked_user, paced, record_step
from ops.deletion.events import DeletionEvent
from ops.deletion.models import AccountDeletion, DeletionRequest
from ops.deletion.recording import record
from ops.jobs.run import Run

Counts = TypeVar("Counts", ErasureCounts, AnonymisedCounts)


def erase(run: Run, check: HoldCheck) -> None:
    """Remove the messages of the account, then its row. Raises Stopped and ProtectedPerson."""

    def erase_some(size: int) -> bool:
        with batch(run, check) as request:
            if request.account_is_gone:
                return False
            counts = _counts_of(request, ErasureCounts)
            erased = erasure.erase_batch(request.user_id, counts, size=size, protected=check.on_hold)
            request.progress["counts"] = counts.as_dict()
            run.advance(done=counts.messages)
            return bool(erased)

    paced(run, erase_some)
    with batch(run, check) as request:
        if request.account_is_gone:
            return
        user = locked_user(request)
        _store_erased_names(request, user)
        counts = _counts_of(request, ErasureCounts)
        if user is not None:
            # Messages that arrived since the last batch are removed with the row, in one transaction.
            erasure.delete_user(user, counts=counts)
        request.progress["counts"] = counts.as_dict()
        record_step(request, "messages", "removed" if counts.messages else "none")
        record_step(request, "account", "removed" if user is not None else "none")


def anonymise(run: Run, check: HoldCheck, *, blank: bool) -> None:
    """Anonymise the account's messages, blank their texts if ``blank``, then rename and close the account.

    Raises Stopped and ProtectedPerson.
    """

    def anonymise_some(size: int) -> bool:
        with batch(run, check) as request:
            if request.account_is_gone:
                return False
            counts, after = _counts_of(request, AnonymisedCounts), request.progress.get("after")
            after = anonymise_batch(
                request.user_id, counts, after=after, size=size, blank=blank, protected=check.on_hold
            )
            if after is not None:
                request.progress["after"] = after
            request.progress["counts"] = counts.as_dict()
            run.advance(done=min(run.done + size, run.total or 0))
            return after is not None

    paced(run, anonymise_some)
    with batch(run, check) as request:
        if request.account_is_gone:
            return
        user = locked_user(request)
        check.run(request.user_id, full=True)  # renaming the account affects all its messages, also new ones
        _store_erased_names(request, user)
        counts = _counts_of(request, AnonymisedCounts)
        anonymise_rest(request.user_id, counts, blank=blank, size=batches.LEAST_SIZE)
        request.progress["counts"] = counts.as_dict()
        if user is not None:
            _strip_identity(user)
            _record_anonymised(request, counts, by=run.requester)
        record_step(request, "messages", "removed" if blank and counts.texts_blanked else "none")
        record_step(request, "account", "removed" if user is not None else "none")


def _counts_of(request: DeletionRequest, kind: type[Counts]) -> Counts:
    known = {field.name for field in fields(kind)}
    return kind(**{name: number for name, number in request.progress["counts"].items() if name in known})


def _store_erased_names(request: DeletionRequest, user: Any) -> None:
    """Mark the account as erased: from now on imports refuse its names, and holds do not stop the remaining steps."""
    if user is not None:  # it may have been renamed since the request
        request.username, request.email = user.get_username(), user.email
    now, receipt_id = timezone.now(), uuid4()
    erased_names.store(username=request.username, email=request.email, receipt_id=receipt_id, at=now)
    hashes = receipts.hashes(request.username, request.email)
    request.progress.update(erased_at=now.isoformat(), receipt=str(receipt_id), **hashes)


def _strip_identity(user: Any) -> None:
    """Rename the account to “Deleted user N” and close it, without password, address and rights.

    Nothing of this is recorded about the account: the audit entry is about the request.
    """
    user.email, user.last_login = "", None
    user.time_zone = user.language = user.zone_asked = user.keys_off = None
    user.anonymised_at = timezone.now()
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    taken = get_user_model().objects.filter(username__startswith=f"{ANONYMISED} ").count()
    for number in count(taken + 1):
        user.username = f"{ANONYMISED} {number}"
        try:
            with transaction.atomic():
                user.save()
            break
        except IntegrityError:  # the name is taken
            continue
    for given in (user.groups, user.user_permissions):
        # Not by clear(), which the audit trail records as a change of the account's permissions.
        given.through._default_manager.filter(user_id=user.pk).delete()


def _record_anonymised(request: DeletionRequest, counts: AnonymisedCounts, *, by: Any) -> None:
    # What receivers of ``user_erased`` do for a deleted account; this one stays, so the signal is not sent.
    with editing_as(by):  # not as the person, who may be signed in and deleting their own account
        AccountDeletion.objects.record(counts.as_dict())
    record(DeletionEvent.ACCOUNT_ANONYMISED, request, by=by, details=counts.as_dict())
    page_cache.invalidate_all()
