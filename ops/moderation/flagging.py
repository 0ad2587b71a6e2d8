"""Reporting a message, and withdrawing a report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.languages.wording import grouped
from messaging.models import Conversation, Message
from ops.audit.details import Key
from ops.audit.recording import record
from ops.moderation import cases
from ops.moderation.events import ModerationEvent
from ops.moderation.models import Flag, Label, Outcome, Source
from ops.moderation.models.cases import LONGEST_NOTE
from ops.moderation.refusals import FlagRefused


def flag(
    message: Message,
    *,
    label: Label,
    by: Any,
    source: str,
    note: str = "",
    external_id: str | None = None,
    at: datetime | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> Flag:
    """Report the current text of ``message``, and return the flag, which belongs to a case.

    ``by`` is the reporter, None if unknown. ``at`` is the time of the report, by default now. Raises FlagRefused if
    the message no longer exists, this person has already reported this text, or the note is too long.
    """
    if len(note) > LONGEST_NOTE:
        words = _("The note has %(characters)s characters; at most %(most)s can be kept. Shorten it.")
        raise FlagRefused(words % {"characters": grouped(len(note)), "most": grouped(LONGEST_NOTE)})
    now = timezone.now() if at is None else at
    with transaction.atomic(using=using):
        place = _locked_place(message.pk, using)
        flags = Flag.objects.using(using)
        if by is not None and flags.filter(message=place, revision=place.revision, reporter=by).exists():
            raise FlagRefused(_("You have reported this message already."))
        case = cases.case_for(place.conversation_id, label.severity, now, using=using)
        made: Flag = flags.create(
            case=case,
            message=place,
            revision=place.revision,
            label=label,
            reporter=by,
            source=source,
            note=note.strip(),
            external_id=external_id,
            created_at=now,
        )
        cases.name_people(case, {place.sender_id, place.receiver_id}, using=using)
        cases.rank_case(case, using=using)
        if source == Source.STAFF:
            details = {"case": case.pk, "label": Key(label.slug)}
            record(ModerationEvent.MESSAGE_FLAGGED, actor=by, target=place, details=details, using=using)
    return made


def withdraw(flag: Flag, *, by: Any, using: str = DEFAULT_DB_ALIAS) -> None:
    """Withdraw a report of one's own, and close its case if no other report is waiting. Raises FlagRefused."""
    with transaction.atomic(using=using):
        case = cases.locked(using).get(pk=flag.case_id)
        own = Flag.objects.using(using).waiting().filter(pk=flag.pk, reporter=by)
        if not own.update(outcome=Outcome.WITHDRAWN, settled_at=timezone.now()):
            raise FlagRefused(_("This report was looked at already: it cannot be withdrawn."))
        cases.close_if_settled(case, using=using)


def _locked_place(message_id: int, using: str) -> Message:
    """Lock a message's conversation, so that its cases are opened one at a time, and return the message."""
    messages = Message._base_manager.using(using).filter(pk=message_id)
    conversation_id = None
    while (found := messages.first()) is not None:
        if found.conversation_id == conversation_id:
            return found
        conversation_id = found.conversation_id
        Conversation.objects.using(using).filter(pk=conversation_id).lock()
    raise FlagRefused(_("The message does not exist any more."))
