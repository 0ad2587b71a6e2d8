"""Claims: a reviewer's lease on a case. One statement takes the best free case, so no two reviewers get the same one.

Claims commit asynchronously on PostgreSQL. If the server crashes within a second, the claim and its audit entry are
lost together and the case is free, as after an expired lease. What a page shows of the case is recorded with a
synchronous commit, which also flushes earlier commits to disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, models, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from ops.audit.recording import record
from ops.moderation import cases
from ops.moderation.claiming import fit, taking
from ops.moderation.events import ModerationEvent
from ops.moderation.models import LEASE, Case, Claim, Skip, State
from ops.moderation.notices import notices
from ops.moderation.refusals import ClaimRefused, Outdated

SKIPPED_FOR = timedelta(hours=8)
LEFT = timedelta(minutes=2)  # what remains of a lease once its page was left; longer than the heartbeat interval
MOST_TRIES = 50  # attempts to take a case while colleagues take the same ones


def claim_next(user: Any, *, among: Sequence[Any] | None = None, using: str = DEFAULT_DB_ALIAS) -> Claim | None:
    """Claim the best free case for ``user``: of the queue, or of the ordered querysets in ``among`` (if several, by
    rank). Return None if there is none.

    After HARD_CASES_IN_A_ROW hard cases a lighter one is preferred (ops/moderation/wellbeing/counting.py). The user's
    earlier claim is released. Raises ClaimRefused if colleagues take the cases first on every attempt.
    """
    if among is None:
        claim = taking.take_at_once(user, using)
        if claim is not None:
            return claim
    for _attempt in range(MOST_TRIES):
        try:
            look, claim = taking.first_try(user, among, using)
            # Prefer a lighter case only after several hard ones in a row. All reviewers share one order: no case
            # starves.
            for lighter in (True, False) if look.needs_lighter else (False,):
                if claim is None:
                    claim = taking.take_found(user, among, look, lighter=lighter, using=using)
            if claim is not None or not taking.is_any_free(user, among, look, using):
                return claim
        except IntegrityError:  # the same person took another case in a second tab meanwhile
            continue
    raise ClaimRefused(_("Colleagues took the same cases at the same moment. Try again."))


def claim(user: Any, case: Case, *, using: str = DEFAULT_DB_ALIAS) -> Claim:
    """Claim this case, or return the claim that ``user`` already holds on it. Raises ClaimRefused with the holder or
    the reason."""
    with transaction.atomic(using=using):
        locked = Case.objects.using(using).select_for_update(of=("self",)).get(pk=case.pk)
        held = Claim.objects.using(using).live().filter(case=locked).select_related("reviewer").first()
        if held is not None and held.reviewer_id == user.pk:
            return held
        if held is not None:
            raise ClaimRefused(_("%(name)s holds this case.") % {"name": held.reviewer.get_username()})
        _refuse_unfit(user, locked, using)
        if connections[using].vendor != "postgresql":  # PostgreSQL does it in the statement that takes the case
            release_all(user, using=using)
        claim = taking.take_this(user, case, using)
        if claim is None:
            raise ClaimRefused(_("A colleague has just claimed this case."))
        return claim


def take_over(user: Any, case: Case, *, using: str = DEFAULT_DB_ALIAS) -> Claim:
    """Take over a colleague's claim, record that and notify the colleague. Raises ClaimRefused."""
    with transaction.atomic(using=using):
        locked = Case.objects.using(using).select_for_update(of=("self",)).get(pk=case.pk)
        _refuse_unfit(user, locked, using)
        held = Claim.objects.using(using).live().filter(case=locked).exclude(reviewer=user.pk).first()
        if held is not None:
            details = {"holder": held.reviewer_id}
            record(ModerationEvent.CASE_TAKEN_OVER, actor=user, target=locked, details=details, using=using)
            notices.notify_taken_over(held, by=user, using=using)
            Claim.objects.using(using).filter(case=locked).delete()
        return claim(user, locked, using=using)


