"""The search filters: the name, meaning and condition on messages of each.

Other apps add filters of their own, each a ``Filter``. The help and the error messages are built from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.search import periods
from messaging.search.language import Mistake, Named, Value

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NOTHING = Q(pk__in=())
LENGTH = re.compile(r"(>=|<=|>|<|)(0|[1-9][0-9]{0,8})", re.ASCII)
KEY = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
LINK = r"https?://|(^|[^A-Za-z0-9_])www\."  # as a regular expression of both databases


class Refused(Exception):
    """A value cannot be searched for; the exception's text is a sentence for the user."""


@dataclass(frozen=True)
class Reader:
    """The context of the user who searches: a lookup of the people that they may find by name, and the current time."""

    person: Callable[[str], Any | None]
    now: datetime = field(default_factory=timezone.now)


Condition: TypeAlias = Callable[[str, Reader], Q]


@dataclass(frozen=True)
class Filter:
    """A filter ``name:value``. With a ``value``, it takes only that one; otherwise any that its ``condition`` can read,
    such as the ``example``. The condition raises Refused for a value that it cannot read.

    ``joint`` reads all values of a filter together; without it, several values are alternatives.
    """

    name: str
    meaning: StrOrPromise
    condition: Condition
    value: str = ""
    example: str = ""
    joint: Callable[[list[str], Reader], Q] | None = None

    @property
    def written(self) -> str:
        """The filter as people type it."""
        return f"{self.name}:{self.value or self.example}"


class Vocabulary:
    """The filters that a user may use."""

    def __init__(self, filters: Iterable[Filter]) -> None:
        self._filters = list(filters)

    @property
    def names(self) -> set[str]:
        return {one.name for one in self._filters}

    def __iter__(self) -> Iterator[Filter]:
        return iter(self._filters)

    def by_name(self) -> list[tuple[str, list[Filter]]]:
        """Return the filters grouped by name, in the order in which the names were given."""
        order = list(dict.fromkeys(one.name for one in self._filters))
        found = sorted(self._filters, key=lambda one: order.index(one.name))
        return [(name, list(some)) for name, some in groupby(found, key=lambda one: one.name)]

    def find(self, name: str, value: Value) -> Filter:
        """Return the filter that takes this value. Raise Mistake if there is none."""
        named = [one for one in self._filters if one.name == name]
        for wanted in (value.text.lower(), ""):  # "" is the value of a filter that reads others
            for one in named:
                if one.value == wanted:
                    return one
        offered = ", ".join(one.written for one in named)
        sentence = _("There is no “%(asked)s”. There are %(offered)s.")
        raise Mistake(sentence % {"asked": f"{name}:{value.text}", "offered": offered}, value.start, value.end)

    def _with_others(self, sentence: str, refusing: Filter) -> str:
        """Return the error ``sentence`` of ``refusing``, with the other values that its name takes."""
        others = [one.written for one in self._filters if one.name == refusing.name and one.value]
        if refusing.value or not others:
            return sentence
        return _("%(sentence)s Or write %(others)s.") % {"sentence": sentence, "others": ", ".join(others)}

    def condition(self, named: Named, reader: Reader) -> Q:
        """Return the condition on messages of a filter. Raise Mistake for an invalid value."""
        first = self.find(named.name, named.values[0])
        if first.joint:
            try:
                return first.joint([value.text for value in named.values], reader)
            except Refused as refused:
                raise Mistake(str(refused), named.start, named.end) from None
        found = Q()
        for value in named.values:
            one = self.find(named.name, value)
            try:
                found |= one.condition(value.text, reader)
            except Refused as refused:
                raise Mistake(self._with_others(str(refused), one), value.start, value.end) from None
        return found


def person(name: str, reader: Reader) -> Any:
    """Return the primary key of the account with this name. Raise Refused, the same if it is missing or not visible."""
    found = reader.person(name)
    if found is None:
        sentence = _("No participant is called “%(name)s”. Check the spelling; put a name with spaces in quotes.")
        raise Refused(sentence % {"name": name})
    return found.pk


def _either_side(name: str, reader: Reader) -> Q:
    pk = person(name, reader)
    return Q(sender=pk) | Q(receiver=pk)


def _between(names: list[str], reader: Reader) -> Q:
    if len(names) != 2:
        sentence = _("Name two people, with a comma and no space between them: %(example)s.")
        raise Refused(sentence % {"example": "between:alice,bob"})
    one, other = (person(name, reader) for name in names)
    return Q(sender=one, receiver=other) | Q(sender=other, receiver=one)


