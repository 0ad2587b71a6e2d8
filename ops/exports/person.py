"""All data of one person: account, messages sent and received, older texts of messages sent, and notifications.

Drafts are left out, because staff make these files, and staff may not see drafts.

The columns are those of MessageTable itself, without the columns that a platform adds for its staff.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import Message, MessageHistory, Notification
from ops.exports.columns import Column, HistoryTable, MessageTable, NotificationTable, ReceivedTable
from ops.exports.models import Export
from ops.exports.selections import ExportRefused, author_name, check_export

GONE = gettext_lazy("There is no such account (any more), so there is nothing to export.")


@dataclass(frozen=True)
class PersonalData:
    """``texts`` by title and suffix; ``tables`` (rows, columns, and the last key included) by title."""

    texts: Mapping[tuple[str, str], str]
    tables: Mapping[str, tuple[QuerySet, Mapping[str, Column], int]]


def data_of(export: Export) -> PersonalData:
    """Return the data of an export's person. Raises ExportRefused if the account is gone or may not be exported."""
    check_export(export)
    user = get_user_model()._default_manager.filter(pk=export.selection["person"]).first()
    if user is None:
        raise ExportRefused(GONE)
    marks, messages, received = export.selection, MessageTable.columns(), ReceivedTable.columns()
    notices = Notification.objects.filter(user=user)
    histories = MessageHistory.objects.filter(message__sender=user)
    return PersonalData(
        texts={("README", "txt"): _readme(user, export), ("account", "json"): _facts(user)},
        tables={
            "messages-sent": (Message.objects.filter(sender=user), messages, export.up_to),
            "messages-received": (Message.objects.filter(receiver=user), received, export.up_to),
            "histories": (histories, HistoryTable.columns(), marks["last_history"]),
            "notifications": (notices, NotificationTable.columns(), marks["last_notification"]),
        },
    )


def counts_of(user: Any) -> dict[str, int]:
    """Return how many messages sent and received, older texts and notifications a user has."""
    return {
        "sent": Message.objects.filter(sender=user).count(),
        "received": Message.objects.filter(receiver=user).count(),
        "histories": MessageHistory.objects.filter(message__sender=user).count(),
        "notifications": Notification.objects.filter(user=user).count(),
    }


def _readme(user: Any, export: Export) -> str:
    """Return a description of the files, in the requester's language (jobs run in it)."""
    names = {"name": user.get_username(), "by": author_name(export), "day": f"{export.created_at:%Y-%m-%d %H:%M}"}
    files = {
        "account.json": _(
            "the account: username, e-mail address, dates, what it may do; no password, not even its digest"
        ),
        "messages-sent.csv": _("every message that %(name)s sent") % names,
        "messages-received.csv": _("every message that %(name)s received; without the texts that moderators removed")
        % names,
        "histories.csv": _("the older texts of messages that %(name)s sent and that were changed later") % names,
        "notifications.csv": _("the notifications about messages that %(name)s received") % names,
    }
    listed = "".join(f"{file:21}  {words}\n" for file, words in files.items())
    heading = _("The personal data of %(name)s, exported on %(day)s (UTC) by %(by)s.") % names
    about = _(
        "The tables are CSV: UTF-8, separated by commas, texts in double quotes, the first line names the columns. "
        "Times are in\n"
        'UTC. A message is called by its external_id; ids that begin with "threadward:" are our own numbers.\n'
        "A text that begins with = + - @ ' or a tab has one ' more in front, so that no spreadsheet takes it "
        "for a formula;\n"
        "the empty column 'threadward' says so to an import."
    )
    drafts = (
        _(
            "Drafts that %(name)s has not sent are in no file: %(name)s alone reads them, under the messages to which "
            "they belong."
        )
        % names
    )
    return f"{heading}\n\n{listed}\n{about}\n{drafts}\n"


def _facts(user: Any) -> str:
    """Return the facts of the account as JSON, listed one by one so that new fields are not exported by default."""
    facts = {
        "username": user.get_username(),
        "email": user.email,
        "joined": user.date_joined.isoformat(),
        "last_signed_in": user.last_login.isoformat() if user.last_login else None,
        "active": user.is_active,
        "staff": user.is_staff,
        "superuser": user.is_superuser,
        "roles": sorted(user.groups.values_list("name", flat=True)),
    }
    return f"{json.dumps(facts, ensure_ascii=False, indent=2)}\n"
