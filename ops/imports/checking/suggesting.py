"""What to ask about names in a file that have no account, and what to suggest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from ops.files.problems import label
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion
from ops.imports.checking.likeness import Likeness, it_differs

MOST_ASKED = 50  # names that the page asks about one by one
MOST_WITHOUT_LIKENESS = 10  # of them, names that read like nobody's
MOST_TAKEN = 10_000  # names that one suggestion decides
MOST_SINGLE = 5  # look-alikes that are suggested one by one


class AskedPeople:
    """The names of a file that need a decision.

    ``like`` maps names to the accounts that they read like, ``chosen`` to those that they stood for in the uploader's
    earlier files. With ``create_users``, names without a decision get accounts.
    """

    def __init__(self, like: Mapping[str, Likeness], *, chosen: Mapping[str, str], create_users: bool) -> None:
        self.like, self.chosen, self.create_users = like, chosen, create_users
        self._asked: list[dict[str, Any]] = []
        self._others: list[dict[str, Any]] = []
        self._rows: dict[str, int] = {}  # of names in ``like`` or ``chosen``

    def add(self, name: str, row: int, times: int) -> None:
        """Add a name with its first row and the number of its occurrences; in the order of the rows."""
        known = name in self.like or name in self.chosen
        names, most = (self._asked, MOST_ASKED) if known else (self._others, MOST_WITHOUT_LIKENESS)
        if known:
            self._rows[name] = row
        if len(names) < most:
            like = list(self.like[name].usernames) if name in self.like else []
            last = self.chosen.get(name, "")
            names.append({"name": name, "row": row, "times": times, "like": like, "last": last})

    def as_json(self) -> list[dict[str, Any]]:
        """Return the names that the page asks about; those in ``like`` or ``chosen`` come first."""
        return [*self._asked, *self._others][:MOST_ASKED]

    def suggestions(self, of_one_spelling: Mapping[str, str]) -> Iterable[Suggestion]:
        """Yield suggestions of who they are; ``of_one_spelling`` maps names to others in the file for that person."""
        like = {name: like for name, like in self.like.items() if name not in self.chosen}
        certain = {name: one.usernames[0] for name, one in like.items() if one.certain}
        if self.chosen:
            yield self._of_earlier_files()
        if certain:
            yield self._but_for_spelling(certain)
        if of_one_spelling:
            yield self._within_file(of_one_spelling)
        single = ((name, one) for name, one in like.items() if not one.certain)
        for name, one in islice(single, MOST_SINGLE):
            for username in one.usernames:
                yield self._one(name, username)

    def _of_earlier_files(self) -> Suggestion:
        number = len(self.chosen)
        words = ngettext(
            "You said who is meant by a name of this file when you brought an earlier one.",
            "You said who is meant by %(number)s names of this file when you brought an earlier one.",
            number,
        )
        return self._suggestion(self.chosen, numbered(words, number), _("Take the same as last time"))

    def _but_for_spelling(self, people: Mapping[str, str]) -> Suggestion:
        if len(people) == 1:
            ((name, username),) = people.items()
            return self._suggestion(people, _did_you_mean(name, username), _("It is the same person"))
        words = ngettext(
            "%(number)s name differs from that of an account only in capital letters, blanks, or how accents are "
            "composed. Did you mean this one?",
            "%(number)s names differ from those of accounts only in capital letters, blanks, or how accents are "
            "composed. Did you mean these?",
            len(people),
        )
        return self._suggestion(people, numbered(words, len(people)), _("They are the same people"))

    def _within_file(self, people: Mapping[str, str]) -> Suggestion:
        words = ngettext(
            "A name without an account differs from another name of the file only in capital letters, blanks, or how "
            "accents are composed.",
            "%(number)s names without an account differ from another name of the file only in capital letters, blanks, "
            "or how accents are composed.",
            len(people),
        )
        words = numbered(words, len(people))
        return self._suggestion(people, words, _("They are the same people"), certain=not self.create_users)

    def _one(self, name: str, username: str) -> Suggestion:
        asked, button = _did_you_mean(name, username), _("It is %(name)s") % {"name": label(username)}
        return self._suggestion({name: username}, asked, button, certain=False)

    def _suggestion(self, people: Mapping[str, str], sentence: str, button: str, *, certain: bool = True) -> Suggestion:
        taken = dict(islice(people.items(), MOST_TAKEN))
        first = sorted(taken, key=lambda name: self._rows.get(name, 0))[:MOST_SAMPLES]
        samples = [Sample(self._rows.get(name), name, taken[name]) for name in first]
        return Suggestion("people", taken, sentence, button, samples, certain)


def _did_you_mean(name: str, username: str) -> str:
    other = label(username, quoted=True)
    return _("Did you mean %(other)s? %(it_differs)s") % {"other": other, "it_differs": it_differs(name, username)}
