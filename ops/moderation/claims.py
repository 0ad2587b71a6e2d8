"""Claims: a reviewer's lease on a case. The best free case is taken in one statement: two never get the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, models, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from ops.audit.recording import record
from ops.moderation.events import ModerationEvent
from ops.moderation.models import LEASE, Case, Claim, Skip, State
from ops.moderation.refusals import ClaimRefused, Outdated

SKIPPED_FOR = timedelta(hours=8)
MOST_TRIES = 50  # of taking a case where others take the same ones

# A claim whose lease has run out is taken over; a live one makes the statement do nothing.
TAKE = """
INSERT INTO moderation_claim (case_id, reviewer_id, token, claimed_at, expires_at)
SELECT case_key, %s, %s, {now}, {expires} FROM ({best}) AS best WHERE true
ON CONFLICT (case_id) DO UPDATE SET reviewer_id = excluded.reviewer_id, token = excluded.token,
    claimed_at = excluded.claimed_at, expires_at = excluded.expires_at
WHERE moderation_claim.expires_at <= {now}
RETURNING case_id
"""


def free_cases(user: Any) -> Any:
    """Return the cases that ``user`` may be given: to be decided, held by nobody, not skipped by them, fit for them."""
    skipped = Skip.objects.filter(reviewer=user.pk, case=OuterRef("pk"), until__gt=timezone.now())
    free = Case.objects.to_decide().free_of_claims().fit_for(user.pk)
    return free.exclude(Exists(skipped)).filter(conversation__isnull=False)


def claim_next(user: Any, *, using: str = DEFAULT_DB_ALIAS) -> Claim | None:
    """Claim the best free case of the queue for ``user``; None where there is none.

    What they held before is released. Raises ClaimRefused where others were faster again and again.
    """
    for _ in range(MOST_TRIES):
        try:
            with transaction.atomic(using=using):
                release_all(user, using=using)
                best = free_cases(user).using(using).order_by("rank_at", "id")
                claim = _take(user, best, using)
                if claim is not None:
                    return claim
                if not best.exists():
                    return None
        except IntegrityError:  # the same person took another case in a second tab meanwhile
            continue
    raise ClaimRefused("Colleagues took the same cases at the same moment. Try again.")


def claim(user: Any, case: Case, *, using: str = DEFAULT_DB_ALIAS) -> Claim:
    """Claim a certain case, or go on with one's own claim. Raises ClaimRefused with who holds it, or why not."""
    with transaction.atomic(using=using):
        locked = Case.objects.using(using).select_for_update(of=("self",)).get(pk=case.pk)
        held = Claim.objects.using(using).live().filter(case=locked).select_related("reviewer").first()
        if held is not None and held.reviewer_id == user.pk:
            return held
        if held is not None:
            raise ClaimRefused(f"{held.reviewer.get_username()} holds this case.")
        _refuse_unfit(user, locked, using)
        release_all(user, using=using)
        claim = _take(user, Case.objects.using(using).filter(pk=case.pk), using)
        if claim is None:
            raise ClaimRefused("A colleague has just claimed this case.")
        return claim


def take_over(user: Any, case: Case, *, using: str = DEFAULT_DB_ALIAS) -> Claim:
    """Take a colleague's claim, which is recorded; their page says so. Raises ClaimRefused."""
    with transaction.atomic(using=using):
        locked = Case.objects.using(using).select_for_update(of=("self",)).get(pk=case.pk)
        _refuse_unfit(user, locked, using)
        held = Claim.objects.using(using).live().filter(case=locked).exclude(reviewer=user.pk).first()
        if held is not None:
            details = {"holder": held.reviewer_id}
            record(ModerationEvent.CASE_TAKEN_OVER, actor=user, target=locked, details=details, using=using)
            Claim.objects.using(using).filter(case=locked).delete()
        return claim(user, locked, using=using)


