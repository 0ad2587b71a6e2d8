"""What every act answers: whether it may be done, how it is done and undone, and its words for pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, NamedTuple

from django.contrib.auth import get_user_model

from messaging.database.alike import like
from ops.moderation.models import Act, Case, Measure


@dataclass(frozen=True)
class Order:
    """A measure that a decision is to take: its act, and a message or a person (primary keys) whom it concerns.

    ``until`` is when it ends by itself; ``facts`` are what else the act needs, as JSON without words of people.
    """

    act: Act
    message: int | None = None
    user: Any = None
    until: datetime | None = None
    facts: Mapping[str, Any] | None = None

    @property
    def measure(self) -> Measure:
        """The measure to store, without its decision and what it changes."""
        facts = dict(self.facts) if self.facts else None
        return like(_empty(), act=self.act, until=self.until, facts=facts, message_id=self.message, user_id=self.user)


@cache
def _empty() -> Measure:
    return Measure()


class Asked(NamedTuple):
    """Orders of one decision: its case, and the text that it sends."""

    case: Case
    sent: str
    orders: Sequence[Order]


@dataclass(frozen=True)
class Acting:
    """Who does something, when, and in which database."""

    by: Any
    at: datetime
    using: str


class Kind:
    """An act. Its functions take all measures of the act at once, of one decision or of many: none has a query for
    each. They are called within a transaction, with the cases locked."""

    act: ClassVar[Act]

    def refuse(self, asked: Sequence[Asked], acting: Acting) -> None:
        """Raise DecisionRefused where these orders of one decision or of many must not be carried out.

        That messages are of the case's conversation is checked for all acts.
        """

    def carry_out(self, measures: Sequence[Measure], acting: Acting) -> None:
        """Do it, and set ``before``, ``after`` and ``facts`` of the measures, which are stored afterwards."""

    def stays(self, measures: Sequence[Measure], acting: Acting) -> dict[int, str]:
        """Return which of these stored measures undoing would leave as they are: a sentence by primary key."""
        return {}

    def undo(self, measures: Sequence[Measure], acting: Acting) -> None:
        """Undo these, which do not stay, where it takes more than that their decision is undone."""

    def again(self, measures: Sequence[Measure], acting: Acting) -> dict[int, Order | str]:
        """Return, by primary key of these measures, whose decisions were undone, the order that takes each again, or a
        sentence that says why it is not taken again. What is not among them needs neither."""
        return {one.pk: Order(Act(one.act), one.message_id, one.user_id, one.until) for one in measures}

    def will_undo(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        """Return the sentence that says what undoing these will do; ``names`` are usernames by primary key."""
        return ""

    def words(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        """Return what these measures of one decision did, in a few words."""
        raise NotImplementedError


def names_of(measures: Collection[Measure], *, using: str) -> dict[Any, str]:
    """Return the usernames of the people whom measures concern; no query where they concern none."""
    keys = {one.user_id for one in measures if one.user_id is not None}
    if not keys:
        return {}
    people = get_user_model()._base_manager.using(using).filter(pk__in=keys)
    return {person.pk: person.get_username() for person in people}


def lock_people(ids: Collection[Any], *, using: str) -> None:
    """Lock the accounts that measures concern, before cases and conversations are: writers lock people first."""
    people = get_user_model()._base_manager.using(using).filter(pk__in=set(ids)).order_by("pk")
    if ids:
        list(people.select_for_update(of=("self",)).values_list("pk"))
