"""The period of a dashboard in a query string: a number of days up to today, or two dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from ops.dashboard.periods import NoPeriod, Period

OFFERED = (7, 30, 90)
USUAL = 30
WITHOUT_IMPORTS = "without"  # imported history


@dataclass(frozen=True)
class Chosen:
    """A period, and how a query string expresses it. If the requested dates are not a valid period, ``fault`` is a
    sentence that explains why, and ``asked`` holds the dates for the form.

    ``days`` is None if two dates were given. ``imported`` is False if imported history is left out.
    """

    period: Period
    days: int | None
    imported: bool = True
    fault: str = ""
    asked: tuple[str, str] | None = None

    @property
    def query(self) -> str:
        """The query string of this choice."""
        return self._with({"days": str(self.days)} if self.days else self.dates, self.imported)

    @property
    def dates(self) -> dict[str, str]:
        return {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}

    @property
    def typed(self) -> dict[str, str]:
        """The dates in the form: those requested, even if they are not a valid period."""
        return dict(zip(("from", "to"), self.asked, strict=True)) if self.asked else self.dates

    @property
    def offers(self) -> list[tuple[int, str, bool]]:
        """The periods on offer: number of days, address, and whether it is the current one."""
        return [(days, f"?{self._with({'days': str(days)}, self.imported)}", days == self.days) for days in OFFERED]

    @property
    def other_imports(self) -> str:
        """The address of the same period with imported history switched on or off."""
        return f"?{self._with({'days': str(self.days)} if self.days else self.dates, not self.imported)}"

    def _with(self, period: dict[str, str], imported: bool) -> str:
        return urlencode(period if imported else {**period, "imported": WITHOUT_IMPORTS})


def choose(parameters: Mapping[str, str]) -> Chosen:
    """Return the choice that query parameters ask for; the usual period, with the fault, if their dates are invalid."""
    imported = parameters.get("imported") != WITHOUT_IMPORTS
    first, last = parameters.get("from", ""), parameters.get("to", "")
    fault = ""
    if first or last:
        try:
            return Chosen(Period.written(first, last), None, imported)
        except NoPeriod as error:
            fault = str(error)
    asked = parameters.get("days", "")
    days = int(asked) if asked in map(str, OFFERED) else USUAL
    return Chosen(Period.of_days(days), days, imported, fault, asked=(first, last) if fault else None)