def heartbeat(user: Any, case_id: int, token: UUID, *, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Extend a claim to a full lease from now; return False if the claim is lost."""
    own = Claim.objects.using(using).live().filter(case=case_id, reviewer=user.pk, token=token)
    return bool(own.update(expires_at=Now() + _lease()))


def leave(user: Any, case_id: int, token: UUID, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Shorten a claim whose page was left. It does not end immediately, because the user may be reloading the page or
    looking something up. A heartbeat extends it again."""
    soon = Now() + models.Value(LEFT, output_field=models.DurationField())
    own = Claim.objects.using(using).live().filter(case=case_id, reviewer=user.pk, token=token)
    own.filter(expires_at__gt=soon).update(expires_at=soon)


def release(user: Any, *case_ids: int, using: str = DEFAULT_DB_ALIAS) -> None:
    """Release the user's claim if it is on one of these cases."""
    Claim.objects.using(using).filter(case__in=cases.id_lookup(case_ids, using=using), reviewer=user.pk).delete()


def give_back(user: Any, case: Case, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Release a case at the user's request, and record that. Raises ClaimRefused."""
    with transaction.atomic(using=using):
        if not Claim.objects.using(using).live().filter(case=case, reviewer=user.pk).exists():
            raise ClaimRefused(_("You do not hold this case."))
        release(user, case.pk, using=using)
        record(ModerationEvent.CASE_RELEASED, actor=user, target=case, using=using)


def release_all(user: Any, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Release the user's claim, for example when they sign out."""
    Claim.objects.using(using).filter(reviewer=user.pk).delete()


def skip(user: Any, case: Case, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Release a case, and do not offer it to this user again for SKIPPED_FOR."""
    with transaction.atomic(using=using):
        until = timezone.now() + SKIPPED_FOR
        Skip.objects.using(using).update_or_create(reviewer=user, case=case, defaults={"until": until})
        release(user, case.pk, using=using)
        record(ModerationEvent.CASE_SKIPPED, actor=user, target=case, using=using)


def locked_case(user: Any, case_id: int, *, token: UUID | None, version: int, using: str) -> Case:
    """Return the case, locked after its conversation, for a change that ``user`` makes under their claim to the
    ``version`` that they saw.

    Raises Outdated if the case has changed since, or if the claim is lost.
    """
    case = cases.locked_in_conversation(case_id, using=using)
    if case.version != version:
        raise Outdated(_("The case changed since you opened it. What you entered is kept: look again, then send it."))
    held = Claim.objects.using(using).live().filter(case=case).select_related("reviewer").first()
    if held is None or (held.reviewer_id == user.pk and held.token != token):
        raise Outdated(_("You no longer hold this case: the claim ran out. What you entered is kept: claim it again."))
    if held.reviewer_id != user.pk:
        words = _("%(name)s holds this case now. What you entered is kept.")
        raise Outdated(words % {"name": held.reviewer.get_username()})
    return case


def why_unfit(user: Any, case: Case, *, using: str) -> str:
    """Return why this user must not decide a case, whatever their permissions, as a sentence; "" if they may."""
    if fit.is_fit(user, case.pk, using=using):
        return ""
    return _(
        "You cannot decide this case: it is about you or somebody you exchanged messages with, or a decision of yours "
        "on it was undone."
    )


def _refuse_unfit(user: Any, case: Case, using: str) -> None:
    if case.state == State.CLOSED:
        raise ClaimRefused(_("This case is closed."))
    if case.state == State.ESCALATED and not user.has_perm("moderation.take_over_case"):
        raise ClaimRefused(_("This case is escalated: a Lead decides it."))
    unfit = why_unfit(user, case, using=using)
    if unfit:
        raise ClaimRefused(unfit)


def _lease() -> models.Value:
    return models.Value(LEASE, output_field=models.DurationField())
