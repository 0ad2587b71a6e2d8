"""The problems of a checked file by kind, the worst first, each with its cures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from ops.files.problems import LEVELS
from ops.imports.columns import COLUMNS
from ops.imports.options import BY_NAME, options_of
from ops.imports.pages.cures import Button, Suggested, buttons_for

WHOLE_FILE = "file"  # in URLs, the column of problems that concern none


class Group(NamedTuple):
    """Problems of one kind (Group.as_json), with their cures: suggestions with their positions, and buttons.

    ``choose`` is the part of the page in which the cure is chosen; "" if a button chooses it, or there is none.
    """

    about: Mapping[str, Any]
    suggestions: Sequence[tuple[int, Suggested]]
    buttons: Sequence[Button]
    choose: str

    @property
    def more(self) -> int:
        """How many of the problems are not shown."""
        return int(self.about["count"]) - len(self.about["problems"])

    @property
    def curable(self) -> bool:
        """Whether something on the page would cure the problems."""
        return bool(self.suggestions or self.buttons or self.choose)

    @property
    def chosen_in_form(self) -> bool:
        """Whether the cure is a field of the form of options."""
        return self.choose.startswith("again-")

    @property
    def alone(self) -> bool:
        """Whether there is only one problem, and the sentence is its whole message."""
        first = self.about["problems"][0]["message"]
        return self.about["count"] == 1 and first == self.about["sentence"]


class Narrowing(NamedTuple):
    """A link that filters the problems; ``address`` is a query string."""

    words: str
    address: str
    current: bool


def groups_of(preview: Mapping[str, Any], asked: Mapping[str, Any]) -> list[Group]:
    """Return the groups that match ``asked``, the URL's parameters; each suggestion is in the first group it helps."""
    suggestions = list(enumerate(preview.get("suggestions", [])))
    shown = []
    placed: set[int] = set()
    for about in preview.get("groups", []):
        cure = about["cure"]
        helping = [(place, one) for place, one in suggestions if cure in options_of(one) and place not in placed]
        if not _is_asked_for(about, asked):
            continue
        placed |= {place for place, _ in helping}
        buttons = buttons_for(cure)
        has_field = cure in BY_NAME and not BY_NAME[cure].own_part
        choose = f"again-{cure}" if has_field and not buttons else "who-is-who" if cure == "people" else ""
        shown.append(Group(about, helping, buttons, choose))
    return shown


def without_problem(preview: Mapping[str, Any], groups: Iterable[Group]) -> list[tuple[int, Suggested]]:
    """Return the suggestions that are in none of these groups, with their positions."""
    placed = {place for group in groups for place, _ in group.suggestions}
    suggestions = enumerate(preview.get("suggestions", []))
    return [(place, one) for place, one in suggestions if place not in placed]


def narrowings(preview: Mapping[str, Any], asked: Mapping[str, Any]) -> list[list[Narrowing]]:
    """Return the links that filter the problems by level and column; none where there is nothing to choose between."""
    groups = preview.get("groups", [])
    levels: Counter[str] = Counter()
    columns: Counter[str] = Counter()
    for about in groups:
        levels[about["level"]] += about["count"]
        columns.update({column or WHOLE_FILE: number for column, number in about["columns"].items()})
    by_level: dict[str, str] = {level: _of_level(level, levels[level]) for level in LEVELS if levels[level]}
    known = [column for column in (*COLUMNS, WHOLE_FILE) if columns[column]]
    by_column = {column: _("whole file") if column == WHOLE_FILE else column for column in known}
    offered: list[tuple[str, dict[str, str]]] = [
        ("level", {"": _("All"), **by_level}),
        ("column", {"": _("All columns"), **by_column}),
    ]
    return [
        [
            Narrowing(words, _address({**asked, name: value}), asked.get(name, "") == value)
            for value, words in some.items()
        ]
        for name, some in offered
        if len(some) > 2
    ]


def asked_for(sent: Mapping[str, Any]) -> dict[str, str]:
    """Return the level and the column that a URL asks for, if they are known."""
    known = {"level": LEVELS, "column": (*COLUMNS, WHOLE_FILE)}
    return {name: str(sent[name]) for name, values in known.items() if sent.get(name) in values}


def _of_level(level: str, number: int) -> str:
    """Return the number of problems of one level in words: "3 warnings"."""
    if level == "error":
        text = ngettext("%(number)s problem", "%(number)s problems", number)
    elif level == "warning":
        text = ngettext("%(number)s warning", "%(number)s warnings", number)
    else:
        text = ngettext("%(number)s notice", "%(number)s notices", number)
    return numbered(text, number)


def _is_asked_for(about: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    column = asked.get("column", "")
    level = asked.get("level") or about["level"]
    columns = {name or WHOLE_FILE for name in about["columns"]}
    return level == about["level"] and (not column or column in columns)


def _address(asked: Mapping[str, Any]) -> str:
    return f"?{urlencode({name: value for name, value in asked.items() if value})}#problems-title"
