"""Taking a case: the statements that find the best free one and claim it.

On PostgreSQL one statement usually does everything, including the entry in the audit trail (``take_at_once``).
Everything else runs step by step in a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import uuid4

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models, transaction
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from messaging.database.statements import Slot, Statement, compiled_statement, row_converter, slot
from ops.audit.recording import record
from ops.audit.storing import in_statement
from ops.moderation.claiming.fit import key_of
from ops.moderation.events import ModerationEvent
from ops.moderation.models import LEASE, Case, Claim, Skip
from ops.moderation.wellbeing import counting

# An expired claim is replaced; with a live one the statement does nothing.
TAKE = """
INSERT INTO moderation_claim (case_id, reviewer_id, token, claimed_at, expires_at)
SELECT id, %s, %s, {now}, {expires} FROM {best} AS best WHERE {fit} ORDER BY rank_at, id LIMIT 1
ON CONFLICT (case_id) DO UPDATE SET reviewer_id = excluded.reviewer_id, token = excluded.token,
    claimed_at = excluded.claimed_at, expires_at = excluded.expires_at
WHERE moderation_claim.expires_at <= {now}
RETURNING {claim}
"""
# The statement for PostgreSQL: TAKE and everything around it. It first releases the reviewer's claim and all expired
# ones in one order; otherwise two reviewers about to take each other's cases could deadlock. It then looks up how the
# next case is found, takes one if the condition holds, and stores the time of the case's first claim. It returns what
# it looked up, the claim, the case as it was locked, and either whether that is hard to read or the audit entry.
TAKE_AT_ONCE = """
WITH ended AS MATERIALIZED (
    SELECT case_id FROM moderation_claim WHERE reviewer_id = %s OR expires_at <= statement_timestamp()
    ORDER BY case_id FOR UPDATE
),
released AS (
    DELETE FROM moderation_claim WHERE case_id = ANY (ARRAY(SELECT case_id FROM ended)) RETURNING 1
),
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
){more}
SELECT look.waited, look.replied, look.in_a_row, {taken}, {case}, {also}
FROM look LEFT JOIN (taken JOIN best ON best.id = taken.case_id) ON true{joined}
"""
IF_IT_MAY_BE_HARD = "coalesce(in_a_row, 0) < %s"
IF_PLAIN = f"NOT waited AND NOT replied AND {IF_IT_MAY_BE_HARD}"
ALWAYS = "true"
# The transaction then needs no other statement: no hard case to count, and the audit entry is stored in the same one.
IF_NOTHING_COUNTS = "NOT waited AND NOT replied AND coalesce(in_a_row, 0) = 0"

REVIEWER = slot("reviewer")


def free_cases(user_id: Any, among: Any) -> Any:
    """Return the cases of ``among`` that this reviewer may be given: not held by anybody else, not skipped by them, and
    fit for them."""
    # Uncorrelated, so it runs once: a reviewer who has skipped much has skipped the first cases of the queue.
    skipped = Skip.objects.filter(reviewer=user_id, until__gt=Now()).values("case")
    return (
        among.free_of_claims(but_of=user_id).fit_for(user_id).exclude(pk__in=skipped).filter(conversation__isnull=False)
    )


class Look(NamedTuple):
    """What determines how the next case is found: whether a waiting case is due again, by time or by reply, and whether
    the reviewer needs a lighter one."""

    waited: bool
    replied: bool
    needs_lighter: bool


PLAIN = Look(waited=False, replied=False, needs_lighter=False)  # the usual case


def _look(user: Any, using: str) -> Look:
    ((waited, replied, in_a_row),) = _looking(using).ask(using=using, reviewer=key_of(user, using))
    return _seen(waited, replied, in_a_row)


def _seen(waited: Any, replied: Any, in_a_row: int | None) -> Look:
    return Look(bool(waited), bool(replied), counting.needs_lighter(in_a_row))


@cache
def _looking(using: str) -> Statement:
    waiting = [some.order_by().values("pk")[:1] for some in Case.objects.to_decide_in_parts()[1:]]
    waited, replied, in_a_row = (
        compiled_statement(some, using=using) for some in (*waiting, counting.hard_cases_in_a_row(REVIEWER))
    )
    sql = f"SELECT EXISTS ({waited.sql}) AS waited, EXISTS ({replied.sql}) AS replied, ({in_a_row.sql}) AS in_a_row"
    return Statement(sql, (*waited.params, *replied.params, *in_a_row.params))


def _parts(look: Look, using: str) -> list[Any]:
    """Return the cases to decide in parts, without empty ones. Parts of waiting cases are usually empty, and planning a
    statement costs more than this look."""
    parts = Case.objects.using(using).to_decide_in_parts()
    there = (True, look.waited, look.replied)
    return [part.most_urgent_first() for part, is_there in zip(parts, there, strict=True) if is_there]


def parts_to_decide(user: Any, using: str = DEFAULT_DB_ALIAS) -> list[Any]:
    """Return the cases to decide in parts, each in the order of the queue, without empty parts."""
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


def take_at_once(user: Any, using: str) -> Claim | None:
    """Take the best free case of the queue in a single statement, but only if no waiting case is due again, the case is
    not hard to read, and the reviewer's last one was not either. Return None otherwise, and on any failure: the caller
    then takes a case step by step.

    Works only on PostgreSQL, and outside of transactions.
    """
    connection = connections[using]
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return None
    statement = _taking_recorded(using)
    entry = in_statement.prepare(ModerationEvent.CASE_CLAIMED, actor=user, target=Case, using=using)
    try:
        ((_, _, _, *values),) = _ask(statement, user, using, **entry.given)
    except DatabaseError:
        return None
    claim, answer = _claimed(values, using)
    if claim is not None:
        entry.stored(answer, claim.case_id, using=using)
    return claim


def first_try(user: Any, among: Sequence[Any] | None, using: str) -> tuple[Look, Claim | None]:
    """Look up how the next case is found. On PostgreSQL, the same statement releases the reviewer's claim, and takes a
    case unless the look requires something else.

    Runs in its own transaction, as ``take_found`` does: both lock expired claims in one order. Locks kept from the
    first into the second would break that order, and two reviewers could deadlock.
    """
    if connections[using].vendor != "postgresql":
        return _look(user, using), None
    with transaction.atomic(using=using):
        if among is None:
            return _take(user, _taking_at_once(using), using)
        return _take(user, _taking([free_cases(REVIEWER, some) for some in among], IF_IT_MAY_BE_HARD, using), using)


def take_found(user: Any, among: Sequence[Any] | None, look: Look, *, lighter: bool, using: str) -> Claim | None:
    """Release the reviewer's claim, and take the best free case of the queue or of ``among``, as ``look`` requires."""
    with transaction.atomic(using=using):
        if connections[using].vendor != "postgresql":
            Claim.objects.using(using).filter(reviewer=user.pk).delete()
        return _take(user, _statement_of(among, look, lighter, using), using)[1]


