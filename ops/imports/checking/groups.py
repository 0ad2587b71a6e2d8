"""Grouping problems by kind: how many there are of each, and the first of them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from django.utils.translation import gettext_lazy

from ops.files.problems import LEVELS, Problem

FIRST = 5  # problems of a group that are shown
MOST_GROUPS = 200  # further kinds share one group for each level
OTHERS = gettext_lazy("Other problems")

# What differs between messages of one kind: quoted values, and numbers.
VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”|\d[\d,.]*")
REMEDY = re.compile(r".*: ", re.DOTALL)


class Group:
    """Problems of one kind. ``columns`` counts them by column, ``first`` are the first that were reported."""

    def __init__(self, problem: Problem) -> None:
        self.level, self.cure, self.kind = problem.level, problem.cure, problem.kind
        self.count = 0
        self.columns: Counter[str] = Counter()
        self.first: list[Problem] = []
        self._begin = self._end = self._shortest = problem.message

    def add(self, problem: Problem) -> None:
        """Count one more problem of this kind."""
        self.count += 1
        self.columns[problem.column] += 1
        if len(self.first) < FIRST:
            self.first.append(problem)
        message = problem.message
        if not message.startswith(self._begin):
            self._begin = _until_blank(_common(message, self._begin))
        if not message.endswith(self._end):
            self._end = _from_break(_common(message[::-1], self._end[::-1])[::-1])
        self._shortest = min(self._shortest, message, key=len)

    @property
    def sentence(self) -> str:
        """The kind of the problems, or what all their messages begin and end with."""
        if self.kind or self._begin == self._shortest == self._end:
            return self.kind or self._begin
        room = len(self._shortest) - len(self._begin)
        end = self._end if len(self._end) <= room else ""
        return f"{self._begin.rstrip()} …{end}".strip()

    def as_json(self) -> dict[str, Any]:
        return {
            "level": self.level,
            "cure": self.cure,
            "sentence": self.sentence,
            "count": self.count,
            "columns": dict(self.columns),
            "problems": [{"row": one.row, "column": one.column, "message": one.message} for one in self.first],
        }


class Groups:
    """The problems of a file by kind, in constant memory."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, ...], Group] = {}

    def add(self, problem: Problem) -> None:
        """Count a problem in the group of its kind."""
        key = (problem.level, problem.cure, problem.kind or _likeness(problem.message))
        if key not in self._groups and len(self._groups) >= MOST_GROUPS:
            key = (problem.level, "", "")
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(problem)
            group.kind = group.kind if key[2] else str(OTHERS)
        group.add(problem)

    def worst_first(self) -> list[Group]:
        """Return the groups: errors, then warnings, then notices; within these, the most frequent first."""
        return sorted(self._groups.values(), key=lambda group: (LEVELS.index(group.level), -group.count))


def _likeness(message: str) -> str:
    """Return what messages of one kind share: the remedy after the last colon, without values."""
    return VALUES.sub("…", REMEDY.sub("", message))


def _common(one: str, other: str) -> str:
    """Return the common beginning of two texts."""
    pairs = enumerate(zip(one, other, strict=False))
    return one[: next((place for place, (this, that) in pairs if this != that), min(len(one), len(other)))]


def _until_blank(text: str) -> str:
    """Return the part of ``text`` up to its last blank."""
    return text[: text.rfind(" ") + 1]


def _from_break(text: str) -> str:
    """Return the part of ``text`` from its first blank or punctuation mark on."""
    found = re.search("[ :;,]", text)
    return text[found.start() :] if found else ""
