"""What a file is likely to mean, where the strict reading of it stops: inferred, shown, and taken only when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

MOST_SAMPLES = 3


class Sample(NamedTuple):
    """A value of a row as the file has it, and as it would be read. ``row`` counts as that of a problem."""

    row: int | None
    written: str
    read: str


@dataclass(frozen=True)
class Suggestion:
    """A choice that would cure problems of a file.

    ``option`` is the name of an option (a field of Reading, or of what the caller adds to it), ``value`` what it would
    be, as JSON. ``sentence`` says what was inferred, ``button`` what taking it does, in a few words. ``also`` has
    options that are taken with it. Suggestions with one ``option`` exclude each other; the likeliest comes first. One
    that is not ``certain`` is taken by itself only, and not together with others.
    """

    option: str
    value: Any
    sentence: str
    button: str
    samples: Sequence[Sample] = ()
    certain: bool = True
    also: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Everything of it, its first samples as dictionaries."""
        return {**asdict(self), "samples": [sample._asdict() for sample in self.samples[:MOST_SAMPLES]]}
