"""Full-text search: conditions on messages, and on the earlier texts of edited ones, that an index answers.

``matching`` is a condition like any other. A list shows only the newest rows for a common word, and ``newest_first``
picks the fastest plan to find these. Both find the same rows, on either database, at any moment.
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
COMMON = 20_000  # matching texts above which sorting them all by time takes longer than scanning the newest rows
LOOKED_THROUGH = 10_000  # rows scanned at most; if few of them match, the word was common once, and the index is used
PAGE = 51  # rows that a page may need
USUAL_LENGTH = 12  # words of an average text
MARKED = 20_000  # characters of a text in which matches are marked: a page has up to two hundred texts


class FirstPage(NamedTuple):
    """The ``keys`` of the first rows of a list, and ``rows``, a queryset that counts all matching rows fastest.

    ``moments`` are the times of the matching rows, up to the requested number and one more; None if not loaded.
    """

    keys: list[int]
    moments: list[datetime] | None
    rows: Any


class Matches(Expression):
    """The expression that a text matches, for ``filter``. Use ``matching``.

    With ``by_index`` false, each row is examined; with ``listed``, the index is used whatever the planner estimates.
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
    """Return the field of ``model`` that holds its text."""
    return COLUMNS[model._meta.model_name]


def tables_of(model: Any) -> sqlite.Tables:
    """Return the names of SQLite's search tables for the texts of ``model``."""
    return sqlite.Tables(model._meta.db_table, column_of(model))


def matching(term: Term, model: Any = None, prefix: str = "") -> Q:
    """Return the condition that texts of ``model`` (default: messages) at lookup path ``prefix`` match ``term``."""
    return Q(Matches(compiled(term), model or _message(), prefix))


def newest_first(queryset: Any, term: Term) -> Any:
    """Return the matching rows of ``queryset`` (messages or histories), to be sliced for a page of the newest ones.

    Pass a queryset with all other conditions of the page, including its keyset.
    """
    # The index finds the rows of a rare word; for a common one, rows are scanned in the order of the page.
    part, model = compiled(term), queryset.model
    if _soon(queryset, term) is None:
        return queryset.filter(Matches(part, model, listed=True))
    return queryset.filter(Matches(part, model, by_index=False))


def first_page(queryset: Any, term: Term, *, size: int, most: int) -> FirstPage:
    """Return the first ``size`` rows (at most PAGE) of the result of ``newest_first``.

    If the index finds all matching rows, the same statement loads their times as well, up to ``most`` + 1.
    """
    part, model = compiled(term), queryset.model
    hits = _soon(queryset, term)
    if hits is not None:
        return FirstPage(hits[:size], None, queryset.filter(Matches(part, model, by_index=False)))
    rows = queryset.filter(Matches(part, model, listed=True))
    found = list(rows.values_list("pk", MOMENTS[model._meta.model_name])[: max(size, most + 1)])
    return FirstPage([pk for pk, _ in found[:size]], [moment for _, moment in found[: most + 1]], rows)


def matching_after_key(queryset: Any, term: Term) -> Any:
    """Return the matching rows of ``queryset``, which holds the rows after some key; skip the index if it has few."""
    are_few = not queryset.order_by("pk").values("pk")[LOOKED_THROUGH:].exists()
    return queryset.filter(Matches(compiled(term), queryset.model, by_index=not are_few))


def conversations_matching(queryset: Any, term: Term) -> Any:
    """Return the conversations of ``queryset`` with a matching message, for a page of the newest ones."""
    part, messages = compiled(term), _message()._base_manager.using(queryset.db).order_by()
    if not isinstance(part, bool) and is_common(term, using=queryset.db):
        found = messages.filter(Matches(part, messages.model, by_index=False), conversation=OuterRef("pk"))
        first, _ = _first(queryset, "last_message_at", LOOKED_THROUGH // 4)
        if len(first.filter(Exists(found)).values_list("pk")[:PAGE]) == PAGE:
            return queryset.filter(Exists(found))
    return queryset.filter(pk__in=messages.filter(Matches(part, messages.model, listed=True)).values("conversation"))


def count(queryset: Any, *, most: int = 1_000) -> int:
    """Return how many rows ``queryset`` has, or ``most`` + 1 if more; fastest for a result of ``newest_first``."""
    return int(queryset.order_by()[: most + 1].count())


def count_matching(term: Term, model: Any = None, *, most: int, using: str = "default") -> int | None:
    """Return how many texts match, or ``most`` + 1 if more; None if the index finds only those that do not match."""
    part, model = compiled(term), model or _message()
    if isinstance(part, bool) or connections[using].vendor == "postgresql":
        return count(model._base_manager.using(using).filter(Matches(part, model)), most=most)
    sql, params = sqlite.exact_number(part, tables_of(model), most=most)
    if not sql:
        return None
    with connections[using].cursor() as cursor:
        return int(cursor.execute(sql, params).fetchone()[0])


def is_common(term: Term, model: Any = None, *, using: str = "default") -> bool:
    """Return whether ``term`` finds so many texts that a list should not collect them all."""
    return estimate(term, model, using=using) > COMMON


def estimate(term: Term, model: Any = None, *, using: str = "default") -> int:
    """Return about how many texts match, within milliseconds.

    PostgreSQL's planner estimates; SQLite's index counts up to COMMON. A term that SQLite finds only by exclusion
    counts as common, because the number is unknown. PostgreSQL has no statistics of rare words and assumes a few
    thousand texts for each; hundreds of spellings of a disguised word would add up to all texts, so only the plain
    word is estimated.
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
    """Return whether ``text`` matches, without the index."""
    return holds(compiled(term), f" {words(text)} ")


def score(term: Term, text: str) -> float:
    """Return a score of a text: the sum of BM25's term frequencies, without document frequencies, for each phrase.

    Each further occurrence of a phrase adds less, and less in a long text. The score depends on the text alone, so that
    an order by it stays stable while other texts are stored.
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
    """Return the spans of ``term`` in ``text`` for marking, from left to right, with overlapping ones merged.

    Only the first MARKED characters of a long text are searched, because people wait for it.
    """
    kept: list[tuple[int, int]] = []
    for start, end in sorted(_hits(_sought(term), places(text[:MARKED]))):
        if kept and start < kept[-1][1]:
            kept[-1] = kept[-1][0], max(end, kept[-1][1])
        else:
            kept.append((start, end))
    return kept


class Sought(NamedTuple):
    """Phrases by their first word, and single-word prefixes (``beginnings``): found in one pass, however many."""

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
    """Return the keys of a page of rows if the term is common and scanning the first rows fills the page; else None."""
    part, model = compiled(term), queryset.model
    if isinstance(part, bool) or not is_common(term, model, using=queryset.db):
        return None
    first, is_all = _first(queryset, MOMENTS[model._meta.model_name], LOOKED_THROUGH)
    hits = list(first.filter(Matches(part, model, by_index=False)).values_list("pk", flat=True)[:PAGE])
    return hits if is_all or len(hits) == PAGE else None


def _first(queryset: Any, moment: str, number: int) -> tuple[Any, bool]:
    """Return about ``number`` rows from the start of a list, the oldest if ordered so, and whether these are all."""
    sign, side = ("", "lt") if queryset.query.order_by[:1] == (moment,) else ("-", "gt")
    ordered = queryset.order_by(f"{sign}{moment}", f"{sign}id")
    edge = ordered.values_list(moment, flat=True)[number:].first()
    return (ordered, True) if edge is None else (ordered.filter(**{f"{moment}__{side}": edge}), False)


def _message() -> Any:
    return apps.get_model("messaging", "Message")
