"""How the values of a file are read, and a collector of unusual ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from django.utils.translation import get_language, gettext_lazy

from ops.files.problems import Problem
from ops.files.suggestions import Suggestion
from ops.files.times.inference import UnreadTimes
from ops.files.timestamps import Moment, moments_in
from ops.imports.checking.findings import Findings
from ops.imports.checking.values.ids import Ids
from ops.imports.checking.values.words import UnreadFlags, flags

WITHOUT_IDS = gettext_lazy(
    "The ids of this file are left out, as was chosen: its messages have none, each answer begins a conversation, and "
    "messages are recognised by their people, time and text only."
)


@dataclass(frozen=True)
class RowContext:
    """How the values of this file's rows are read.

    ``now`` decides which times are in the future, ``time_zone`` applies to times that name no zone. ``guarded``: we
    wrote the file, and values have the guard of our CSV files, which does not count as one of their characters.
    ``empty_read`` is the meaning of an empty ``read``. ``self_parents_begin``: a row that names itself as its parent
    has none. The other fields are those of Reading.
    """

    now: datetime
    time_zone: str = "UTC"
    guarded: bool = False
    empty_read: bool = False
    self_parents_begin: bool = False
    dates: str = ""
    repeated_times: str = "first"
    yes: Sequence[str] = ()
    no: Sequence[str] = ()
    nothing: Sequence[str] = ()
    ids: str = ""

    @cached_property
    def latest(self) -> str:
        """``now`` in UTC, as the database writes it, like the times of rows; later times are in the future."""
        return str(self.now.astimezone(UTC).replace(tzinfo=None))

    @cached_property
    def moments(self) -> Callable[[str], Moment]:
        """A function that reads the times of the file."""
        return moments_in(self.time_zone, self.dates, self.repeated_times)

    @cached_property
    def language(self) -> str | None:
        """The language of messages about faults, cached because looking it up takes longer than checking a value."""
        return get_language()

    @cached_property
    def edited_flags(self) -> dict[str, bool]:
        """The meanings of words in the columns ``edited``, ``hidden`` and ``redacted``."""
        return flags(self.yes, self.no)

    @cached_property
    def read_flags(self) -> dict[str, bool]:
        """The meanings of words in the column ``read``."""
        return flags(self.yes, self.no, empty=self.empty_read)


class Unusual:
    """The unusual values of a file, collected while its rows are read, in constant memory."""

    def __init__(self, context: RowContext) -> None:
        self.times = UnreadTimes(context.time_zone, context.repeated_times)
        self.flags = UnreadFlags(context.yes, context.no)
        self.ids = Ids(context.nothing, context.ids)

    def report(self, findings: Findings) -> None:
        """Report choices for the whole file that change what its rows mean."""
        if self.ids.left_out:
            findings.report(Problem(None, "", "warning", str(WITHOUT_IDS)))

    def suggestions(self) -> list[Suggestion]:
        """Return suggestions that would cure problems of these values."""
        return [*self.ids.suggestions(), *self.times.suggestions(), *self.flags.suggestions()]
