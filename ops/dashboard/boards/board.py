"""The dashboards: what each is called, who may open it, and what it shows, kept for a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings

from ops.console.rooms import Item, Place
from ops.dashboard import keeping
from ops.dashboard.boards.chooser import Chosen
from ops.dashboard.boards.content import Content
from ops.dashboard.periods import Period

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """What a dashboard is asked for: the period, whether imported history counts, and the time that it is now.

    Figures are read through it, once however many parts of the dashboard tell of them.
    """

    period: Period
    imported: bool
    now: datetime
    _found: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def read(self, figure: Callable[..., T], *periods: Period, **options: Any) -> T:
        """What a function of figures/ returns for these arguments."""
        key = (figure, periods, frozenset(options.items()))
        if key not in self._found:
            self._found[key] = figure(*periods, **options)
        found: T = self._found[key]
        return found

    def of(self, figure: Callable[..., T], **options: Any) -> T:
        """A figure of the period."""
        return self.read(figure, self.period, **options)

    def both(self, figure: Callable[..., T], **options: Any) -> tuple[T, T]:
        """A figure of the period, and of the period before."""
        return self.of(figure, **options), self.read(figure, self.period.before(), **options)


@dataclass(frozen=True)
class Board:
    """A dashboard. ``title`` stands in the menu and over the page. ``topics`` are what it is about (changes.py);
    ``compute`` says what it shows.

    ``knows_imports`` where imported history can be left out.
    """

    name: str
    title: StrOrPromise
    place: Place
    order: int
    permission: str
    topics: tuple[str, ...]
    compute: Callable[[Asked], Content]
    knows_imports: bool = False

    @property
    def address(self) -> str:
        """The name of its address."""
        return f"dashboard_{self.name}"

    @property
    def item(self) -> Item:
        return Item(self.place, self.order, name=self.title, permission=self.permission)

    def shown(self, chosen: Chosen) -> keeping.Kept | None:
        """Its Content for a period, as kept (keeping.py) for all who may open it and
        read the same language, or computed now."""
        imported = chosen.imported or not self.knows_imports

        def compute(now: datetime) -> Content:
            content = self.compute(Asked(chosen.period, imported, now))
            for chart in content.charts:
                _ = chart.drawings  # drawn once, and kept with the numbers
            return content

        return keeping.get(self._name(chosen.period, imported), self.topics, compute)

    def kept(self, chosen: Chosen) -> tuple[keeping.Kept | None, bool]:
        """The same as far as it is kept, and whether it is to be computed (anew) now."""
        return keeping.peek(self._name(chosen.period, chosen.imported or not self.knows_imports), self.topics)

    def _name(self, period: Period, imported: bool) -> str:
        days = f"{period.first}:{period.last}:{settings.TIME_ZONE}"
        return f"board:{self.name}:{days}:{'all' if imported else 'own'}"
