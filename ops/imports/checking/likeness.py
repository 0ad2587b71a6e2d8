"""How two names differ, and which account a name without one is likely to mean."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.writing import in_batches
from ops.accounts.models import User
from ops.accounts.names.look_alikes import digests
from ops.accounts.usernames import username_problem
from ops.files.problems import label

MOST_LIKE = 3  # accounts that are suggested for one name

# How two names differ, in a sentence about both, and in one about the name in the file.
THEY_DIFFER = {
    "composition": gettext_lazy("They differ only in how their accents are composed."),
    "look": gettext_lazy("They differ only in characters that look alike."),
    "capitals": gettext_lazy("They differ only in capital letters."),
    "blanks": gettext_lazy("They differ only in blanks."),
    "capitals and blanks": gettext_lazy("They differ only in capital letters and blanks."),
}
IT_DIFFERS = {
    "composition": gettext_lazy("%(name)s in the file differs only in how their accents are composed."),
    "look": gettext_lazy("%(name)s in the file differs only in characters that look alike."),
    "capitals": gettext_lazy("%(name)s in the file differs only in capital letters."),
    "blanks": gettext_lazy("%(name)s in the file differs only in blanks."),
    "capitals and blanks": gettext_lazy("%(name)s in the file differs only in capital letters and blanks."),
}


class Difference(StrEnum):
    """What distinguishes two names that read alike."""

    COMPOSITION = "composition"  # an accent is a character of its own in one of them
    SPELLING = "spelling"  # capitals or blanks, or accents as well
    LOOK = "look"  # characters that look like each other


class Likeness(NamedTuple):
    """The accounts that a name reads like, which all differ from it in the same way (``difference``)."""

    usernames: tuple[str, ...]
    difference: Difference

    @property
    def certain(self) -> bool:
        """Whether there is exactly one account, and it does not merely look like the name."""
        return self.difference is not Difference.LOOK and len(self.usernames) == 1


def spelling(name: str) -> str:
    """Return a name in lower case, with single blanks and composed accents: equal for names of one spelling."""
    text = name if name.isascii() else unicodedata.normalize("NFC", name)
    return " ".join(text.lower().split())


def difference(name: str, other: str) -> Difference:
    """Return how two names that read alike differ."""
    if unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other):
        return Difference.COMPOSITION
    return Difference.SPELLING if spelling(name) == spelling(other) else Difference.LOOK


def they_differ(name: str, other: str) -> str:
    """Return a sentence on how two names differ."""
    return str(THEY_DIFFER[_in_what(name, other)])


def it_differs(name: str, other: str) -> str:
    """Return a sentence on how a name in the file differs from another one."""
    return str(IT_DIFFERS[_in_what(name, other)]) % {"name": label(name, quoted=True)}


def like_accounts(names: Iterable[str]) -> dict[str, Likeness]:
    """Return those of ``names`` that read like accounts, each with its likeness."""
    by_digest = defaultdict(list)
    for name in names:
        for one in set(digests(name)):
            by_digest[one].append(name)
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for batch in in_batches(list(by_digest)):
        known = User.objects.reading_like(batch).order_by("username")
        for username, *skeletons in known.values_list("username", "skeleton", "skeleton_as_written"):
            for name in (name for one in skeletons for name in by_digest.get(one, ())):
                found[name][username] = None
    return {name: _likeness(name, list(usernames)) for name, usernames in found.items()}


def likely_name(names: Iterable[str]) -> str:
    """Return the one of these names (of one spelling, without an account) that suits an account best."""
    return min(
        names, key=lambda name: (bool(username_problem(name)), name != unicodedata.normalize("NFC", name), *_case(name))
    )


def no_account(name: str, like: Likeness | None) -> str:
    """Return why rows that name ``name`` are refused, as a sentence."""
    quoted = label(name, quoted=True)
    if like is None:
        return _("no user %(name)s: correct the name, or choose to create missing users.") % {"name": quoted}
    other = label(like.usernames[0], quoted=True)
    if like.difference is Difference.COMPOSITION:
        return _(
            "%(name)s has an account, which composes its accents of other characters: did you mean %(other)s? "
            "Say that it is the same person, or correct the name."
        ) % {"name": quoted, "other": other}
    return _(
        "no user %(name)s: did you mean %(other)s? %(they_differ)s "
        "Say who it is, correct the name, or choose to create missing users."
    ) % {"name": quoted, "other": other, "they_differ": they_differ(name, like.usernames[0])}


def _in_what(name: str, other: str) -> str:
    """Return how two names differ, as a key of THEY_DIFFER."""
    kind = difference(name, other)
    if kind is not Difference.SPELLING:
        return str(kind)
    one, another = (unicodedata.normalize("NFC", text) for text in (name, other))
    parts = ["capitals"] if one.split() != another.split() else []
    parts += ["blanks"] if one.lower() != another.lower() else []
    return " and ".join(parts)


def _likeness(name: str, usernames: list[str]) -> Likeness:
    """Return the likeness to these accounts, given in any order; only those that differ least from the name count."""
    ranks = list(Difference)
    by_rank: dict[Difference, list[str]] = defaultdict(list)
    for username in usernames:
        by_rank[difference(name, username)].append(username)
    best = min(by_rank, key=ranks.index)
    return Likeness(tuple(by_rank[best][:MOST_LIKE]), best)


def _case(name: str) -> tuple[bool, str]:
    """Return a sort key that puts “Peter” before “peter” and “PETER”."""
    return name.isupper(), name
