"""Removing parts of messages' texts, and restoring them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from messaging.models import Message, MessageHistory
from messaging.texts import redacting
from messaging.texts.redacting import Redaction, RedactionRefused, Span
from messaging.writing import ids_subquery
from ops.moderation.measures.kinds import Acting, Asked, Kind, Order
from ops.moderation.models import Act, CoveredMessage, Measure
from ops.moderation.refusals import DecisionRefused

NOT_FOUND = gettext_lazy("These words stand in none of the chosen messages: enter them exactly as they are there.")


def removing(words: Iterable[str], message_ids: Iterable[int], *, using: str) -> list[Order]:
    """Return the orders that remove every occurrence of ``words`` from the current texts of these messages.

    Raises DecisionRefused if one of the words occurs in none of them.
    """
    wanted = sorted(set(message_ids))
    rows = Message._base_manager.using(using).filter(pk__in=wanted).order_by("pk")
    orders, missing = [], set(words)
    for pk, content, revision in rows.values_list("pk", "content", "revision"):
        found = {one: redacting.find(content, one) for one in words}
        missing -= {one for one, spans in found.items() if spans}
        spans = _joined(span for some in found.values() for span in some)
        if spans:
            orders.append(Order(Act.REDACT, message=pk, facts={"revision": revision, "spans": spans}))
    if missing or not orders:
        raise DecisionRefused(str(NOT_FOUND))
    return orders


class Redacting(Kind):
    """Everybody reads a mark in place of some words; only Leads read the original text.

    The facts of an order are the ``spans`` and the ``revision`` of the text they refer to. A stored measure has only
    the new revision and the previous ``Message.redaction``: neither the words nor their length. Texts differ, so each
    message is updated separately.
    """

    act = Act.REDACT

    def refuse(self, asked: Sequence[Asked], acting: Acting) -> None:
        if not acting.by.has_perm("messaging.redact_message"):
            raise DecisionRefused(_("Your role does not remove parts of messages: ask a Lead, or escalate the case."))
        orders = [order for one in asked for order in one.orders]
        rows = Message._base_manager.using(acting.using).filter(pk__in=[one.message for one in orders])
        texts = {pk: (content, revision) for pk, content, revision in rows.values_list("pk", "content", "revision")}
        for order in orders:
            text, revision = texts.get(order.message or 0, ("", 0))
            facts = order.facts or {}
            if facts.get("revision") != revision:
                raise DecisionRefused(redacting.CHANGED)
            try:
                redacting.redacted(text, _spans(facts))
            except RedactionRefused as refusal:
                raise DecisionRefused(str(refusal)) from refusal

    def carry_out(self, measures: Sequence[Measure], acting: Acting) -> None:
        for one in measures:
            assert one.message_id is not None
            try:
                done = redacting.redact(
                    one.message_id, _spans(one.facts), revision=one.facts["revision"], by=acting.by, using=acting.using
                )
            except RedactionRefused as refusal:
                raise DecisionRefused(str(refusal)) from refusal
            one.before, one.after, one.facts = done.before is not None, True, done._asdict()
            # The decision covers the text without the words.
            covered = CoveredMessage.objects.using(acting.using).filter(decision=one.decision_id)
            covered.filter(message=one.message_id).update(revision=done.revision)

    def stays(self, measures: Sequence[Measure], acting: Acting) -> dict[int, str]:
        among = ids_subquery([one.message_id for one in measures if one.message_id is not None], using=acting.using)
        rows = Message._base_manager.using(acting.using).filter(pk__in=among)
        now = {pk: (revision, redaction) for pk, revision, redaction in rows.values_list("pk", "revision", "redaction")}
        kept = MessageHistory.objects.using(acting.using).filter(message__in=among)
        originals = set(kept.values_list("message", "revision"))
        return {one.pk: why for one in measures if (why := _why(one, now, originals))}

    def undo(self, measures: Sequence[Measure], acting: Acting) -> None:
        for one in measures:
            if one.message_id is not None:
                redacting.restore(one.message_id, Redaction(**one.facts), by=acting.by, using=acting.using)

    def again(self, measures: Sequence[Measure], acting: Acting) -> dict[int, Order | str]:
        """The removed words are not kept, but undoing was an edit, so the history has the text without them."""
        ids = [one.message_id for one in measures if one.message_id is not None]
        rows = Message._base_manager.using(acting.using).filter(pk__in=ids)
        now = {pk: text for pk, *text in rows.values_list("pk", "content", "revision", "redaction")}
        kept = MessageHistory.objects.using(acting.using).filter(message__in=ids).readable(originals=True)
        texts = {
            (message, revision): text for message, revision, text in kept.values_list("message", "revision", "text")
        }
        return {one.pk: _again(one, now, texts) for one in measures}

    def will_undo(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        text = ngettext(
            "The words that were removed from %(number)s message will be shown again.",
            "The words that were removed from %(number)s messages will be shown again.",
            len(measures),
        )
        return numbered(text, len(measures))

    def words(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        text = ngettext(
            "words removed from %(number)s message", "words removed from %(number)s messages", len(measures)
        )
        return numbered(text, len(measures))


def _spans(facts: Mapping[str, Any]) -> list[Span]:
    return [Span(*span) for span in facts["spans"]]


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, merging those that overlap."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _again(one: Measure, now: Mapping[int, Any], texts: Mapping[tuple[int, int], str]) -> Order | str:
    """Return the order that removes the words again, or a sentence that explains why there is none."""
    if one.message_id is None or one.message_id not in now:
        return _("A message from which words were removed was erased since.")
    made = one.facts["revision"]
    content, revision, redaction = now[one.message_id]
    if redaction == made:
        return _("The words removed from message %(number)s are still removed.") % {"number": one.message_id}
    spans = redacting.spans_between(content, texts.get((one.message_id, made), ""))
    if not spans:
        words = _("The words are not removed from message %(number)s again: which they were is not known any more.")
        return words % {"number": one.message_id}
    return Order(Act.REDACT, message=one.message_id, facts={"revision": revision, "spans": spans})


def _why(one: Measure, now: Mapping[int, tuple[int, int | None]], originals: set[tuple[int, int]]) -> str:
    """Return why undoing leaves a message unchanged, as a sentence; "" if its words are restored."""
    if one.message_id is None or one.message_id not in now:
        return _("A message from which words were removed was erased since.")
    made = one.facts["revision"]
    if now[one.message_id] != (made, made):
        why = _("The words removed from message %(number)s stay removed: its text was changed since.")
    elif (one.message_id, made - 1) not in originals:
        why = _("The words removed from message %(number)s stay removed: the original was erased.")
    else:
        return ""
    return why % {"number": one.message_id}
