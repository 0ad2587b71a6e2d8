"""The interface of every act: whether it is allowed, how it is carried out and undone, and its words for pages."""

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
    """A measure to be taken by a decision: its act, and the message or person (primary key) concerned.

    ``until`` is when it ends by itself; ``facts`` hold anything else the act needs, as JSON without people's words.
    """

    act: Act
    message: int | None = None
    user: Any = None
    until: datetime | None = None
    facts: Mapping[str, Any] | None = None

    @property
    def measure(self) -> Measure:
        """The measure to store, still without its decision, ``before`` and ``after``."""
        facts = dict(self.facts) if self.facts else None
        return like(_empty(), act=self.act, until=self.until, facts=facts, message_id=self.message, user_id=self.user)


@cache
def _empty() -> Measure:
    return Measure()


class Asked(NamedTuple):
    """The orders of one decision, with its case and the text that it sends."""

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
    """An act. Its methods take all measures of the act in one call, of one decision or many, without a query for each.
    They run in a transaction, with the cases locked."""

    act: ClassVar[Act]

    def refuse(self, asked: Sequence[Asked], acting: Acting) -> None:
        """Raise DecisionRefused if these orders, of one decision or many, must not be carried out.

        The caller checks, for all acts, that messages belong to the case's conversation.
        """

    def carry_out(self, measures: Sequence[Measure], acting: Acting) -> None:
        """Carry out the measures, and set their ``before``, ``after`` and ``facts``; the caller stores them."""

    def stays(self, measures: Sequence[Measure], acting: Acting) -> dict[int, str]:
        """Return, by primary key, a sentence for each of these stored measures that undoing would leave in place."""
        return {}

    def undo(self, measures: Sequence[Measure], acting: Acting) -> None:
        """Undo these measures, none of which ``stays``, if it takes more than marking their decision as undone."""

    def again(self, measures: Sequence[Measure], acting: Acting) -> dict[int, Order | str]:
        """Return, by primary key of these undone measures, the order that takes each again, or a sentence that
        explains why it is not. Measures that need neither are left out."""
        return {one.pk: Order(Act(one.act), one.message_id, one.user_id, one.until) for one in measures}

    def will_undo(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        """Return the sentence that says what undoing these will do; ``names`` are usernames by primary key."""
        return ""

    def words(self, measures: Sequence[Measure], names: Mapping[Any, str]) -> str:
        """Return what these measures of one decision did, in a few words."""
        raise NotImplementedError


def names_of(measures: Collection[Measure], *, using: str) -> dict[Any, str]:
    """Return the usernames of the people whom measures concern, by primary key; no query if they concern none."""
    keys = {one.user_id for one in measures if one.user_id is not None}
    if not keys:
        return {}
    people = get_user_model()._base_manager.using(using).filter(pk__in=keys)
    return {person.pk: person.get_username() for person in people}


def lock_people(ids: Collection[Any], *, using: str) -> None:
    """Lock the accounts that measures concern. Call it before locking cases and conversations: writers lock people
    first."""
    people = get_user_model()._base_manager.using(using).filter(pk__in=set(ids)).order_by("pk")
    if ids:
        list(people.select_for_update(of=("self",)).values_list("pk"))
