"""The period of a dashboard, as it stands in the address: a number of days up to today, or two dates."""

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
    """A period, and how it stands in an address; ``fault`` says in a sentence why what was asked for is none, and
    ``asked`` keeps that for the form.

    ``days`` is None where two dates were given. ``imported`` is False where imported history is left out.
    """

    period: Period
    days: int | None
    imported: bool = True
    fault: str = ""
    asked: tuple[str, str] | None = None

    @property
    def query(self) -> str:
        """The parameters that lead to the same again."""
        return self._with({"days": str(self.days)} if self.days else self.dates, self.imported)

    @property
    def dates(self) -> dict[str, str]:
        return {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}

    @property
    def typed(self) -> dict[str, str]:
        """The dates in the form: what was asked for, also where that is no period."""
        return dict(zip(("from", "to"), self.asked, strict=True)) if self.asked else self.dates

    @property
    def offers(self) -> list[tuple[int, str, bool]]:
        """The periods to choose from: days, address, and whether it is this one."""
        return [(days, f"?{self._with({'days': str(days)}, self.imported)}", days == self.days) for days in OFFERED]

    @property
    def other_imports(self) -> str:
        """The address of the same period with imported history, or without."""
        return f"?{self._with({'days': str(self.days)} if self.days else self.dates, not self.imported)}"

    def _with(self, period: dict[str, str], imported: bool) -> str:
        return urlencode(period if imported else {**period, "imported": WITHOUT_IMPORTS})


def choose(parameters: Mapping[str, str]) -> Chosen:
    """Return what the parameters of an address ask for; the usual period, with the fault, where that is none."""
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
