"""Searching texts: conditions on messages, and on the earlier texts of edited ones, that an index answers.

``matching`` is a condition like others. Of a common word, a list wants only the newest rows: ``newest_first`` finds out
how to come to them soonest. Both find the same, on either database, at any moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connections, models
from django.db.models import Exists, Expression, F, OuterRef, Q

from messaging.search import postgresql, sqlite
from messaging.search.compiling import Compiled, Phrase, compiled, holds, undisguised, wanted
from messaging.search.normalising import Place, places, words
from messaging.search.terms import Term

COLUMNS = {"message": "content", "messagehistory": "old_content"}  # by model
MOMENTS = {"message": "timestamp", "messagehistory": "edited_at"}
COMMON = 20_000  # texts that are found: sorting them all by time takes longer than looking through the newest rows
LOOKED_THROUGH = 10_000  # rows at most; words that few of these have were common once, and the index is asked
PAGE = 51  # rows that a page may want
USUAL_LENGTH = 12  # words of a text
MARKED = 20_000  # characters of a text in which words are marked: a page has up to two hundred texts


class FirstPage(NamedTuple):
    """The ``keys`` of the rows with which a list begins, and ``rows``, as all that match are counted soonest.

    ``moments`` are the times of these, up to as many as were asked for and one more; None where nobody has looked.
    """

    keys: list[int]
    moments: list[datetime] | None
    rows: Any


class Matches(Expression):
    """Whether a text matches; for ``filter``. Use ``matching``.

    With ``by_index`` false each row is looked at; with ``listed`` the index is asked, whatever the planner believes.
    """

    conditional = True

    def __init__(
        self, part: Compiled, model: Any, prefix: str = "", *, by_index: bool = True, listed: bool = False
    ) -> None:
        super().__init__(output_field=models.BooleanField())
        self.part, self.model, self.by_index, self.listed = part, model, by_index, listed
        self.key, self.text = F(f"{prefix}pk"), F(f"{prefix}{column_of(model)}")

    def get_source_expressions(self) -> list[Any]:
        return [self.key, self.text]

    def set_source_expressions(self, exprs: Any) -> None:
        self.key, self.text = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        (key, _), (text, _) = compiler.compile(self.key), compiler.compile(self.text)
        if connection.vendor == "postgresql":
            column = column_of(self.model) if self.listed else text
            sql, params = postgresql.condition(self.part, column, by_index=self.by_index, planned=not self.listed)
            if self.listed:
                sql = postgresql.listed(sql, self.model._meta.db_table, key)
        else:
            sql, params = sqlite.condition(self.part, tables_of(self.model), key, text, by_index=self.by_index)
        return sql, tuple(params)


def column_of(model: Any) -> str:
    """The field of ``model`` that holds its text."""
    return COLUMNS[model._meta.model_name]


def tables_of(model: Any) -> sqlite.Tables:
    """What SQLite has for the texts of ``model``."""
    return sqlite.Tables(model._meta.db_table, column_of(model))


def matching(term: Term, model: Any = None, prefix: str = "") -> Q:
    """A condition on rows of ``model`` (messages, or histories): the text matches ``term``.

    ``prefix`` is the way from the rows that are filtered to those of ``model``, such as ``message__``.
    """
    return Q(Matches(compiled(term), model or _message(), prefix))


def newest_first(queryset: Any, term: Term) -> Any:
    """Return the rows of ``queryset`` (messages or histories) that match, for a page of the newest of them.

    Give it what else the page asks for, its place (keyset) too, and then slice it: a rare word's rows are found by the
    index, and for a common one the rows are looked through from the newest; from the oldest if they are ordered so.
    """
    part, model = compiled(term), queryset.model
    if _soon(queryset, term) is None:
        return queryset.filter(Matches(part, model, listed=True))
    return queryset.filter(Matches(part, model, by_index=False))


def first_page(queryset: Any, term: Term, *, size: int, most: int) -> FirstPage:
    """Return the first rows of what ``newest_first`` returns, ``size`` of them, up to PAGE.

    Where the index is asked for all that match, one statement tells their times as well, of up to ``most`` + 1.
    """
    part, model = compiled(term), queryset.model
    hits = _soon(queryset, term)
    if hits is not None:
        return FirstPage(hits[:size], None, queryset.filter(Matches(part, model, by_index=False)))
    rows = queryset.filter(Matches(part, model, listed=True))
    found = list(rows.values_list("pk", MOMENTS[model._meta.model_name])[: max(size, most + 1)])
    return FirstPage([pk for pk, _ in found[:size]], [moment for _, moment in found[: most + 1]], rows)


def later(queryset: Any, term: Term) -> Any:
    """Return the rows of ``queryset``, those after some key, that match: where there are few, without the index."""
    are_few = not queryset.order_by("pk").values("pk")[LOOKED_THROUGH:].exists()
    return queryset.filter(Matches(compiled(term), queryset.model, by_index=not are_few))


def conversations_matching(queryset: Any, term: Term) -> Any:
    """Return the conversations of ``queryset`` with a message that matches, for a page of the newest of them."""
    part, messages = compiled(term), _message()._base_manager.using(queryset.db).order_by()
    if not isinstance(part, bool) and is_common(term, using=queryset.db):
        found = messages.filter(Matches(part, messages.model, by_index=False), conversation=OuterRef("pk"))
        first, _ = _first(queryset, "last_message_at", LOOKED_THROUGH // 4)
        if len(first.filter(Exists(found)).values_list("pk")[:PAGE]) == PAGE:
            return queryset.filter(Exists(found))
    return queryset.filter(pk__in=messages.filter(Matches(part, messages.model, listed=True)).values("conversation"))


def count(queryset: Any, *, most: int = 1_000) -> int:
    """How many rows ``queryset`` has, ``most`` + 1 where it has more; soonest of what ``newest_first`` returned."""
    return int(queryset.order_by()[: most + 1].count())


def number(term: Term, model: Any = None, *, most: int, using: str = "default") -> int | None:
    """How many texts match, ``most`` + 1 where it is more; None where the index knows only those that do not."""
    part, model = compiled(term), model or _message()
    if isinstance(part, bool) or connections[using].vendor == "postgresql":
        return count(model._base_manager.using(using).filter(Matches(part, model)), most=most)
    sql, params = sqlite.exact_number(part, tables_of(model), most=most)
    if not sql:
        return None
    with connections[using].cursor() as cursor:
        return int(cursor.execute(sql, params).fetchone()[0])


def is_common(term: Term, model: Any = None, *, using: str = "default") -> bool:
    """Whether ``term`` finds so many texts that a list should not collect them all."""
    return estimate(term, model, using=using) > COMMON


def estimate(term: Term, model: Any = None, *, using: str = "default") -> int:
    """About how many texts match, in milliseconds: PostgreSQL's planner guesses, SQLite's index counts up to COMMON.

    Of what SQLite finds by exclusion alone the number is not known: it counts as common. PostgreSQL does not know words
    that are in few texts, and supposes that each is in a few thousand: of hundreds of disguises, that would be all.
    """
    part, model = (
        compiled(undisguised(term) if connections[using].vendor == "postgresql" else term),
        model or _message(),
    )
    connection = connections[using]
    if isinstance(part, bool):
        return COMMON + 1 if part else 0
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            sql, params = sqlite.number(part, tables_of(model), most=COMMON)
            return int(cursor.execute(sql, params).fetchone()[0]) if sql else COMMON + 1
        sql, params = postgresql.guessed(part, tables_of(model))
        cursor.execute(sql, params)
        return int(cursor.fetchone()[0][0]["Plan"]["Plan Rows"])


def matches(term: Term, text: str) -> bool:
    """Whether ``text`` matches, by itself."""
    return holds(compiled(term), f" {words(text)} ")


def score(term: Term, text: str) -> float:
    """How much of ``term`` a text has: each phrase by how often it stands there, every further time counting less, and
    less in a long text (the frequencies of BM25).

    It depends on nothing but the text, so that what is stored meanwhile moves nothing in an order by it.
    """
    padded = f" {words(text)} ".replace(" ", "  ")
    length = padded.count("  ") - 1
    slower = 1.2 * (0.25 + 0.75 * length / USUAL_LENGTH)
    found = 0.0
    for phrase in wanted(compiled(term)):
        number = padded.count(f" {phrase.text.replace(' ', '  ')}{'' if phrase.prefix else ' '}")
        found += number * 2.2 / (number + slower)
    return found


def spans(term: Term, text: str) -> list[tuple[int, int]]:
    """Return where ``term`` is in ``text``, from left to right, without what overlaps: for marking it.

    Of a long text in its first MARKED characters only, because people wait for it.
    """
    kept: list[tuple[int, int]] = []
    for start, end in sorted(_hits(_sought(term), places(text[:MARKED]))):
        if kept and start < kept[-1][1]:
            kept[-1] = kept[-1][0], max(end, kept[-1][1])
        else:
            kept.append((start, end))
    return kept


class Sought(NamedTuple):
    """Phrases to look for in one go, however many: by their first words, but for beginnings of single words."""

    phrases: dict[str, list[Phrase]]
    beginnings: tuple[str, ...]


@lru_cache(maxsize=50)
def _sought(term: Term) -> Sought:
    found = Sought({}, tuple(one.text for one in wanted(compiled(term)) if one.prefix and len(one.words) == 1))
    for phrase in wanted(compiled(term)):
        if len(phrase.words) > 1 or not phrase.prefix:
            found.phrases.setdefault(phrase.words[0], []).append(phrase)
    return found


def _hits(sought: Sought, found: list[Place]) -> Iterator[tuple[int, int]]:
    for place, begins in enumerate(found):
        if begins.word.startswith(sought.beginnings):
            yield begins.start, begins.end
        for phrase in sought.phrases.get(begins.word, ()):
            *words, last = (one.word for one in found[place : place + len(phrase.words)])
            ends = last.startswith(phrase.words[-1]) if phrase.prefix else last == phrase.words[-1]
            if ends and tuple(words) == phrase.words[:-1]:
                yield begins.start, found[place + len(words)].end


def _soon(queryset: Any, term: Term) -> list[int] | None:
    """The keys of a page of the newest rows, if the term is common and looking through the first ones finds it; else
    None."""
    part, model = compiled(term), queryset.model
    if isinstance(part, bool) or not is_common(term, model, using=queryset.db):
        return None
    first, is_all = _first(queryset, MOMENTS[model._meta.model_name], LOOKED_THROUGH)
    hits = list(first.filter(Matches(part, model, by_index=False)).values_list("pk", flat=True)[:PAGE])
    return hits if is_all or len(hits) == PAGE else None


def _first(queryset: Any, moment: str, number: int) -> tuple[Any, bool]:
    """The rows with which a list begins, and whether they are all: the oldest if it is ordered so, else the newest."""
    sign, side = ("", "lt") if queryset.query.order_by[:1] == (moment,) else ("-", "gt")
    ordered = queryset.order_by(f"{sign}{moment}", f"{sign}id")
    edge = ordered.values_list(moment, flat=True)[number:].first()
    return (ordered, True) if edge is None else (ordered.filter(**{f"{moment}__{side}": edge}), False)


def _message() -> Any:
    return apps.get_model("messaging", "Message")
