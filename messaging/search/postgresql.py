"""Searching on PostgreSQL: a GIN index on a function of the text, which no write can leave stale.

The function computes the words of ``messaging.search.normalising``, without positions, because a GIN index stores none.
Phrases are therefore compared with the words of each text that has all of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from messaging.search.compiling import Compiled, Every, Part, Phrase, Some, Without, every, some
from messaging.search.normalising import ALONE, LETTERS, LONGEST_WORD, READ, REMOVED, SEPARATORS

WORDS, INDEXED = "messaging_search_words", "messaging_search_index"  # functions
COST = 30  # planner cost of the functions, in operations such as comparing two numbers
MOST_CONTAINED = 20  # words for which a row's text is scanned before its words are computed
MOST_BYTES = 1_000_000  # of distinct words of one text; PostgreSQL's limit is 1 MB

_FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION {schema}.{words}(content text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST {cost} AS $function$
DECLARE found text;
BEGIN
    IF octet_length(content) > {read} THEN
        content := left(content, {read});
    END IF;
    IF octet_length(content) = length(content) THEN
        found := regexp_replace(lower(content COLLATE "C"), '[^a-z0-9]+', ' ', 'g');
    ELSE
        found := lower(normalize(content, NFKD) COLLATE {collation});
        found := translate(found, '{single_from}', '{single_to}');
        {pairs}
        found := normalize(regexp_replace(found, '[{removed}]+', '', 'g'), NFC);
        found := regexp_replace(found, '[{separators}]+', ' ', 'g');
        found := regexp_replace(regexp_replace(found, '([{alone}])', ' \1 ', 'g'), ' +', ' ', 'g');
    END IF;
    IF length(found) > {longest} AND found ~ '(?:[^ ]{{250}}){{2}}[^ ]' THEN
        found := regexp_replace(found, '((?:[^ ]{{250}}){{2}})(?=[^ ])', '\1 ', 'g');
    END IF;
    RETURN trim(found);
END $function$;

CREATE OR REPLACE FUNCTION {schema}.{indexed}(content text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST {cost} AS $function$
DECLARE found text;
BEGIN
    -- Most texts; the function above does the same, slower.
    IF octet_length(content) <= {longest} AND octet_length(content) = length(content) THEN
        RETURN regexp_replace(lower(content COLLATE "C"), '[^a-z0-9 ]', ' ', 'g')::tsvector;
    END IF;
    found := {schema}.{words}(content);
    IF octet_length(found) < {most} THEN
        RETURN found::tsvector;
    END IF;
    -- The shortest words of a huge text, which are those that people look for.
    RETURN (
        SELECT array_to_tsvector(array_agg(word)) FROM (
            SELECT word, sum(octet_length(word)) OVER (ORDER BY octet_length(word), word COLLATE "C") AS bytes
            FROM (SELECT DISTINCT unnest(string_to_array(found, ' ')) AS word) AS different WHERE word <> ''
        ) AS counted WHERE bytes < {most}
    );
END $function$;
"""


def functions(cursor: Any, schema: str) -> str:
    """Return the statements that create the functions in a (quoted) schema, so that the index always finds them."""
    cursor.execute("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'")
    collation = '"und-x-icu"' if cursor.fetchone() else '"default"'  # "default" if PostgreSQL was built without ICU
    single = {one: other for one, other in LETTERS.items() if len(other) == 1}
    pairs = (f"found := replace(found, '{one}', '{other}');" for one, other in LETTERS.items() if len(other) > 1)
    return _FUNCTIONS.format(
        schema=schema,
        words=WORDS,
        indexed=INDEXED,
        cost=COST,
        collation=collation,
        single_from="".join(single),
        single_to="".join(single.values()),
        pairs=" ".join(pairs),
        removed=REMOVED,
        separators=SEPARATORS,
        alone=ALONE,
        longest=LONGEST_WORD,
        read=READ,
        most=MOST_BYTES,
    )


def condition(part: Compiled, column: str, *, by_index: bool = True, planned: bool = True) -> tuple[str, list[str]]:
    """Return a condition on the text in ``column`` (SQL), and its parameters.

    With ``by_index`` false, the planner uses another index and each row is examined. For a text of only ASCII, a LIKE
    first tests whether it contains the words at all, in a tenth of the time that computing its words takes. The same
    test is added if the planner may examine rows too (``planned``), and for phrases, which the index cannot decide.
    """
    sql, params = _asked(part, column, by_index=by_index)
    if by_index and not planned and not _has_phrases(part):
        return sql, params
    contained, words = _contained(part, f'lower({column} COLLATE "C")')
    if not contained or len(words) > MOST_CONTAINED:
        return sql, params
    if by_index:
        return f"({sql} AND (octet_length({column}) <> length({column}) OR {contained}))", [*params, *words]
    lacking = f"octet_length({column}) = length({column}) AND NOT {contained}"
    # A CASE, so that the planner does not estimate few rows and sort them all.
    return f"(CASE WHEN {lacking} THEN FALSE ELSE {sql} END) IS TRUE", [*words, *params]


