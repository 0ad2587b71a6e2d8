"""The query language of the search box: words, phrases and filters, and their combinations.

    query   = every { "OR" every }
    every   = part { [ "AND" ] part }
    part    = [ "-" ] ( "(" query ")" | filter | text )
    filter  = name ":" value { "," value }          from:alice   to:"Jo Doe",bob   length:>500
    text    = [ "~" ] ( quoted | word ) [ "*" ]     hello   "good morning"   light*   ~idiot
    value   = quoted | word
    quoted  = "…", and the marks that phones and other languages write instead

A word extends to the next space, or to the ")" that closes the parenthesis around it. The meaning of any other
character depends on its position, so that pasted text stays text: "12:30", "https://…", "a-b" and 5" are words. Words
without anything that can be found are skipped (the "&" of "rock & roll"). This is why the parser is hand-written:
parser libraries (lark, pyparsing, luqum) tokenize a character before they know its position, and their errors name the
tokens that they expected, not a remedy.

Parts without a filter become trees of ``terms``, which the engines answer; ``Every``, ``Either`` and ``Without``
combine them with filters. A ``Mistake`` is a sentence with a position, and what to type instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from messaging.search import terms
from messaging.search.normalising import words

LONGEST = 255  # characters, as many as the record of a search holds, so that every word of it is recorded
MOST_PARTS, DEEPEST = 60, 10  # words and filters; nested parentheses
QUOTES = {'"': '"', "“": '”"', "”": '”"', "„": '“”"', "«": "»"}  # opening mark: possible closing marks
NAME = re.compile(r"([A-Za-z][A-Za-z-]*):(?!//)")
TEXT = (terms.Words, terms.Disguised, terms.Not, terms.All, terms.OneOf)


class Mistake(Exception):
    """An invalid query: a sentence for the user, and the range of the mistake from ``start`` to ``end``."""

    def __init__(self, sentence: str, start: int, end: int) -> None:
        super().__init__(sentence)
        self.start, self.end = start, end


@dataclass(frozen=True)
class Value:
    """A value after the colon of a filter, and its position."""

    text: str
    start: int = field(compare=False)
    end: int = field(compare=False)


@dataclass(frozen=True)
class Named:
    """A filter in a query: its name and at least one value."""

    name: str
    values: tuple[Value, ...]
    start: int = field(compare=False)
    end: int = field(compare=False)


@dataclass(frozen=True)
class Without:
    """Messages that do not match ``part``, which contains a filter."""

    part: Part


@dataclass(frozen=True)
class Every:
    """Messages that match all ``parts``, at least one with a filter."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Either:
    """Messages that match any of ``parts``, at least one with a filter."""

    parts: tuple[Part, ...]


Part: TypeAlias = terms.Term | Named | Without | Every | Either


def parse(text: str, names: Collection[str]) -> Part | None:
    """Parse a query; ``names`` are the names of the available filters. Return None if it is empty. Raise Mistake."""
    if len(text) > LONGEST:
        sentence = ngettext(
            "This search is too long: use at most %(number)s character.",
            "This search is too long: use at most %(number)s characters.",
            LONGEST,
        )
        raise Mistake(numbered(sentence, LONGEST), LONGEST, len(text))
    # PostgreSQL refuses NUL. A space in its place keeps the positions.
    reading = _Reading(text.replace("\x00", " "), names)
    return None if reading.ends(0) else reading.query(0)


def within(text: str, tree: Part, period: str) -> str:
    """Return the query that narrows ``text``, parsed as ``tree``, to messages sent within ``period``, which replaces a
    period at its end that contains it. Return "" if that cannot be typed: it would be too long, or a literal
    parenthesis in ``text`` would close the added ones."""
    kept = _narrowed(text.rstrip(), tree)
    found = None if kept is None else f"{kept} on:{period}".lstrip()
    return found if found is not None and len(found) <= LONGEST else ""


@lru_cache(maxsize=100)
def _narrowed(text: str, tree: Part) -> str | None:
    """Return the query before the added period; None if its meaning would change there."""
    parts = tree.parts if isinstance(tree, Every) else (tree,)
    last = parts[-1]
    if isinstance(last, Named) and last.name == "on" and len(last.values) == 1 and last.end == len(text):
        text, parts = text[: last.start].rstrip(), parts[:-1]
    elif isinstance(tree, Either | terms.OneOf):
        text = f"({text})"
    example = Named("on", (Value("2025", 0, 0),), 0, 0)
    try:
        read = parse(f"{text} on:2025", {"on", *_names(tree)})
    except Mistake:
        return None
    return text if read == _joined([*parts, example], terms.All, Every) else None