def heartbeat(user: Any, case_id: int, token: UUID, *, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Extend a claim by the lease from now; False where it is lost."""
    own = Claim.objects.using(using).live().filter(case=case_id, reviewer=user.pk, token=token)
    return bool(own.update(expires_at=Now() + _lease()))


def release(user: Any, case_id: int, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Give a case back to the queue, where this person holds it."""
    Claim.objects.using(using).filter(case=case_id, reviewer=user.pk).delete()


def give_back(user: Any, case: Case, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Release a case because this person asks for it, which is recorded. Raises ClaimRefused."""
    with transaction.atomic(using=using):
        if not Claim.objects.using(using).live().filter(case=case, reviewer=user.pk).exists():
            raise ClaimRefused("You do not hold this case.")
        release(user, case.pk, using=using)
        record(ModerationEvent.CASE_RELEASED, actor=user, target=case, using=using)


def release_all(user: Any, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Give back what this person holds, such as when they sign out."""
    Claim.objects.using(using).filter(reviewer=user.pk).delete()


def skip(user: Any, case: Case, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Release a case and do not give it to this person again for some hours."""
    with transaction.atomic(using=using):
        until = timezone.now() + SKIPPED_FOR
        Skip.objects.using(using).update_or_create(reviewer=user, case=case, defaults={"until": until})
        release(user, case.pk, using=using)
        record(ModerationEvent.CASE_SKIPPED, actor=user, target=case, using=using)


def locked_case(user: Any, case_id: int, *, token: UUID | None, version: int, using: str) -> Case:
    """Return the case, locked, for a change that ``user`` makes of the ``version`` that they saw, under their claim.

    Raises Outdated where it changed since, or where the claim is lost.
    """
    case = Case.objects.using(using).select_for_update(of=("self",)).get(pk=case_id)
    if case.version != version:
        raise Outdated("The case changed since you opened it. What you entered is kept: look again, then send it.")
    held = Claim.objects.using(using).live().filter(case=case).select_related("reviewer").first()
    if held is None or (held.reviewer_id == user.pk and held.token != token):
        raise Outdated("You no longer hold this case: the claim ran out. What you entered is kept: claim it again.")
    if held.reviewer_id != user.pk:
        raise Outdated(f"{held.reviewer.get_username()} holds this case now. What you entered is kept.")
    return case


def _refuse_unfit(user: Any, case: Case, using: str) -> None:
    if case.state == State.CLOSED:
        raise ClaimRefused("This case is closed.")
    if case.state == State.ESCALATED and not user.has_perm("moderation.take_over_case"):
        raise ClaimRefused("This case is escalated: a Lead decides it.")
    if not Case.objects.using(using).fit_for(user.pk).filter(pk=case.pk).exists():
        raise ClaimRefused(
            "You cannot decide this case: it is about you or somebody you exchanged messages with, or a decision of "
            "yours on it was undone."
        )


def _lease() -> models.Value:
    return models.Value(LEASE, output_field=models.DurationField())


def _take(user: Any, best: Any, using: str) -> Claim | None:
    """Claim the first of these cases, in one statement; None where there is none or somebody else was faster."""
    connection = connections[using]
    best = best.values(case_key=F("pk"))[:1]
    if connection.vendor == "postgresql":
        best = best.select_for_update(skip_locked=True, of=("self",), no_key=True)
        now, expires = (
            "statement_timestamp()",
            f"statement_timestamp() + interval '{int(LEASE.total_seconds())} seconds'",
        )
    else:
        seconds = int(LEASE.total_seconds())
        form = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now'{})"
        now, expires = form.format(""), form.format(f", '+{seconds} seconds'")
    sql, params = best.query.get_compiler(using).as_sql()
    token = uuid4()
    key = token if connection.features.has_native_uuid_field else token.hex
    with connection.cursor() as cursor:
        cursor.execute(TAKE.format(now=now, expires=expires, best=sql), [user.pk, key, *params])
        row = cursor.fetchone()
    if row is None:
        return None
    claim: Claim = Claim.objects.using(using).select_related("case").get(case_id=row[0])
    first = Case.objects.using(using).filter(pk=row[0], first_claimed_at=None)
    first.update(first_claimed_at=claim.claimed_at)
    record(ModerationEvent.CASE_CLAIMED, actor=user, target=claim.case, using=using)
    return claim
