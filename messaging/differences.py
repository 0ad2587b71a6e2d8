"""What an edit changed, word by word."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Literal, NamedTuple

from diff_match_patch import diff_match_patch

# A word, a run of blanks, or a single other character: what a reader sees as one thing that was changed.
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
# Characters that stand for words while two texts are compared; the halves of surrogate pairs are left out.
FIRST_STAND_IN, SURROGATES = 0x100, range(0xD800, 0xE000)
MOST_WORDS = 100_000  # different words in both texts together; beyond, the whole text counts as replaced
SECONDS = 0.5

Kind = Literal["same", "added", "removed"]
KINDS: dict[int, Kind] = {-1: "removed", 0: "same", 1: "added"}


class Difference(NamedTuple):
    """A run of words that both texts have, or only the later (``added``), or only the earlier one (``removed``)."""

    kind: Kind
    text: str


def word_differences(before: str, after: str, *, seconds: float = SECONDS) -> list[Difference]:
    """What to remove from ``before`` and add to it to get ``after``, in order.

    After so many ``seconds`` the comparison becomes coarser instead of slower.
    The ``same`` and ``removed`` texts together are exactly ``before``, the ``same`` and ``added`` ones ``after``.
    """
    words: dict[str, str] = {}
    stand_ins = [_stand_in_for(text, words) for text in (before, after)]
    if len(words) > MOST_WORDS:
        replaced = Difference("removed", before), Difference("added", after)
        return [difference for difference in replaced if difference.text]
    comparison = diff_match_patch()
    comparison.Diff_Timeout = seconds
    found = comparison.diff_main(*stand_ins, False)
    comparison.diff_cleanupSemantic(found)
    texts = {stand_in: word for word, stand_in in words.items()}
    return [Difference(KINDS[kind], "".join(texts[one] for one in run)) for kind, run in found]


def _stand_in_for(text: str, words: dict[str, str]) -> str:
    """``text`` with one character for each word; ``words`` learns the new ones."""
    characters = []
    for word in TOKEN.findall(text):
        if word not in words:
            code = FIRST_STAND_IN + len(words)
            words[word] = chr(code if code < SURROGATES.start else code + len(SURROGATES))
        characters.append(words[word])
    return "".join(characters)


class Edit(NamedTuple):
    """One edit of a message: when, by whom (a user, or None where nobody is known), what it changed."""

    edited_at: datetime
    edited_by: Any
    differences: list[Difference]


def edits_of(message: Any) -> list[Edit]:
    """The edits of a message, the oldest first, from its (prefetched) histories and its text now."""
    histories = list(message.histories.all())
    texts = [*(history.old_content for history in histories), message.content]
    return [
        Edit(history.edited_at, history.edited_by, word_differences(before, after))
        for history, before, after in zip(histories, texts, texts[1:], strict=False)
    ]