def is_any_free(user: Any, among: Sequence[Any] | None, look: Look, using: str) -> bool:
    """Return whether there is a case that this reviewer may be given."""
    return any(free_cases(user.pk, some).exists() for some in among or _parts(look, using))


def take_this(user: Any, case: Case, using: str) -> Claim | None:
    """Take this case; return None if somebody else holds it. On PostgreSQL, also release the reviewer's other claim."""
    return _take(user, _taking([Case.objects.using(using).filter(pk=case.pk)], ALWAYS, using), using)[1]


@cache
def _taking_recorded(using: str) -> Statement:
    parts = [free_cases(REVIEWER, some) for some in _parts(PLAIN, using)]
    with transaction.atomic(using=using):  # Django compiles no locking query outside one
        return _taking(
            parts, IF_NOTHING_COUNTS, using, recorded=in_statement.inserting("taken", "taken.case_id", using)
        )


def _taking(parts: Sequence[Any], if_: str, using: str, *, recorded: Statement | None = None) -> Statement:
    """Return the statement that claims the best of the first cases of these querysets, with slots for the reviewer and
    a token; on PostgreSQL under the condition ``if_``. With ``recorded`` it takes no case that is hard to read."""
    given = (Slot("reviewer"), Slot("token"))
    seconds = int(LEASE.total_seconds())
    if connections[using].vendor != "postgresql":
        form = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now'{})"
        firsts, params = _firsts(parts, ("id", "rank_at"), using)
        times = {"now": form.format(""), "expires": form.format(f", '+{seconds} seconds'")}
        return Statement(TAKE.format(best=f"({firsts})", fit="true", claim=_columns(Claim), **times), (*given, *params))
    firsts, params = _firsts(parts, _names(Case), using)
    look = _looking(using)
    is_hard = _is_hard(using)
    most = (Slot("most"),) * if_.count("%s")
    before = (Slot("reviewer"), Slot("alone"), *look.params, *params, *most, *given)
    parts_of = {"look": look.sql, "best": firsts, "if_": if_}
    parts_of |= {"taken": _columns(Claim, "taken."), "case": _columns(Case, "best.")}
    if recorded is None:
        sql = TAKE_AT_ONCE.format(**parts_of, take=_take_best("true", seconds), more="", also=is_hard, joined="")
        return Statement(sql, before)
    more = f",\nrecorded AS ({recorded.sql})"
    take = _take_best(f"NOT {is_hard}", seconds)
    also, joined = in_statement.answered("recorded", using)
    sql = TAKE_AT_ONCE.format(**parts_of, take=take, more=more, also=also, joined=joined)
    return Statement(sql, (*before, *recorded.params))


