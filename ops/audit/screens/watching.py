"""The section of the home page for auditors: failed sign-ins, and people who opened unusually many pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import grouped
from ops.audit.events import Event
from ops.audit.models import Entry, EntryQuerySet
from ops.audit.readings import reading_events
from ops.console.filters import days_ago
from ops.console.frame.home import Section
from ops.console.rooms import PendingWork

LIST = "audit.Entry"
NAME, TITLE, ORDER = "watching", gettext_lazy("Worth an auditor’s look"), 80  # of the section, to which other rooms add
UNUSUAL = "unusual"  # a choice of the filter
MANY = 100  # conversations, messages, people and imports opened in 24 hours: more than an ordinary day's work
SPAN = timedelta(hours=24)


def unusual(entries: EntryQuerySet) -> EntryQuerySet:
    """Return those of ``entries`` that record readings of the last 24 hours by people who opened MANY pages or more."""
    lately = {"event__in": reading_events(), "at__gte": timezone.now() - SPAN}
    readers = Entry.objects.filter(actor__isnull=False, **lately).order_by().values("actor")
    return entries.filter(
        actor__in=readers.annotate(number=Count("pk")).filter(number__gte=MANY).values("actor"), **lately
    )


def lines(user: Any) -> Iterable[PendingWork]:
    """Yield the lines of this section that count entries of the trail."""
    refused = Entry.objects.filter(event=Event.SIGN_IN_REFUSED, at__gte=days_ago(7))
    yield PendingWork(
        LIST,
        refused,
        lambda n: ngettext("failed sign-in, past 7 days", "failed sign-ins, past 7 days", n),
        f"event={Event.SIGN_IN_REFUSED.value}&since=7d",
    )
    refused = Entry.objects.filter(event=Event.CONFIRMATION_REFUSED, at__gte=days_ago(7))
    yield PendingWork(
        LIST,
        refused,
        lambda n: ngettext(
            "wrong password of somebody signed in, past 7 days", "wrong passwords of people signed in, past 7 days", n
        ),
        f"event={Event.CONFIRMATION_REFUSED.value}&since=7d",
    )
    yield PendingWork(LIST, unusual(Entry.objects.all()), _opened, f"reading={UNUSUAL}")


def _opened(number: int) -> str:
    words = ngettext(
        "page opened by people who opened %(many)s or more in 24 hours",
        "pages opened by people who opened %(many)s or more in 24 hours",
        number,
    )
    return words % {"many": grouped(MANY)}


SECTIONS = (
    Section(
        NAME, TITLE, ORDER, lines=lines, empty=gettext_lazy("No failed sign-ins, no exports and no unusual reading.")
    ),
)
