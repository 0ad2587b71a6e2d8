"""Claims: a reviewer's lease on a case. The best free case is taken in one statement: two never get the same.

Nobody waits until PostgreSQL has a claim on the disk. Where the server crashes within a second, the claim and its entry
in the audit trail are gone together, and the case is free, as after a lease that ran out. What a page shows of the case
is recorded and waited for, and what was committed before that is then on the disk, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, models, transaction
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.database.statements import Slot, Statement, reader, slot, written
from ops.audit.recording import record
from ops.moderation import cases
from ops.moderation.events import ModerationEvent
from ops.moderation.models import LEASE, Case, Claim, Skip, State
from ops.moderation.notices import told
from ops.moderation.refusals import ClaimRefused, Outdated
from ops.moderation.wellbeing import counting

SKIPPED_FOR = timedelta(hours=8)
LEFT = timedelta(minutes=2)  # of a claim whose page was left; more than heartbeats are apart
MOST_TRIES = 50  # of taking a case where others take the same ones

# A claim whose lease has run out is taken over; a live one makes the statement do nothing.
TAKE = """
INSERT INTO moderation_claim (case_id, reviewer_id, token, claimed_at, expires_at)
SELECT id, %s, %s, {now}, {expires} FROM {best} AS best WHERE true ORDER BY rank_at, id LIMIT 1
ON CONFLICT (case_id) DO UPDATE SET reviewer_id = excluded.reviewer_id, token = excluded.token,
    claimed_at = excluded.claimed_at, expires_at = excluded.expires_at
