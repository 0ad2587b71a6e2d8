"""Reports about the people of the demo, so that the queue is not empty when somebody first opens it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import DEFAULT_DB_ALIAS

from messaging.editors import editing_as
from messaging.models import Message
from ops.moderation import claims, decisions, flagging
from ops.moderation.decisions import Choice
from ops.moderation.measures.kinds import Order
from ops.moderation.measures.redacting import removing
from ops.moderation.models import Act, Case, Claim, Flag, Label, Source, View
from ops.moderation.notes import writing as notes

COLLEAGUE = "mira.lind"  # made the demo's decisions; nobody can sign in as her


class Report(NamedTuple):
    """A report of a demo message by its receiver: how the message begins, the label, the note, and how long ago it was
    made."""

    sender: str
    receiver: str
    begins: str
    label: str
    note: str
    ago: timedelta


MINUTES, HOURS = timedelta(minutes=1), timedelta(hours=1)
REPORTS = (
    Report("coolguy_mike", "finn_2b", "Come on, it's only", "minors", "he asks about my mum", 50 * MINUTES),
    Report("coolguy_mike", "finn_2b", "OK. Then let's write", "minors", "", 45 * MINUTES),
    Report("coolguy_mike", "kit_loves_trains", "Hi, cool layout", "minors", "I am 46. He is not.", 30 * MINUTES),
    Report("pawel.d", "hollis_g", "I know where you live", "threat", "He has my address", 40 * MINUTES),
    Report("pawel.d", "hollis_g", "All of it. By six", "personal-data", "", 35 * MINUTES),
    Report("harrow77", "noor.ahmadi", "I saw you by the weir", "harassment", "He follows me", 7 * HOURS),
    Report("harrow77", "noor.ahmadi", "You can delete my comments", "harassment", "", 6 * HOURS),
    Report("harrow77", "lena.vogt", "I hear you are talking", "threat", "", 20 * MINUTES),
    Report("QuickShip-Deals", "vinylvera", "The exchange takes 9%", "scam", "Wants gift cards", 30 * HOURS),
    Report("QuickShip-Deals", "yusuf.repairs", "Hello dear, your parcel", "spam", "", 20 * HOURS),
    Report("QuickShip-Deals", "rosa_and_jun", "Hello dear, your parcel", "spam", "", 19 * HOURS),
)
HIDDEN = Report("QuickShip-Deals", "marguerite.l", "Hello dear, your parcel", "scam", "Is this real?", 28 * HOURS)
REDACTED = Report("QuickShip-Deals", "sam.okafor", "Hello dear, your parcel", "scam", "The link is fake", 27 * HOURS)
LINK = "quickship-fee.example/pay"  # the words to remove from REDACTED
DISMISSED = Report("tomasz_k", "maren.holt", "80 and I bring two", "other", "He never stops", 26 * HOURS)
LAPSED = Report("QuickShip-Deals", "deshawn.w", "Hello dear, your parcel", "spam", "", 25 * HOURS)
SENT = "You sent this to many people at once, and it asks for money under a false name. Do not send it again."
NOTE = "Same parcel text as last week under two other names. Ask the Leads before dismissing reports about it."
VIEWS = (("Threats", "threats", "label=threat"), ("Overdue", "overdue", "overdue=yes"))  # team views
HELD = "pawel.d"  # a colleague holds the case about his messages


def load(*, now: datetime) -> int:
    """Create the demo's reports if nobody has reported anything and all their labels exist; return how many.

    Three cases are decided: one message is hidden and its sender warned, a link is removed from another, one report is
    dismissed. A fourth decision has lapsed. A colleague holds one case and left a note. The team has two views.
    """
    wanted = {report.label for report in (*REPORTS, HIDDEN, REDACTED, DISMISSED, LAPSED)}
    if Flag.objects.exists() or Label.objects.filter(slug__in=wanted).count() < len(wanted):
        return 0
    colleague = get_user_model().objects.create_user(COLLEAGUE, is_staff=True)
    colleague.groups.set(Group.objects.filter(name="Lead"))
    warning = Order(Act.WARN, user=_message(HIDDEN).sender_id)
    _decide(_make(HIDDEN, now), colleague, hides=[_message(HIDDEN).pk], sent=SENT, measures=[warning])
    links = removing([LINK], [_message(REDACTED).pk], using=DEFAULT_DB_ALIAS)
    # Without the roles set up, nobody may remove words.
    _decide(_make(REDACTED, now), colleague, upholds=True, measures=links if colleague.groups.exists() else ())
    _decide(_make(DISMISSED, now), colleague)
    _decide(_make(LAPSED, now), colleague, upholds=True)
    _edit(LAPSED)
    for report in REPORTS:
        _make(report, now)
    for place, (name, slug, filters) in enumerate(VIEWS, start=1):
        View.objects.get_or_create(
            owner=None, slug=slug, defaults={"name": name, "filters": filters, "sort_order": 10 * place}
        )
    notes.add(NOTE, _message(HIDDEN).conversation, by=colleague)
    held = Case.objects.pending().filter(flags__message__sender__username=HELD).first()
    if held is not None:
        claims.claim(colleague, held)
    colleague.is_active = False
    colleague.save(update_fields=["is_active"])
    return Flag.objects.count()


def _make(report: Report, now: datetime) -> Flag:
    message = _message(report)
    label = Label.objects.get(slug=report.label)
    at = max(now - report.ago, message.timestamp)
    return flagging.flag(message, label=label, by=message.receiver, source=Source.PARTICIPANT, note=report.note, at=at)


def _message(report: Report) -> Message:
    found = Message.objects.filter(
        sender__username=report.sender, receiver__username=report.receiver, content__startswith=report.begins
    )
    return found.select_related("sender", "receiver").get()


def _decide(flag: Flag, by: Any, **choice: Any) -> None:
    claim: Claim = claims.claim(by, flag.case)
    version = Case.objects.get(pk=flag.case_id).version
    decisions.decide(flag.case_id, Choice(flag.label, **choice), by=by, token=claim.token, version=version)


def _edit(report: Report) -> None:
    """Edit the reported message as its sender."""
    message = _message(report)
    with editing_as(message.sender):
        message.content += " Last day!"
        message.save()