def _is_hard(using: str) -> str:
    flags = counting.hard_flags(RawSQL("best.id", ())).order_by().values("pk")[:1]
    return f"EXISTS ({compiled_statement(flags, using=using).sql})"


def _take_best(fit: str, seconds: int) -> str:
    now = "statement_timestamp()"
    times = {"now": now, "expires": f"{now} + interval '{seconds} seconds'"}
    return TAKE.format(best="best", fit=fit, claim=_columns(Claim), **times)


def _ask(taking: Statement, user: Any, using: str, **more: Any) -> list[tuple[Any, ...]]:
    token = uuid4()
    key = token if connections[using].features.has_native_uuid_field else token.hex
    # With savepoints, the transaction is the caller's, who may need a synchronous commit.
    alone = not connections[using].savepoint_ids
    given = {"reviewer": key_of(user, using), "token": key, "most": counting.most_in_a_row(), "alone": alone}
    return taking.ask(using=using, **given, **more)


def _take(user: Any, taking: Statement, using: str) -> tuple[Look, Claim | None]:
    """Run a statement that claims a case, in a transaction. The claim is None if there is no case, or if somebody else
    was faster. On PostgreSQL also return what the statement looked up."""
    look, rows = PLAIN, _ask(taking, user, using)
    if connections[using].vendor == "postgresql":
        ((waited, replied, in_a_row, *values, is_hard),) = rows
        look, (claim, _) = _seen(waited, replied, in_a_row), _claimed(values, using)
    elif rows:
        key = rows[0][0]
        (row,) = _reading(using).ask(using=using, reviewer=key_of(user, using), case=key)
        *case, is_hard, in_a_row = row
        claim, _ = _claimed([*rows[0], *case], using)
        if claim is not None and claim.case.first_claimed_at == claim.claimed_at:
            Case.objects.using(using).filter(pk=key).update(first_claimed_at=claim.claimed_at)
    else:
        return look, None
    if claim is not None:
        counting.note_claim(user, claim.case, is_hard=bool(is_hard), in_a_row=in_a_row, using=using)
        record(ModerationEvent.CASE_CLAIMED, actor=user, target=claim.case, using=using)
    return look, claim


def _claimed(values: Sequence[Any], using: str) -> tuple[Claim | None, Sequence[Any]]:
    """Return the claim in an answer with its case, or None, and the remaining values."""
    if values[0] is None:
        return None, ()
    claim, rest = _read(Claim, values, using)
    claim.case, others = _read(Case, rest, using)
    claim.case.first_claimed_at = claim.case.first_claimed_at or claim.claimed_at
    return claim, others


@cache
def _reading(using: str) -> Statement:
    """Return the statement that reads a claimed case, whether it is hard to read, and the reviewer's hard cases in a
    row."""
    found = {
        "is_hard": models.Exists(counting.hard_flags()),
        "in_a_row": models.Subquery(counting.hard_cases_in_a_row(REVIEWER)),
    }
    row = Case.objects.filter(pk=slot("case")).annotate(**found).values_list(*_names(Case), *found)
    return compiled_statement(row.order_by(), using=using)


def _firsts(parts: Sequence[Any], names: Sequence[str], using: str) -> tuple[str, list[Any]]:
    """Return the SQL and parameters for the first row of each queryset, with these columns; on PostgreSQL for the first
    row that nobody has locked."""
    found: list[str] = []
    params: list[Any] = []
    for number, part in enumerate(parts):
        first = part.values(*names)[:1]
        if connections[using].vendor == "postgresql":
            first = first.select_for_update(skip_locked=True, of=("self",), no_key=True)
        sql, values = compiled_statement(first, using=using)
        found.append(f"SELECT * FROM ({sql}) AS part_{number}")
        params += values
    return " UNION ALL ".join(found), params


def _names(model: Any) -> list[str]:
    """Return the names of a model's fields that are columns."""
    return [field.attname for field in model._meta.concrete_fields]


def _columns(model: Any, prefix: str = "") -> str:
    return ", ".join(f"{prefix}{field.column}" for field in model._meta.concrete_fields)


def _read(model: Any, row: Sequence[Any], using: str) -> tuple[Any, Sequence[Any]]:
    """Return the row of a model from the first values of ``row``, as the database stores them, and the remaining
    values."""
    names = _names(model)
    (values,) = _reader(model, using)([row[: len(names)]])
    return model.from_db(using, names, values), row[len(names) :]


@cache
def _reader(model: Any, using: str) -> Callable[[Iterable[Sequence[Any]]], list[Sequence[Any]]]:
    return row_converter(model._base_manager.order_by().values_list(*_names(model)), using=using)