def period(text: str, reader: Reader) -> periods.Period:
    """Return the period that ``text`` names. Raise Refused if it names none."""
    try:
        return periods.parse(text, reader.now)
    except periods.NoPeriod as none:
        raise Refused(str(none)) from None


def within(field_name: str, text: str, reader: Reader) -> Q:
    """Return the condition that a moment lies in this day, month or year. Raise Refused if ``text`` names none."""
    found = period(text, reader)
    return Q(**{f"{field_name}__gte": found.beginning, f"{field_name}__lt": found.end})


def _before(text: str, reader: Reader) -> Q:
    return Q(timestamp__lt=period(text, reader).beginning)


def _after(text: str, reader: Reader) -> Q:
    found = period(text, reader)
    return Q(timestamp__gte=found.beginning if found.going_on else found.end)


def number(text: str) -> int:
    """Return the number in ``text`` if it fits a primary key. Raise Refused otherwise."""
    if not KEY.fullmatch(text):
        raise Refused(_("Write the number of a conversation, such as 123."))
    return int(text)


def _of_id(text: str, reader: Reader) -> Q:
    by_key = Q(pk=int(text)) if KEY.fullmatch(text) else Q()
    return Q(external_id=text) | by_key if by_key else Q(external_id=text)


def _length(text: str, reader: Reader) -> Q:
    written = LENGTH.fullmatch(text)
    if not written:
        examples = {"more": "length:>500", "less": "length:<=20", "just": "length:3"}
        raise Refused(_("Write a number of characters without commas: %(more)s, %(less)s or %(just)s.") % examples)
    sign, size = written[1], int(written[2])
    length = Length("content")
    compared: dict[str, list[Any]] = {
        ">": [GreaterThan(length, size)],
        ">=": [GreaterThanOrEqual(length, size)],
        "<": [LessThan(length, size)],
        "<=": [LessThanOrEqual(length, size)],
        "": [GreaterThanOrEqual(length, size), LessThanOrEqual(length, size)],
    }
    return Q(*compared[sign])


def always(condition: Q) -> Condition:
    """Return ``condition`` as that of a filter with a fixed value."""
    return lambda text, reader: condition


# Makes a search include older texts (messaging.search.query). Only for users who may see these.
HISTORY = Filter("in", gettext_lazy("also texts that were edited away since"), always(Q()), value="history")

FILTERS = (
    Filter("from", gettext_lazy("sent by this person"), lambda name, by: Q(sender=person(name, by)), example="alice"),
    Filter("to", gettext_lazy("received by this person"), lambda name, by: Q(receiver=person(name, by)), example="bob"),
    Filter("with", gettext_lazy("sent or received by this person"), _either_side, example='"Jo Doe"'),
    Filter(
        "between",
        gettext_lazy("what two people sent to each other"),
        lambda name, by: _between([name], by),
        example="alice,bob",
        joint=_between,
    ),
    Filter(
        "on",
        gettext_lazy("sent on this day, in this month or year"),
        lambda text, by: within("timestamp", text, by),
        example="2025-01-31",
    ),
    Filter("before", gettext_lazy("sent before it began"), _before, example="2025-01"),
    Filter(
        "after", gettext_lazy("sent after it was over; after:7d: in the last seven days"), _after, example="yesterday"
    ),
    Filter("is", gettext_lazy("not yet read by the receiver"), always(Q(read=False)), value="unread"),
    Filter("is", gettext_lazy("read by the receiver"), always(Q(read=True)), value="read"),
    Filter("is", gettext_lazy("edited"), always(Q(edited=True)), value="edited"),
    Filter("is", gettext_lazy("a reply to another message"), always(Q(parent_message__isnull=False)), value="reply"),
    Filter("is", gettext_lazy("hidden by moderators"), always(Q(hidden=True)), value="hidden"),
    Filter(
        "is", gettext_lazy("with a part removed by moderators"), always(Q(redaction__isnull=False)), value="redacted"
    ),
    Filter("has", gettext_lazy("an address of the web"), always(Q(content__iregex=LINK)), value="link"),
    Filter("has", gettext_lazy("a digit"), always(Q(content__regex="[0-9]")), value="number"),
    Filter(
        "in",
        gettext_lazy("in the conversation with this number"),
        lambda text, by: Q(conversation=number(text)),
        example="123",
    ),
    Filter("id", gettext_lazy("the message with this number or external ID"), _of_id, example="88"),
    Filter(
        "length",
        gettext_lazy("longer than so many characters; also <, <=, >= or just a number"),
        _length,
        example=">500",
    ),
)