WHERE moderation_claim.expires_at <= {now}
RETURNING {claim}
"""
# What else is wanted, with PostgreSQL in the same statement. First of all, what the reviewer held is given back, and
# whatever ran out, in one order: two reviewers who are about to take each other's cases would wait for each other. Then
# this looks how the next case is to be found, takes one if it is to be found so, and notes that it was claimed for the
# first time. The answer is what was seen, whether the case is hard to read, the claim, and the case as it was locked.
TAKE_AT_ONCE = """
WITH ended AS MATERIALIZED (
    SELECT case_id FROM moderation_claim WHERE reviewer_id = %s OR expires_at <= statement_timestamp()
    ORDER BY case_id FOR UPDATE
),
released AS (DELETE FROM moderation_claim USING ended WHERE moderation_claim.case_id = ended.case_id RETURNING 1),
look AS MATERIALIZED (
    SELECT *, (SELECT count(*) FROM released) AS released,
        CASE WHEN %s THEN set_config('synchronous_commit', 'off', true) END AS waits
    FROM ({look}) AS seen
),
best AS MATERIALIZED (
    SELECT * FROM ({best}) AS firsts WHERE (SELECT released >= 0 AND {if_} FROM look) ORDER BY rank_at, id LIMIT 1
),
taken AS ({take}),
noted AS (
    UPDATE moderation_case SET first_claimed_at = taken.claimed_at FROM taken
    WHERE moderation_case.id = taken.case_id AND moderation_case.first_claimed_at IS NULL
)
SELECT look.waited, look.replied, look.in_a_row, EXISTS ({is_hard}), {taken}, {case}
FROM look LEFT JOIN (taken JOIN best ON best.id = taken.case_id) ON true
"""
IF_IT_MAY_BE_HARD = "coalesce(in_a_row, 0) < %s"
IF_PLAIN = f"NOT waited AND NOT replied AND {IF_IT_MAY_BE_HARD}"
ALWAYS = "true"

REVIEWER = slot("reviewer")


def free_cases(user_id: Any, among: Any) -> Any:
    """Return those of ``among`` that this reviewer may be given: held by nobody else, not skipped by them, fit for
    them."""
    # Looked up once: somebody who has skipped much has skipped what comes first in the queue.
    skipped = Skip.objects.filter(reviewer=user_id, until__gt=Now()).values("case")
    return (
        among.free_of_claims(but_of=user_id).fit_for(user_id).exclude(pk__in=skipped).filter(conversation__isnull=False)
    )


def claim_next(user: Any, *, among: Sequence[Any] | None = None, using: str = DEFAULT_DB_ALIAS) -> Claim | None:
    """Claim the best free case for ``user``: of the queue, or the first ``among`` these ordered querysets, of which
    several are ordered by rank. None where there is none.

    After HARD_CASES_IN_A_ROW hard ones, the best lighter one where there is any (ops/moderation/wellbeing/counting.py).
    What they held before is released. Raises ClaimRefused where others were faster again and again.
    """
    for _attempt in range(MOST_TRIES):
        try:
            with transaction.atomic(using=using):
                look, claim = _first_try(user, among, using)
                if claim is not None:
                    return claim
                # Lighter only for who had several hard ones in a row; the order is everybody's, so nothing starves.
                for lighter in (True, False) if look.needs_lighter else (False,):
                    claim = _take(user, _statement_of(among, look, lighter, using), using)[1]
                    if claim is not None:
                        return claim
                if not any(free_cases(user.pk, some).exists() for some in among or _parts(look, using)):
                    return None
        except IntegrityError:  # the same person took another case in a second tab meanwhile
            continue
    raise ClaimRefused(_("Colleagues took the same cases at the same moment. Try again."))


class Look(NamedTuple):
    """What decides how the next case is looked for: whether one of those that wait is due again, by a time and by a
    reply, and whether a lighter one is due."""

    waited: bool
    replied: bool
    needs_lighter: bool


PLAIN = Look(waited=False, replied=False, needs_lighter=False)  # as mostly


def _first_try(user: Any, among: Sequence[Any] | None, using: str) -> tuple[Look, Claim | None]:
    """Give back what they hold, and look how the next case is found. With PostgreSQL, the same statement takes it
    where that is plain."""
    if connections[using].vendor != "postgresql":
        release_all(user, using=using)
        return _look(user, using), None
    if among is None:
        return _take(user, _taking_at_once(using), using)
    return _take(user, _taking([free_cases(REVIEWER, some) for some in among], IF_IT_MAY_BE_HARD, using), using)


def _look(user: Any, using: str) -> Look:
    ((waited, replied, in_a_row),) = _looking(using).ask(using=using, reviewer=_key_of(user, using))
    return _seen(waited, replied, in_a_row)


def _seen(waited: Any, replied: Any, in_a_row: int | None) -> Look:
    return Look(bool(waited), bool(replied), counting.needs_lighter(in_a_row))


def _key_of(user: Any, using: str) -> Any:
    return get_user_model()._meta.pk.get_db_prep_value(user.pk, connections[using])


@cache
def _looking(using: str) -> Statement:
    waiting = [some.order_by().values("pk")[:1] for some in Case.objects.to_decide_in_parts()[1:]]
    waited, replied, in_a_row = (written(some, using=using) for some in (*waiting, counting.row_of(REVIEWER)))
    sql = f"SELECT EXISTS ({waited.sql}) AS waited, EXISTS ({replied.sql}) AS replied, ({in_a_row.sql}) AS in_a_row"
    return Statement(sql, (*waited.params, *replied.params, *in_a_row.params))


def _parts(look: Look, using: str) -> list[Any]:
    """The cases to decide in parts, without those parts that are empty, as waiting ones mostly are: planning a
    statement costs more than looking."""
    parts = Case.objects.using(using).to_decide_in_parts()
    there = (True, look.waited, look.replied)
    return [part.most_urgent_first() for part, is_there in zip(parts, there, strict=True) if is_there]


def parts_to_decide(user: Any, using: str = DEFAULT_DB_ALIAS) -> list[Any]:
    """The cases to decide in parts, each in the order of the queue, without those parts that are empty."""
    return _parts(_look(user, using), using)


def _statement_of(among: Sequence[Any] | None, look: Look, lighter: bool, using: str) -> Statement:
    if among is None:
        return _taking_of_queue(look._replace(needs_lighter=lighter), using)
    return _taking(_lighter([free_cases(REVIEWER, some) for some in among], lighter), ALWAYS, using)


@cache
def _taking_of_queue(look: Look, using: str) -> Statement:
    parts = [free_cases(REVIEWER, some) for some in _parts(look, using)]
    return _taking(_lighter(parts, look.needs_lighter), ALWAYS, using)


@cache
def _taking_at_once(using: str) -> Statement:
    return _taking([free_cases(REVIEWER, some) for some in _parts(PLAIN, using)], IF_PLAIN, using)


def _lighter(parts: list[Any], lighter: bool) -> list[Any]:
    return [counting.lighter(one) for one in parts] if lighter else parts


def claim(user: Any, case: Case, *, using: str = DEFAULT_DB_ALIAS) -> Claim:
    """Claim a certain case, or go on with one's own claim. Raises ClaimRefused with who holds it, or why not."""
    with transaction.atomic(using=using):
        locked = Case.objects.using(using).select_for_update(of=("self",)).get(pk=case.pk)
        held = Claim.objects.using(using).live().filter(case=locked).select_related("reviewer").first()
        if held is not None and held.reviewer_id == user.pk:
            return held
        if held is not None:
            raise ClaimRefused(_("%(name)s holds this case.") % {"name": held.reviewer.get_username()})
        _refuse_unfit(user, locked, using)
        if connections[using].vendor != "postgresql":  # which does it as it takes the case
            release_all(user, using=using)
        claim = _take(user, _taking([Case.objects.using(using).filter(pk=case.pk)], ALWAYS, using), using)[1]
        if claim is None:
            raise ClaimRefused(_("A colleague has just claimed this case."))
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
            told.tell_taken_over(held, by=user, using=using)
            Claim.objects.using(using).filter(case=locked).delete()
        return claim(user, locked, using=using)


