"""The cures of a file's problems: suggestions and options, each taken by one click that checks the file again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.files.sources import Reading
from ops.imports.options import BY_NAME, Choices, take, with_values

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Suggested = Mapping[str, Any]  # Suggestion.as_json()


class Button(NamedTuple):
    """A button: what it sends, and its words."""

    name: str
    value: str
    words: StrOrPromise


def buttons_for(cure: str) -> list[Button]:
    """Return the buttons for those values of the option ``cure`` that would cure a problem."""
    option = BY_NAME.get(cure)
    cures = option.cures if option is not None else ()
    return [Button("cure", f"{cure}:{place}", words) for place, (_, words) in enumerate(cures)]


def certain(suggestions: Sequence[Suggested]) -> list[Suggested]:
    """Return the suggestions that can be taken together: certain ones, for an option only if it has no other."""
    of_option: dict[str, list[Suggested]] = defaultdict(list)
    for one in suggestions:
        of_option[one["option"]].append(one)
    found: list[Suggested] = []
    for option, several in of_option.items():
        sure = [one for one in several if one.get("certain", True)]
        found += sure if option == "people" or len(several) == 1 else []
    return found


def options_after_click(
    sent: Mapping[str, Any], suggestions: Sequence[Suggested], reading: Reading, choices: Choices
) -> tuple[Reading, Choices] | None:
    """Return the options after a click on a button of the page; None if there is no such button."""
    if "all" in sent:
        taken: Sequence[Suggested] = certain(suggestions)
    elif "cure" in sent:
        return _cured(str(sent["cure"]), reading, choices)
    else:
        place = sent.get("suggestion", "")
        taken = [suggestions[int(place)]] if place in map(str, range(len(suggestions))) else []
    if not taken:
        return None
    # Likelier suggestions come first, so they are taken last.
    for one in reversed(taken):
        reading, choices = take(one, reading, choices)
    return reading, choices


def _cured(said: str, reading: Reading, choices: Choices) -> tuple[Reading, Choices] | None:
    for name, option in BY_NAME.items():
        for place, (value, _) in enumerate(option.cures):
            if said == f"{name}:{place}":
                return with_values({name: value}, reading, choices)
    return None
