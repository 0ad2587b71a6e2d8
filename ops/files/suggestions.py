"""Suggestions for files that strict reading refuses: inferred, shown, and applied only when the user asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

MOST_SAMPLES = 3


class Sample(NamedTuple):
    """A value of a row as the file has it, and as it would be read. ``row`` is counted as in Problem."""

    row: int | None
    written: str
    read: str


@dataclass(frozen=True)
class Suggestion:
    """A choice that would cure problems of a file.

    ``option`` is the name of an option (a field of Reading, or one that the caller adds), ``value`` its new value, as
    JSON. ``sentence`` states what was inferred, ``button`` what applying it does, in a few words. ``also`` has options
    that are set with it. Suggestions for the same ``option`` exclude each other; the likeliest comes first. One that
    is not ``certain`` is applied only alone, never together with others.
    """

    option: str
    value: Any
    sentence: str
    button: str
    samples: Sequence[Sample] = ()
    certain: bool = True
    also: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return all fields, the first samples as dictionaries."""
        return {**asdict(self), "samples": [sample._asdict() for sample in self.samples[:MOST_SAMPLES]]}
