"""The filters and orders of the queue, shared by the list, saved views and the choice of the next case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from ops.console.addresses import whole_number
from ops.console.keyset import Order
from ops.moderation.models.cases import State
from ops.moderation.models.flags import Flag
from ops.moderation.models.labels import Label, Severity

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ORDERS = (
    Order("queue", gettext_lazy("Most urgent first"), ("rank_at", "id")),
    Order("newest", gettext_lazy("Newest first"), ("-first_flag_at", "id")),
)


def reporters() -> Any:
    """Return the people who reported something. The queue gives the names of nobody else."""
    return get_user_model()._default_manager.filter(Exists(Flag.objects.filter(reporter=OuterRef("pk"))))


class Known:
    """A cache of the words for filter values that depend on stored rows; each is looked up once."""

    def __init__(self) -> None:
        self._names: dict[int, str | None] = {}

    @cached_property
    def labels(self) -> dict[str, str]:
        """The names of active labels by slug."""
        return dict(Label.objects.active().values_list("slug", "name"))

    def name_of(self, user_id: str) -> str | None:
        """Return the username of the reporter with this primary key; None if there is none."""
        number = whole_number(user_id)
        if number is None:
            return None
        if number not in self._names:
            person = reporters().filter(pk=number).first()
            self._names[number] = person.get_username() if person is not None else None
        return self._names[number]


@dataclass(frozen=True)
class Parameter:
    """A filter of the queue: its name in URLs, its title, and its effect.

    ``words(value, known)`` returns a value in words, None if it is not offered. ``narrow(cases, value, user)`` returns
    the filtered cases, as ``user`` sees them.
    """

    name: str
    title: StrOrPromise
    words: Callable[[str, Known], str | None]
    narrow: Callable[[Any, str, Any], Any]


STATES = {
    "waiting": pgettext_lazy("state of a case", "Waiting"),
    "escalated": pgettext_lazy("state of a case", "Escalated"),
    "pending": pgettext_lazy("filter of the queue", "All pending"),
    "closed": pgettext_lazy("state of a case", "Closed"),
    "all": pgettext_lazy("filter of the queue", "All cases"),
}
DUE = {"yes": pgettext_lazy("filter of the queue", "Overdue"), "no": pgettext_lazy("filter of the queue", "In time")}
HOLDERS = {
    "me": pgettext_lazy("filter of the queue", "Me"),
    "nobody": pgettext_lazy("filter of the queue", "Nobody"),
    "anybody": pgettext_lazy("filter of the queue", "Somebody"),
}
SEVERITIES = {severity.value: severity.label for severity in Severity}
EDITED = {"yes": gettext_lazy("Edited since the report"), "no": gettext_lazy("As reported")}


def of_state(cases: Any, value: str, user: Any = None) -> Any:
    """Filter cases by state; without a value, return the cases that can be decided now."""
    if value == "waiting":
        return cases.still_waiting()
    if value == "pending":
        return cases.pending()
    if value == "all":
        return cases.all()
    return cases.filter(state=value) if value in (State.ESCALATED, State.CLOSED) else cases.to_decide()


def _of_label(cases: Any, value: str, user: Any) -> Any:
    return cases.filter(Exists(Flag.objects.filter(case=OuterRef("pk"), label__slug=value)))


def _of_severity(cases: Any, value: str, user: Any) -> Any:
    return cases.filter(severity=value)


def _by_due(cases: Any, value: str, user: Any) -> Any:
    return cases.overdue() if value == "yes" else cases.in_time()


def _by_holder(cases: Any, value: str, user: Any) -> Any:
    if value == "me":
        return cases.held_by(user.pk)
    return cases.free_of_claims() if value == "nobody" else cases.claimed()


def _by_reporter(cases: Any, value: str, user: Any) -> Any:
    return cases.filter(Exists(Flag.objects.filter(case=OuterRef("pk"), reporter=int(value))))


def _by_edits(cases: Any, value: str, user: Any) -> Any:
    changed = Flag.objects.waiting().filter(case=OuterRef("pk"), message__revision__gt=F("revision"))
    return cases.filter(Exists(changed)) if value == "yes" else cases.exclude(Exists(changed))


def _one_of(choices: Mapping[str, StrOrPromise]) -> Callable[[str, Known], str | None]:
    return lambda value, known: str(choices[value]) if value in choices else None


PARAMETERS = {
    one.name: one
    for one in (
        Parameter("state", pgettext_lazy("filter of the queue", "state"), _one_of(STATES), of_state),
        Parameter("overdue", pgettext_lazy("filter of the queue", "due"), _one_of(DUE), _by_due),
        Parameter("holder", pgettext_lazy("filter of the queue", "holder"), _one_of(HOLDERS), _by_holder),
        Parameter(
            "label",
            pgettext_lazy("filter of the queue", "label"),
            lambda value, known: known.labels.get(value),
            _of_label,
        ),
        Parameter("severity", pgettext_lazy("filter of the queue", "severity"), _one_of(SEVERITIES), _of_severity),
        Parameter("edited", pgettext_lazy("filter of the queue", "text"), _one_of(EDITED), _by_edits),
        Parameter(
            "reporter",
            pgettext_lazy("filter of the queue", "reporter"),
            lambda value, known: known.name_of(value),
            _by_reporter,
        ),
    )
}


def parse(text: str) -> dict[str, str]:
    """Return stored filters ("label=threat&overdue=yes") as a dictionary by name."""
    return {name: value for name, value in parse_qsl(text) if value}


def written(filters: dict[str, str]) -> str:
    """Return filters as they are stored, sorted by name, so that the same filters are always the same text."""
    return urlencode(sorted((name, value) for name, value in filters.items() if value))


def fault_of(filters: dict[str, str], order: str, known: Known | None = None) -> str:
    """Return what is wrong with saved filters and an order, as a sentence; "" if the queue offers them all."""
    known = known or Known()
    for name, value in filters.items():
        if name not in PARAMETERS:
            words = _("Views have no filter “%(name)s”. They have %(names)s.")
            return words % {"name": name, "names": ", ".join(sorted(PARAMETERS))}
        if PARAMETERS[name].words(value, known) is None:
            words = _("The filter “%(name)s” does not offer “%(value)s”.")
            return words % {"name": PARAMETERS[name].title, "value": value}
    if order and order not in {one.name for one in ORDERS}:
        words = _("The queue has no order “%(name)s”. It has %(names)s.")
        return words % {"name": order, "names": ", ".join(one.name for one in ORDERS)}
    return ""


def in_words(filters: dict[str, str], order: str, known: Known | None = None) -> list[str]:
    """Return filters and order in words ("Label: Threat"). Values that are no longer offered appear as stored."""
    known = known or Known()
    words = []
    for name, one in PARAMETERS.items():
        if name in filters:
            value = one.words(filters[name], known) or filters[name]
            words.append(_("%(name)s: %(value)s") % {"name": capfirst(str(one.title)), "value": value})
    chosen = next((one.title for one in ORDERS if one.name == order), "")
    return [*words, str(chosen)] if chosen else words