def _names(part: Part) -> Iterator[str]:
    """Yield the names of the filters in a query."""
    if isinstance(part, Named):
        yield part.name
    for one in part.parts if isinstance(part, Every | Either) else [part.part] if isinstance(part, Without) else ():
        yield from _names(one)


class _Reading:
    """A recursive-descent parser of one text; ``at`` is its position. ``depth`` counts the open parentheses."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.text, self.names = text, names
        self.at = self.parts = 0

    def ends(self, depth: int) -> bool:
        """Skip spaces, and return whether the text ends here or the innermost parenthesis closes."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at == len(self.text) or (depth > 0 and self.text[self.at] == ")")

    def query(self, depth: int) -> Part:
        found = [self.every(depth, None)]
        while self.is_operator("OR", depth):
            found.append(self.every(depth, self.operator("OR")))
        return _joined(found, terms.OneOf, Either)

    def every(self, depth: int, operator: tuple[int, int] | None) -> Part:
        """Parse parts joined by AND. ``operator`` is the range of a preceding operator, which needs a part after it."""
        found: list[Part] = []
        skipped: tuple[int, int] | None = None
        while not self.ends(depth) and not self.is_operator("OR", depth):
            if self.is_operator("AND", depth):
                before, operator = operator, self.operator("AND")
                if before or not (found or skipped):
                    raise self._one_sided(operator)
            else:
                start, part = self.at, self.part(depth)
                operator, skipped = None, skipped if part else (start, self.at)
                found += [part] if part else []
        if operator is not None:
            raise self._one_sided(operator)
        if not found and skipped:
            sentence = _("Only letters, digits, and signs such as emoji can be found. Put words beside these signs.")
            raise Mistake(sentence, *skipped)
        if not found:
            raise self._one_sided(self.operator("OR"))
        return _joined(found, terms.All, Every)

    def _one_sided(self, operator: tuple[int, int]) -> Mistake:
        word = self.text[slice(*operator)]
        sentence = _("Something to search for has to stand on both sides of %(word)s. %(remedy)s")
        return Mistake(sentence % {"word": word, "remedy": _as_text(word)}, *operator)

    def is_operator(self, word: str, depth: int) -> bool:
        after = self.at + len(word)
        return self.text.startswith(word, self.at) and self._is_end(after, depth)

    def operator(self, word: str) -> tuple[int, int]:
        """Skip an operator, and return its range."""
        start, self.at = self.at, self.at + len(word)
        return start, self.at

    def part(self, depth: int) -> Part | None:
        """Parse one part. Return None for text without anything that can be found."""
        if self.is_operator("NOT", depth):
            self._refuse_not(depth)
        negated = self._is_sign("-")
        if negated:
            self.at += 1
        start = self.at
        found: Part
        if self.text[start] == "(":
            found = self._within_parentheses(depth)
        else:
            self.parts += 1
            if self.parts > MOST_PARTS:
                sentence = ngettext(
                    "Search for at most %(number)s word or filter at once.",
                    "Search for at most %(number)s words and filters at once.",
                    MOST_PARTS,
                )
                raise Mistake(numbered(sentence, MOST_PARTS), start, len(self.text))
            name = NAME.match(self.text, start)
            found = (self._filter(name, depth) if name else None) or self._text(depth)
        if isinstance(found, terms.Words | terms.Disguised) and not words(found.text):
            return None
        if not negated:
            return found
        return terms.Not(found) if isinstance(found, TEXT) else Without(found)

    def _refuse_not(self, depth: int) -> None:
        """Raise Mistake for NOT before a part: elsewhere it excludes the part, but here it would be a required word."""
        start, end = self.operator("NOT")
        if not (self.ends(depth) or self.is_operator("OR", depth) or self.is_operator("AND", depth)):
            sentence = _("To leave out what follows, write “-” right before it instead of NOT. %(remedy)s")
            raise Mistake(sentence % {"remedy": _as_text("NOT")}, start, end)
        self.at = start

    def _within_parentheses(self, depth: int) -> Part:
        start = self.at
        if depth == DEEPEST:
            sentence = ngettext(
                "At most %(number)s parenthesis can stand within another.",
                "At most %(number)s parentheses can stand within each other.",
                DEEPEST,
            )
            raise Mistake(numbered(sentence, DEEPEST), start, start + 1)
        self.at += 1
        found = None if self.ends(depth + 1) else self.query(depth + 1)
        if self.at == len(self.text):
            sentence = _("This parenthesis is not closed: add another one, “)”, where it ends. %(remedy)s")
            raise Mistake(sentence % {"remedy": _as_text("(")}, start, start + 1)
        self.at += 1
        if found is None:
            raise Mistake(_("Nothing stands between these parentheses."), start, self.at)
        return found

    def _filter(self, name: re.Match[str], depth: int) -> Named | None:
        """Parse the filter that starts here; return None if what looks like its name is text. Raise Mistake."""
        start, known = name.start(), name[1].lower()
        is_empty = self._is_end(name.end(), depth)
        if known not in self.names:
            if is_empty:
                return None
            offered = ", ".join(f"{one}:" for one in sorted(self.names))
            remedy = _as_text(self._word(depth))
            sentence = _("There is no filter “%(name)s:”. %(remedy)s The filters are %(offered)s.")
            sentence %= {"name": name[1], "remedy": remedy, "offered": offered}
            raise Mistake(sentence, start, name.end())
        if is_empty:
            sentence = _("Write what to look for right after “%(name)s:”, without a space. %(remedy)s")
            raise Mistake(sentence % {"name": known, "remedy": _as_text(name[0])}, start, name.end())
        self.at = name.end() - 1
        values = []
        while self.text[self.at : self.at + 1] in (":", ","):
            self.at += 1
            values.append(self._value(depth))
        return Named(known, tuple(values), start, self.at)

    def _value(self, depth: int) -> Value:
        start = self.at
        is_quoted = start < len(self.text) and self.text[start] in QUOTES
        text = self._quoted() if is_quoted else self._word(depth, until=",")
        if not text:
            sentence = _("Nothing stands beside this comma. Put a value that has a comma in quotes.")
            raise Mistake(sentence, start - 1, start)
        return Value(text, start, self.at)

    def _text(self, depth: int) -> terms.Term:
        is_disguised = self._is_sign("~")
        if is_disguised:
            self.at += 1
        is_quoted = self.text[self.at] in QUOTES
        text = self._quoted() if is_quoted else self._word(depth)
        if is_disguised:
            return terms.Disguised(text)
        if is_quoted:
            goes_on = self.text.startswith("*", self.at)
            self.at += goes_on
            return terms.Words(text, prefix=goes_on)
        beginning = text.rstrip("*")
        return terms.Words(beginning, prefix=True) if "" != beginning != text else terms.Words(text)

    def _quoted(self) -> str:
        start = self.at
        closing = QUOTES[self.text[start]]
        end = next((at for at in range(start + 1, len(self.text)) if self.text[at] in closing), None)
        if end is None:
            sentence = _("This quotation mark is not closed: add another one where the phrase ends.")
            raise Mistake(sentence, start, len(self.text))
        self.at = end + 1
        text = self.text[start + 1 : end].strip()
        if not text:
            raise Mistake(_("Nothing stands between these quotation marks."), start, self.at)
        return text

    def _word(self, depth: int, until: str = "") -> str:
        """Parse a word, which includes the parentheses that open within it."""
        start, opened = self.at, 0
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign.isspace() or sign == until or (sign == ")" and depth and not opened):
                break
            opened += {"(": 1, ")": -1}.get(sign, 0) if depth else 0
            self.at += 1
        return self.text[start : self.at]

    def _is_end(self, at: int, depth: int) -> bool:
        """Return whether a word ends at this position."""
        return at >= len(self.text) or self.text[at].isspace() or (depth > 0 and self.text[at] == ")")

    def _is_sign(self, sign: str) -> bool:
        """Return whether ``sign`` is here and applies to what follows: "-" and "->" are text."""
        after = self.text[self.at + 1 : self.at + 2]
        return self.text[self.at] == sign and (after.isalnum() or after > "\x7f" or after in ('"', "(", "~"))


def _joined(found: Sequence[Part], of_texts: Callable[[Any], Any], of_parts: Callable[[Any], Part]) -> Part:
    """Combine parts into one. Those without filters become one term, which an engine answers in one query."""
    texts, others = texts_and_others(found)
    if len(texts) > 1:
        texts = [of_texts(tuple(texts))]
    parts = (*texts, *others)
    return parts[0] if len(parts) == 1 else of_parts(parts)


def texts_and_others(parts: Iterable[Part]) -> tuple[list[terms.Term], list[Part]]:
    """Return the parts without filters, and those with one."""
    parts = list(parts)
    texts = [one for one in parts if isinstance(one, TEXT)]
    return texts, [one for one in parts if not isinstance(one, TEXT)]


def _as_text(text: str) -> str:
    """Return the remedy for characters that were meant as text."""
    without = text.replace('"', "")
    return _('To search for it as text, put it in quotes: "%(text)s".') % {"text": without}
