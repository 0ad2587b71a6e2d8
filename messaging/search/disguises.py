"""How people write a word to evade a filter: spaced out, with repeated letters, or with others that look alike.

A search for such a word asks the index for each of these spellings, so that it finds them in any volume and costs
nothing while messages are written. There are bounds: of a word with very many spellings, those with the fewest changes.
Accents, fullwidth letters and signs that nobody sees need nothing here: no word of the index has any.
"""

from __future__ import annotations

from itertools import combinations, product

from messaging.search.normalising import words

MOST_FORMS = 400  # in one word
MOST_SPACED = 20  # with look-alikes; each is compared with the texts that have all its letters as words
LONGEST_RUN = 8  # of one letter
LONGEST = 20  # letters; longer words are only looked for spaced out
# What people type for a letter, each as folding leaves it: digits, then letters of Greek and Cyrillic.
ALIKE = {
    "a": "4аα", "b": "8ьв", "c": "сϲ", "d": "ԁ", "e": "3еε", "g": "9ԍ", "h": "һн", "i": "1lіι", "j": "ј", "k": "кκ",
    "l": "1iӏ", "m": "мμ", "n": "пη", "o": "0оο", "p": "рρ", "q": "ԛ", "r": "г", "s": "5ѕ", "t": "7тτ", "u": "vυ",
    "v": "uѵν", "w": "ԝω", "x": "хχ", "y": "уγ", "z": "2",
}  # fmt: skip


def forms(text: str) -> list[str]:
    """Return the spellings of a word as words of the index, the plain one first; none where there is no letter."""
    word = words(text).replace(" ", "")
    if not word:
        return []
    found = {word: None}
    if len(word) <= LONGEST:
        for changed in _lookalikes(word):
            found[changed] = None
        for changed in _stretched(word):
            found[changed] = None
    if len(word) > 2:
        spaced = [word, *_lookalikes(word)[:MOST_SPACED]] if len(word) <= LONGEST else [word]
        found.update(dict.fromkeys(" ".join(form) for form in spaced))
    return list(dict.fromkeys(map(words, found)))


def _lookalikes(word: str) -> list[str]:
    """The word with letters replaced: one, then two, and so on, until there are many."""
    found: list[str] = []
    places = [place for place, letter in enumerate(word) if letter in ALIKE]
    for number in range(1, len(places) + 1):
        for chosen in combinations(places, number):
            for letters in product(*(ALIKE[word[place]] for place in chosen)):
                if len(found) >= MOST_FORMS // 2:
                    return found
                changed = list(word)
                for place, letter in zip(chosen, letters, strict=True):
                    changed[place] = letter
                found.append("".join(changed))
    return found


def _stretched(word: str) -> list[str]:
    """The word with a letter repeated, or with several doubled or tripled."""
    runs = [place for place in range(len(word)) if word[place] != word[place - 1 : place]]
    found = [
        word[:place] + word[place] * (length - 1) + word[place:]
        for length in range(2, LONGEST_RUN + 1)
        for place in runs
    ]
    for number in range(2, len(runs) + 1):
        for chosen in combinations(runs, number):
            for length in (2, 3):
                if len(found) >= MOST_FORMS // 2:
                    return found
                found.append("".join(letter * (length if place in chosen else 1) for place, letter in enumerate(word)))
    return found