def heartbeat(user: Any, case_id: int, token: UUID, *, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Extend a claim by the lease from now; False where it is lost."""
    own = Claim.objects.using(using).live().filter(case=case_id, reviewer=user.pk, token=token)
    return bool(own.update(expires_at=Now() + _lease()))


def leave(user: Any, case_id: int, token: UUID, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Have a claim end soon whose page was left: at once would be too early for who loads it again, or looks something
    up. A heartbeat extends it again."""
    soon = Now() + models.Value(LEFT, output_field=models.DurationField())
    own = Claim.objects.using(using).live().filter(case=case_id, reviewer=user.pk, token=token)
    own.filter(expires_at__gt=soon).update(expires_at=soon)


def release(user: Any, *case_ids: int, using: str = DEFAULT_DB_ALIAS) -> None:
    """Give cases back to the queue, where this person holds one of them."""
    Claim.objects.using(using).filter(case__in=cases.among(case_ids, using=using), reviewer=user.pk).delete()


def give_back(user: Any, case: Case, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Release a case because this person asks for it, which is recorded. Raises ClaimRefused."""
    with transaction.atomic(using=using):
        if not Claim.objects.using(using).live().filter(case=case, reviewer=user.pk).exists():
            raise ClaimRefused(_("You do not hold this case."))
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
    """Return the case, locked after its conversation, for a change that ``user`` makes of the ``version`` that they
    saw, under their claim.

    Raises Outdated where it changed since, or where the claim is lost.
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
    """Return why this person must not decide a case, whatever they may do otherwise, as a sentence; "" for others."""
    if Case.objects.using(using).fit_for(user.pk).filter(pk=case.pk).exists():
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


def _taking(parts: Sequence[Any], if_: str, using: str) -> Statement:
    """The statement that claims the best of the first cases of these querysets for a reviewer, with a token; with
    PostgreSQL on a condition."""
    given = (Slot("reviewer"), Slot("token"))
    seconds = int(LEASE.total_seconds())
    if connections[using].vendor != "postgresql":
        form = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now'{})"
        firsts, params = _firsts(parts, ("id", "rank_at"), using)
        times = {"now": form.format(""), "expires": form.format(f", '+{seconds} seconds'")}
        return Statement(TAKE.format(best=f"({firsts})", claim=_columns(Claim), **times), (*given, *params))
    now = "statement_timestamp()"
    firsts, params = _firsts(parts, _names(Case), using)
    look = _looking(using)
    is_hard = written(counting.hard_flags(RawSQL("best.id", ())).order_by().values("pk")[:1], using=using)
    take = TAKE.format(best="best", claim=_columns(Claim), now=now, expires=f"{now} + interval '{seconds} seconds'")
    columns = {"taken": _columns(Claim, "taken."), "case": _columns(Case, "best.")}
    sql = TAKE_AT_ONCE.format(look=look.sql, best=firsts, if_=if_, take=take, is_hard=is_hard.sql, **columns)
    most = (Slot("most"),) * if_.count("%s")
    return Statement(sql, (Slot("reviewer"), Slot("alone"), *look.params, *params, *most, *given, *is_hard.params))


def _take(user: Any, taking: Statement, using: str) -> tuple[Look, Claim | None]:
    """Run a statement that claims a case; no claim where there is none, or somebody else was faster. With PostgreSQL
    also what it saw."""
    look, token, who = PLAIN, uuid4(), _key_of(user, using)
    key = token if connections[using].features.has_native_uuid_field else token.hex
    # With savepoints, the transaction is somebody else's, who may want to wait for it.
    given = {"most": counting.most_in_a_row(), "alone": not connections[using].savepoint_ids}
    rows = taking.ask(using=using, reviewer=who, token=key, **given)
    if connections[using].vendor == "postgresql":
        ((waited, replied, in_a_row, is_hard, *values),) = rows
        look = _seen(waited, replied, in_a_row)
        if values[0] is None:
            return look, None
        claim, rest = _read(Claim, values, using)
        case, _ = _read(Case, rest, using)
    elif rows:
        claim, _ = _read(Claim, rows[0], using)
        (row,) = _reading(using).ask(using=using, reviewer=who, case=claim.case_id)
        case, (is_hard, in_a_row) = _read(Case, row, using)
    else:
        return look, None
    claim.case = case
    if case.first_claimed_at is None:
        case.first_claimed_at = claim.claimed_at
        if connections[using].vendor != "postgresql":
            Case.objects.using(using).filter(pk=case.pk).update(first_claimed_at=claim.claimed_at)
    counting.note_claim(user, case, is_hard=bool(is_hard), in_a_row=in_a_row, using=using)
    record(ModerationEvent.CASE_CLAIMED, actor=user, target=case, using=using)
    return look, claim


@cache
def _reading(using: str) -> Statement:
    """The case that was claimed, with whether it is hard to read, and how many such ones the reviewer had in a row."""
    found = {"is_hard": models.Exists(counting.hard_flags()), "in_a_row": models.Subquery(counting.row_of(REVIEWER))}
    row = Case.objects.filter(pk=slot("case")).annotate(**found).values_list(*_names(Case), *found)
    return written(row.order_by(), using=using)


def _firsts(parts: Sequence[Any], names: Sequence[str], using: str) -> tuple[str, list[Any]]:
    """The SQL of the first row of each queryset, with these columns, and its parameters; on PostgreSQL the first that
    nobody has locked."""
    found: list[str] = []
    params: list[Any] = []
    for number, part in enumerate(parts):
        first = part.values(*names)[:1]
        if connections[using].vendor == "postgresql":
            first = first.select_for_update(skip_locked=True, of=("self",), no_key=True)
        sql, values = written(first, using=using)
        found.append(f"SELECT * FROM ({sql}) AS part_{number}")
        params += values
    return " UNION ALL ".join(found), params


def _names(model: Any) -> list[str]:
    """The fields of a model that are columns."""
    return [field.attname for field in model._meta.concrete_fields]


def _columns(model: Any, prefix: str = "") -> str:
    return ", ".join(f"{prefix}{field.column}" for field in model._meta.concrete_fields)


def _read(model: Any, row: Sequence[Any], using: str) -> tuple[Any, Sequence[Any]]:
    """A row of a model from the values at the beginning of ``row``, as the database stores them; and the others."""
    names = _names(model)
    (values,) = _reader(model, using)([row[: len(names)]])
    return model.from_db(using, names, values), row[len(names) :]


@cache
def _reader(model: Any, using: str) -> Callable[[Iterable[Sequence[Any]]], list[Sequence[Any]]]:
    return reader(model._base_manager.order_by().values_list(*_names(model)), using=using)
