"""A word-by-word diff of two texts whose work is bounded, however long or repetitive they are.

Texts are compared by words. If that takes too long, they are compared by passages (sentences and lines), and then by
words within each changed passage; a part that still takes too long counts as replaced. Work is counted instead of
timed, so a comparison gives the same result on every machine. The library used before looks for long common parts
outside its deadline, which took minutes for a text of a million characters; difflib has no deadline at all.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Literal, NamedTuple

from django.utils.translation import ngettext

from messaging.languages.wording import numbered

# A token is a word, a run of white space, or any other single character.
WORD = re.compile(r"\w+|\s+|[^\w\s]")
ENDS = ".!?\n"  # of a passage
PASSAGE = re.compile(rf"[^{ENDS}]*[{ENDS}]+|[^{ENDS}]+")
# The comparison works on characters, so each distinct token is encoded as one, counted from FIRST_CODE. Surrogates are
# skipped: on their own they are not valid text.
FIRST_CODE, SURROGATES = 0x100, range(0xD800, 0xE000)
MOST_EFFORT = 1_050_000  # steps of one comparison, or of all comparisons on one page: about 0.5 s
# Characters that are split into words, or into passages, in the time of one step.
OF_WORDS, OF_PASSAGES = 3, 30
CHUNK = 64  # tokens that one step compares where texts are the same
LONGEST_STEP_BACK = 1_000  # characters, to a token boundary
NOWHERE = -(1 << 30)  # in a frontier: outside of the texts

LONGEST_SAME, LONGEST_CHANGED = 2_000, 20_000  # characters of a run that a page shows whole
AROUND = 300  # characters shown before and after an omitted middle

Kind = Literal["same", "added", "removed", "omitted"]
Block = tuple[int, int, int]  # equal tokens: the first one in each text, and how many


class Difference(NamedTuple):
    """A run of text in both versions (``same``), only in the later (``added``), or only in the earlier (``removed``).

    ``omitted``: a note in place of text that a page does not show.
    """

    kind: Kind
    text: str


class Compared(NamedTuple):
    """The changes from one text to another, in reading order; ``coarse`` if some passages count as wholly replaced."""

    differences: list[Difference]
    coarse: bool


class Effort:
    """A budget of work for comparisons: steps ``left`` and ``spent``. Spending from a share spends from its whole."""

    def __init__(self, most: int = MOST_EFFORT, *, whole: Effort | None = None) -> None:
        self.left, self.spent = most, 0
        self.whole = whole

    def spend(self, number: int) -> bool:
        """Spend ``number`` steps, and return whether so many were left."""
        self.left -= number
        self.spent += number
        if self.whole is not None:
            self.whole.spend(number)
        return self.left >= 0

    def share(self, parts: int) -> Effort:
        """Return an equal part of the steps left, for the next of ``parts`` comparisons."""
        return Effort(max(self.left, 0) // parts, whole=self)


class _Change(NamedTuple):
    """Tokens that were replaced: ``a[a_from:a_to]`` by ``b[b_from:b_to]``."""

    a_from: int
    a_to: int
    b_from: int
    b_to: int

    @property
    def size(self) -> int:
        return max(self.a_to - self.a_from, self.b_to - self.b_from)


def compare(before: str, after: str, effort: Effort | None = None) -> Compared:
    """Compare two texts within the budget ``effort``, and spend from it.

    The ``same`` and ``removed`` texts joined are exactly ``before``, the ``same`` and ``added`` ones exactly ``after``.
    """
    effort = Effort() if effort is None else effort
    start, end = _same_start(before, after), 0
    if start < max(len(before), len(after)):
        end = _same_end(before, after, min(len(before), len(after)) - start)
    middle = before[start : len(before) - end], after[start : len(after) - end]
    found = [Difference("same", before[:start])]
    coarse = False
    for one, fine in _middle(*middle, effort):
        found.append(one)
        coarse |= not fine
    found.append(Difference("same", before[len(before) - end :]))
    return Compared(_joined(found), coarse)


def shortened(differences: Iterable[Difference]) -> list[Difference]:
    """Return the differences as pages show them, with a character count in place of the middle of long runs."""
    found: list[Difference] = []
    for kind, text in differences:
        left_out = len(text) - 2 * AROUND
        if len(text) <= (LONGEST_SAME if kind == "same" else LONGEST_CHANGED):
            found.append(Difference(kind, text))
            continue
        said = numbered(_left_out(kind, left_out), left_out)
        found += [
            Difference(kind, text[:AROUND]),
            Difference("omitted", f" {said} "),
            Difference(kind, text[-AROUND:]),
        ]
    return found


def _left_out(kind: str, number: int) -> str:
    if kind == "same":
        return ngettext("[… %(number)s character unchanged …]", "[… %(number)s characters unchanged …]", number)
    if kind == "added":
        return ngettext("[… %(number)s character added …]", "[… %(number)s characters added …]", number)
    return ngettext("[… %(number)s character removed …]", "[… %(number)s characters removed …]", number)


def _middle(before: str, after: str, effort: Effort) -> Iterator[tuple[Difference, bool]]:
    """Yield the changes between texts, each with whether it was compared by words."""
    if (words := _by_words(before, after, Effort(effort.left * 2 // 3, whole=effort))) is not None:
        yield from ((one, True) for change in words for one in change)
        return
    passages = sum(text.count(end) for text in (before, after) for end in ENDS) + 2
    cost = passages + (len(before) + len(after)) // OF_PASSAGES
    changed = _by(PASSAGE, before, after, effort.share(2), cost)
    changed = [_replaced(before, after)] if changed is None else changed
    left = sum(1 for one in changed if len(one) == 2)
    for one in changed:
        if len(one) < 2:
            yield from ((single, True) for single in one)
            continue
        removed, added = (single.text for single in one)
        words = _by_words(removed, added, effort.share(left))
        left -= 1
        yield from ((single, words is not None) for part in ([one] if words is None else words) for single in part)


def _replaced(before: str, after: str) -> list[Difference]:
    return [one for one in (Difference("removed", before), Difference("added", after)) if one.text]


def _by_words(before: str, after: str, effort: Effort) -> list[list[Difference]] | None:
    return _by(WORD, before, after, effort, (len(before) + len(after)) // OF_WORDS)


def _by(token: re.Pattern[str], before: str, after: str, effort: Effort, cost: int) -> list[list[Difference]] | None:
    """Return the changes by tokens: each list is an unchanged run, or the removed and the added text of one change.

    None if it takes too long. ``cost`` is the effort of splitting the texts into tokens.
    """
    if cost > effort.left:
        return None
    effort.spend(cost)
    codes: dict[str, str] = {}
    a, b = (_encode(token.findall(text), codes) for text in (before, after))
    blocks = _same_blocks(a, b, effort)
    if blocks is None:
        return None
    tokens = {code: one for one, code in codes.items()}

    def text(run: str) -> str:
        return "".join(map(tokens.__getitem__, run))

    found, at = [], 0
    for change in _without_crumbs(_changes(blocks, len(a), len(b))):
        found.append([Difference("same", text(a[at : change.a_from]))])
        found.append(_replaced(text(a[change.a_from : change.a_to]), text(b[change.b_from : change.b_to])))
        at = change.a_to
    return [*found, [Difference("same", text(a[at:]))]]


def _encode(tokens: Iterable[str], codes: dict[str, str]) -> str:
    """Return one character for each token, and add the characters of new tokens to ``codes``."""
    characters = []
    for token in tokens:
        if token not in codes:
            code = FIRST_CODE + len(codes)
            codes[token] = chr(code if code < SURROGATES.start else code + len(SURROGATES))
        characters.append(codes[token])
    return "".join(characters)


def _same_blocks(a: str, b: str, effort: Effort) -> list[Block] | None:
    """Return the equal blocks of two texts along a shortest edit path, or None if the search takes too long.

    Myers' algorithm ("An O(ND) difference algorithm", 1986). A frontier holds, for each diagonal, the furthest position
    in ``a`` that a number of changes reaches. All frontiers are kept to trace the path back; the effort bounds their
    size as well.
    """
    frontiers = [array("i", [_same_from(a, b, 0, 0, effort)])]
    if frontiers[0][0] == len(a) == len(b):
        return _way_back(frontiers)
    while effort.spend(len(frontiers) + 1):
        changes = len(frontiers)
        before, frontier = frontiers[-1], array("i")
        frontiers.append(frontier)
        for place in range(changes + 1):
            # Inlined, because nearly all the time is spent here.
            if place == 0 or (place < changes and before[place - 1] < before[place]):
                x = before[place]  # a token of the second text was added
            else:
                x = before[place - 1] + 1  # one of the first was removed
            y = x - 2 * place + changes
            if x < 0 or x > len(a) or y > len(b):
                x = NOWHERE
            elif x < len(a) and y < len(b) and a[x] == b[y]:
                x += _same_from(a, b, x, y, effort)
            frontier.append(x)
            if x == len(a) and x - 2 * place + changes == len(b):
                return _way_back(frontiers)
    return None


def _same_from(a: str, b: str, x: int, y: int, effort: Effort) -> int:
    """Return how many tokens are equal from these positions on."""
    start, steps = x, 1
    while (chunk := a[x : x + CHUNK]) and len(chunk) == CHUNK and chunk == b[y : y + CHUNK]:
        x, y, steps = x + CHUNK, y + CHUNK, steps + 1
        if steps > effort.left:
            break
    effort.spend(steps)
    pairs = zip(chunk, b[y : y + CHUNK], strict=False)  # one text may end first
    return x - start + sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _way_back(frontiers: list[array]) -> list[Block]:
    """Return the blocks on the path to the last entry of the last frontier."""
    blocks: list[Block] = []
    place = len(frontiers[-1]) - 1
    for changes in range(len(frontiers) - 1, 0, -1):
        before, x = frontiers[changes - 1], frontiers[changes][place]
        was = place
        if place == 0 or (place < changes and before[place - 1] < before[place]):
            begun = before[place]
        else:
            begun, place = before[place - 1] + 1, place - 1
        if x > begun:
            blocks.append((begun, begun - 2 * was + changes, x - begun))
    return [(0, 0, frontiers[0][0]), *reversed(blocks)]


def _changes(blocks: list[Block], a_size: int, b_size: int) -> Iterator[_Change]:
    """Yield the changes between the blocks."""
    a_at = b_at = 0
    for x, y, size in [*blocks, (a_size, b_size, 0)]:
        if x > a_at or y > b_at:
            yield _Change(a_at, x, b_at, y)
        a_at, b_at = x + size, y + size


def _without_crumbs(changes: Iterable[_Change]) -> list[_Change]:
    """Join changes if the equal run between them is no longer than either: it would not help a reader."""
    found: list[_Change] = []
    for change in changes:
        one = change
        while found and one.a_from - found[-1].a_to <= min(found[-1].size, one.size):
            last = found.pop()
            one = _Change(last.a_from, one.a_to, last.b_from, one.b_to)
        found.append(one)
    return found


def _same_start(a: str, b: str) -> int:
    """Return the length of the common start, cut back to a token boundary if one is near."""
    size = _same_size(a, b, lambda text, start, end: text[start:end])
    for at in range(size, max(size - LONGEST_STEP_BACK, 0), -1):
        if _is_boundary(a, at) and _is_boundary(b, at):
            return at
    return 0 if size <= LONGEST_STEP_BACK else size


def _same_end(a: str, b: str, most: int) -> int:
    """Return the length of the common end, ``most`` at most, cut back to a token boundary if one is near."""
    size = min(_same_size(a, b, lambda text, start, end: text[len(text) - end : len(text) - start]), most)
    for less in range(size, max(size - LONGEST_STEP_BACK, 0), -1):
        if _is_boundary(a, len(a) - less) and _is_boundary(b, len(b) - less):
            return less
    return 0 if size <= LONGEST_STEP_BACK else size


def _same_size(a: str, b: str, part: Callable[[str, int, int], str]) -> int:
    """Return how many characters, counted from one end, are equal: a binary search, fast for long texts too."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if part(a, low, middle) == part(b, low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _is_boundary(text: str, at: int) -> bool:
    """Return whether a token ends before position ``at``."""
    if not 0 < at < len(text):
        return True
    one, other = text[at - 1], text[at]
    return not (_is_word(one) and _is_word(other)) and not (one.isspace() and other.isspace())


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _joined(differences: Iterable[Difference]) -> list[Difference]:
    """Drop empty differences, and join neighbours of the same kind."""
    found: list[Difference] = []
    for one in differences:
        if not one.text:
            continue
        if found and found[-1].kind == one.kind:
            found[-1] = Difference(one.kind, found[-1].text + one.text)
        else:
            found.append(one)
    return found