def guessed(part: Part, tables: Any) -> tuple[str, list[str]]:
    """Return an EXPLAIN query for all texts in which the index finds ``part``, and its parameters."""
    # For a phrase, texts with its words anywhere: the planner has no statistics of adjacent words.
    matched = f"{INDEXED}({tables.column}) @@ %s::tsquery"
    return f"EXPLAIN (FORMAT JSON) SELECT FROM {tables.texts} WHERE {matched}", [_tsquery(part)]


def _contained(part: Compiled, text: str) -> tuple[str, list[str]]:
    """Return a necessary condition, with its parameters, for ``part`` to match an ASCII text; "" if there is none."""
    match part:
        case Phrase(words):
            return f"{text} LIKE %s", [f"%{'%'.join(words)}%"]
        case Every(parts):
            known = [found for found in (_contained(one, text) for one in parts) if found[0]]
            return _with(" AND ", known)
        case Some(parts):
            known = [_contained(one, text) for one in parts]
            return _with(" OR ", known) if all(sql for sql, _ in known) else ("", [])
    return "", []


def _with(operator: str, conditions: Sequence[tuple[str, list[str]]]) -> tuple[str, list[str]]:
    if not conditions:
        return "", []
    return f"({operator.join(sql for sql, _ in conditions)})", [one for _, params in conditions for one in params]


def _asked(part: Compiled, column: str, *, by_index: bool) -> tuple[str, list[str]]:
    """Return the condition by the words of a text, and its parameters.

    All single words together are one index lookup. Each phrase is a lookup of its own whose results are rechecked: in a
    joint lookup, GIN would recheck every text that has any word of any phrase.
    """
    if isinstance(part, bool):
        return ("TRUE" if part else "FALSE"), []
    if not _has_phrases(part):
        found = f"{INDEXED}({column}) @@ %s::tsquery"
        return (found if by_index else f"({found}) IS TRUE"), [_tsquery(part)]
    match part:
        case Phrase(words, prefix):
            *first, last = words
            among, params = _asked(Every((*map(_word, first), Phrase((last,), prefix))), column, by_index=by_index)
            together, patterns = _together(part, column)
            return f"({among} AND {together})", [*params, *patterns]
        case Without(inner):
            excluded, params = _asked(inner, column, by_index=by_index)
            return f"NOT {excluded}", params
        case Every(parts):
            return _joined("AND", every, parts, column, by_index)
        case Some(parts):
            return _joined("OR", some, parts, column, by_index)
    raise TypeError(part)


def _together(part: Phrase, column: str) -> tuple[str, list[str]]:
    """Return the condition, with its parameters, that a text with all words of a phrase has them in a row.

    A short ASCII text is matched by a regular expression, which takes a fifth of the time of computing its words.
    """
    # Words contain neither % nor _, and ASCII words no special characters of regular expressions.
    padded = f"(' ' || {WORDS}({column}) || ' ') LIKE %s"
    patterns = [f"% {part.text}{'' if part.prefix else ' '}%"]
    plain = "FALSE"
    if part.text.isascii():
        plain = f'lower({column} COLLATE "C") ~ %s'
        end = "" if part.prefix else "([^a-z0-9]|$)"
        patterns = [f"(^|[^a-z0-9]){'[^a-z0-9]+'.join(part.words)}{end}", *patterns]
    is_short = f"octet_length({column}) = length({column}) AND octet_length({column}) <= {LONGEST_WORD}"
    return f"CASE WHEN {is_short} THEN {plain} ELSE {padded} END", patterns


def _word(word: str) -> Phrase:
    return Phrase((word,))


def _joined(
    operator: str, joined: Callable[[Iterable[Compiled]], Compiled], parts: Sequence[Part], column: str, by_index: bool
) -> tuple[str, list[str]]:
    plain = [one for one in parts if not _has_phrases(one)]
    asked = [*([joined(plain)] if plain else []), *(one for one in parts if _has_phrases(one))]
    return _with(f" {operator} ", [_asked(one, column, by_index=by_index) for one in asked])


def listed(sql: str, table: str, key: str) -> str:
    """Return ``sql``, a condition on rows of ``table``, as one on their ``key`` that forces the use of the index."""
    # To find the newest rows, the planner would read every text for a word that nobody has used for years.
    return f"{key} = ANY (ARRAY(SELECT id FROM {table} WHERE {sql}))"


def _has_phrases(part: Compiled) -> bool:
    match part:
        case Phrase(words):
            return len(words) > 1
        case Without(inner):
            return _has_phrases(inner)
        case Every(parts) | Some(parts):
            return any(map(_has_phrases, parts))
    return False


def _tsquery(part: Compiled) -> str:
    match part:
        case Phrase(words, prefix):
            quoted = ["'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words]
            return f"({' & '.join(quoted)}{':*' if prefix else ''})"
        case Without(inner):
            return f"!{_tsquery(inner)}"
        case Every(parts):
            return f"({' & '.join(map(_tsquery, parts))})"
        case Some(parts):
            return f"({' | '.join(map(_tsquery, parts))})"
    raise TypeError(part)
