"""The class of a dashboard: its name, the permission that opens it, and its content, cached for a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings

from ops.console.rooms import Item, Place
from ops.dashboard import board_cache
from ops.dashboard.boards.chooser import Chosen
from ops.dashboard.boards.content import Content
from ops.dashboard.periods import Period

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

T = TypeVar("T")


@dataclass(frozen=True)
class BoardRequest:
    """A request for a dashboard: the period, whether imported history counts, and the current time.

    Figures are read through it, each only once however many parts of the dashboard show it.
    """

    period: Period
    imported: bool
    now: datetime
    _found: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def read(self, figure: Callable[..., T], *periods: Period, **options: Any) -> T:
        """Return what a function of figures/ returns for these arguments, memoised."""
        key = (figure, periods, frozenset(options.items()))
        if key not in self._found:
            self._found[key] = figure(*periods, **options)
        found: T = self._found[key]
        return found

    def of(self, figure: Callable[..., T], **options: Any) -> T:
        """Return a figure for the period."""
        return self.read(figure, self.period, **options)

    def both(self, figure: Callable[..., T], **options: Any) -> tuple[T, T]:
        """Return a figure for the period, and for the period before."""
        return self.of(figure, **options), self.read(figure, self.period.before(), **options)


@dataclass(frozen=True)
class Board:
    """A dashboard. ``title`` appears in the menu and as the heading of the page. A change in one of its ``topics``
    (changes.py) makes it stale; ``compute`` returns its content.

    ``can_exclude_imports`` if imported history can be left out.
    """

    name: str
    title: StrOrPromise
    place: Place
    order: int
    permission: str
    topics: tuple[str, ...]
    compute: Callable[[BoardRequest], Content]
    can_exclude_imports: bool = False

    @property
    def address(self) -> str:
        """The name of its URL."""
        return f"dashboard_{self.name}"

    @property
    def item(self) -> Item:
        return Item(self.place, self.order, name=self.title, permission=self.permission)

    def shown(self, chosen: Chosen) -> board_cache.Cached | None:
        """Return its Content for a period, computed now or cached (board_cache.py) for all who may open it and read the
        same language."""
        imported = chosen.imported or not self.can_exclude_imports

        def compute(now: datetime) -> Content:
            content = self.compute(BoardRequest(chosen.period, imported, now))
            for chart in content.charts:
                _ = chart.drawings  # drawn once, and cached with the numbers
            return content

        return board_cache.get(self._name(chosen.period, imported), self.topics, compute)

    def kept(self, chosen: Chosen) -> tuple[board_cache.Cached | None, bool]:
        """Return its cached Content, if any, and whether it is due to be computed."""
        return board_cache.peek(self._name(chosen.period, chosen.imported or not self.can_exclude_imports), self.topics)

    def _name(self, period: Period, imported: bool) -> str:
        days = f"{period.first}:{period.last}:{settings.TIME_ZONE}"
        return f"board:{self.name}:{days}:{'all' if imported else 'own'}"
