"""Disguised spellings of a word that evade filters: spaced out, with repeated letters, or with look-alike ones.

A search for such a word looks up each spelling in the index, so that it works for any number of messages and costs
nothing while they are written. The number of spellings is bounded; those with the fewest changes are preferred.
Accents, fullwidth letters and invisible characters need no spellings: normalising removes them from the index.
"""

from __future__ import annotations

from itertools import combinations, product

from messaging.search.normalising import words

MOST_FORMS = 400  # spellings of one word: up to half with look-alikes, and up to half stretched
MOST_SPACED = 20  # spaced spellings with look-alikes; each is compared with all texts that have its letters as words
LONGEST_RUN = 8  # repetitions of one letter
LONGEST = 20  # letters; a longer word is only looked up plain and spaced out
# What people type in place of a letter, as folding leaves it: digits and Latin, then Greek and Cyrillic letters.
ALIKE = {
    "a": "4аα", "b": "8ьв", "c": "сϲ", "d": "ԁ", "e": "3еε", "g": "9ԍ", "h": "һн", "i": "1lіι", "j": "ј", "k": "кκ",
    "l": "1iӏ", "m": "мμ", "n": "пη", "o": "0оο", "p": "рρ", "q": "ԛ", "r": "г", "s": "5ѕ", "t": "7тτ", "u": "vυ",
    "v": "uѵν", "w": "ԝω", "x": "хχ", "y": "уγ", "z": "2",
}  # fmt: skip


def forms(text: str) -> list[str]:
    """Return the spellings of a word as words of the index, the plain one first; [] for a text without words."""
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
    """Return the word with one letter replaced, then with two, and so on, up to half of MOST_FORMS."""
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
    """Return the word with one letter repeated, or with several doubled or tripled."""
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
