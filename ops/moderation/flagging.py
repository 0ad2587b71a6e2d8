"""Reporting messages: a flag joins the conversation's case, opens it again, or opens one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from messaging.models import Conversation, Message
from ops.audit.details import Key
from ops.audit.recording import record
from ops.moderation import ranking
from ops.moderation.events import ModerationEvent
from ops.moderation.models import Case, CasePerson, Flag, Label, Outcome, Source, State
from ops.moderation.models.cases import LONGEST_NOTE
from ops.moderation.refusals import FlagRefused
from ops.moderation.transitions import Happening, after

REOPENED_WITHIN = timedelta(days=30)  # a case closed before that stays closed: a new flag opens another one


def flag(
    message: Message,
    *,
    label: Label,
    by: Any,
    source: str,
    note: str = "",
    external_id: str | None = None,
    revision: int | None = None,
    at: datetime | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> Flag:
    """Report ``message`` as it reads now, or at ``revision``; returns the flag, which is in a case.

    ``by`` is who reports, None for an import that does not know. Raises FlagRefused where the message is gone, where
    this person has reported this text already, or where the note is too long.
    """
    if len(note) > LONGEST_NOTE:
        raise FlagRefused(f"The note has {len(note):,} characters; at most {LONGEST_NOTE:,} can be kept. Shorten it.")
    now = timezone.now() if at is None else at
    with transaction.atomic(using=using):
        place = _locked_place(message.pk, using)
        revision = place.revision if revision is None else revision
        flags = Flag.objects.using(using)
        if by is not None and flags.filter(message=place, revision=revision, reporter=by).exists():
            raise FlagRefused("You have reported this message already.")
        case, opened = _case_for(place.conversation_id, label, now, using)
        made = flags.create(
            case=case,
            message=place,
            revision=revision,
            label=label,
            reporter=by,
            source=source,
            note=note.strip(),
            external_id=external_id,
            created_at=now,
        )
        people = {place.sender_id, place.receiver_id}
        CasePerson.objects.using(using).bulk_create(
            [CasePerson(case=case, user_id=pk) for pk in people], ignore_conflicts=True
        )
        _rank(case, using)
        if opened:
            details = {"conversation": place.conversation_id}
            record(ModerationEvent.CASE_OPENED, actor=None, target=case, details=details, using=using)
        if source == Source.STAFF:
            details = {"case": case.pk, "label": label.pk}
            record(ModerationEvent.MESSAGE_FLAGGED, actor=by, target=place, details=details, using=using)
    return made


def withdraw(flag: Flag, *, by: Any, using: str = DEFAULT_DB_ALIAS) -> None:
    """Take back one's own report; a case in which nothing else waits is closed. Raises FlagRefused."""
    with transaction.atomic(using=using):
        case = Case.objects.using(using).select_for_update(of=("self",)).get(pk=flag.case_id)
        own = Flag.objects.using(using).waiting().filter(pk=flag.pk, reporter=by)
        if not own.update(outcome=Outcome.WITHDRAWN, settled_at=timezone.now()):
            raise FlagRefused("This report was looked at already: it cannot be withdrawn.")
        close_if_settled(case, using=using)


def close_if_settled(case: Case, *, using: str) -> None:
    """Close a pending case in which no flag is waiting any more, or else rank it by those that are; it is locked."""
    if case.state == State.CLOSED:
        return
    if Flag.objects.using(using).waiting().filter(case=case).exists():
        _rank(case, using)
        return
    case.state = after(case.state, Happening.SETTLED)
    case.closed_at = timezone.now()
    save_change(case, using=using)


def save_change(case: Case, *, using: str) -> None:
    """Store what was changed of a locked case, as its next version; what it waited for is forgotten."""
    if case.state != State.WAITING:
        case.waiting_from = case.waits_until = None
        case.waits_for_reply = False
    if case.state != State.CLOSED:
        case.closed_at = None
    case.version += 1
    case.save(using=using)


def reopen(case: Case, happening: Happening, *, since: datetime, using: str) -> None:
    """Have a locked case pending because of ``happening``; one that was closed is pending anew ``since`` then."""
    was_closed = case.state == State.CLOSED
    case.state = after(case.state, happening)
    if was_closed:
        case.pending_since = since
        case.due_at, case.rank_at = ranking.rank(since, ranking.target_time(case.severity), ())
    save_change(case, using=using)


def _locked_place(message_id: int, using: str) -> Message:
    """The message as it is once its conversation is locked, so that cases are opened one at a time."""
    messages = Message._base_manager.using(using).filter(pk=message_id)
    conversation_id = None
    while (found := messages.first()) is not None:
        if found.conversation_id == conversation_id:
            return found
        conversation_id = found.conversation_id  # type: ignore[assignment]
        Conversation.objects.using(using).filter(pk=conversation_id).lock()
    raise FlagRefused("The message does not exist any more.")


def _case_for(conversation_id: int, label: Label, now: datetime, using: str) -> tuple[Case, bool]:
    """The pending case of a locked conversation, and whether it was opened, or opened again, for this."""
    cases = Case.objects.using(using).select_for_update(of=("self",)).filter(conversation=conversation_id)
    case = cases.pending().first() or cases.filter(closed_at__gt=now - REOPENED_WITHIN).order_by("-id").first()
    if case is None:
        due_at, rank_at = ranking.rank(now, ranking.target_time(label.severity), ())
        case = Case.objects.using(using).create(
            conversation_id=conversation_id,
            severity=label.severity,
            rank_at=rank_at,
            due_at=due_at,
            pending_since=now,
            first_flag_at=now,
        )
        return case, True
    was_closed = case.state == State.CLOSED
    reopen(case, Happening.FLAGGED, since=now, using=using)
    return case, was_closed


def _rank(case: Case, using: str) -> None:
    ranked = ranking.rank_of(case.pk, case.pending_since, using=using)
    if ranked is not None:
        case.severity, (case.due_at, case.rank_at) = ranked
        case.save(using=using, update_fields=["severity", "due_at", "rank_at"])


def label_key(label: Label) -> Key:
    """A label's slug as an entry's details hold it; its shape is checked, so nobody wrote a text into it."""
    return Key(label.slug)
