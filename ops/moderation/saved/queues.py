"""Views as queues: the views offered to a user, their cases, their numbers, and the next case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.languages.wording import grouped
from ops.console.addresses import whole_number
from ops.console.frame.counting import count
from ops.console.keyset import MAX_COUNTED
from ops.console.rooms import PendingWork
from ops.moderation import claims
from ops.moderation.claiming import taking
from ops.moderation.models import Case, Claim, State, View
from ops.moderation.refusals import ClaimRefused
from ops.moderation.saved import parameters

PARAMETER = "view"  # in URLs
MOST_VIEWS = 20  # for each person, and for the team
LOOKED_AT = MAX_COUNTED  # cases at the front of the queue, among which views are counted
GONE = gettext_lazy("This view is no longer there. Choose another one above the queue.")


class ViewRefused(ClaimRefused):
    """A view cannot be used with its saved filters; the text is a sentence that gives the reason."""


@dataclass(frozen=True)
class ShownView:
    """A view above the queue: its URL, its number of cases (``count``, and in words: "" if not counted), and whether it
    is open."""

    view: View
    address: str
    number: str
    count: int
    is_open: bool


def offered(request: HttpRequest) -> list[View]:
    """Return the views offered to the user, the team's first; cached on the request."""
    found: list[View] | None = getattr(request, "offered_views", None)
    if found is None:
        found = request.offered_views = list(View.objects.offered_to(request.user.pk)[: 2 * MOST_VIEWS])  # type: ignore[attr-defined]
    return found


def opened(request: HttpRequest) -> View | None:
    """Return the view named in the URL, None without one. Raises ViewRefused if it is not offered to the user."""
    if not request.GET.get(PARAMETER):
        return None
    number = whole_number(request.GET[PARAMETER])
    view = next((one for one in offered(request) if one.pk == number), None)
    if view is None:
        raise ViewRefused(str(GONE))
    return view


def kept(request: HttpRequest) -> str:
    """Return the query string that keeps the current view ("?view=3"), so that each browser tab stays in its own view;
    "" without one."""
    number = whole_number(request.GET.get(PARAMETER))
    return f"?{urlencode({PARAMETER: number})}" if number else ""


def query_of(view: View) -> str:
    """Return the query string of the queue in this view."""
    return urlencode({PARAMETER: view.pk, **({"o": view.order} if view.order else {})})


def address_of(view: View) -> str:
    """Return the URL of the queue in this view."""
    return f"{reverse('admin:moderation_case_changelist')}?{query_of(view)}"


def narrowed(cases: Any, view: View, user: Any, known: parameters.Known | None = None) -> Any:
    """Apply the filters of a view, except the state, to ``cases``. Raises ViewRefused for a stale filter."""
    filters = view.parsed
    fault = parameters.fault_of(filters, view.order, known)
    if fault:
        words = _("The view “%(name)s” cannot be used. %(fault)s Change or delete the view.")
        raise ViewRefused(words % {"name": view.name, "fault": fault})
    return _narrowed(cases, filters, user)


def cases_of(view: View, user: Any, known: parameters.Known | None = None) -> Any:
    """Return the cases in a view, as ``user`` sees them. Raises ViewRefused for a stale filter."""
    return narrowed(parameters.of_state(Case.objects.all(), view.parsed.get("state", "")), view, user, known)


def claim_next(user: Any, view: View | None) -> Claim | None:
    """Claim the best free case, in ``view`` if given; return None if there is none. Raises ClaimRefused."""
    return claims.claim_next(user, among=None if view is None else _parts(view, user))


def _parts(view: View, user: Any) -> list[Any]:
    """Return the cases in a view that ``user`` may be given, as ordered querysets. A view in the queue's own order and
    without a state is read in parts, like the queue; any other is one queryset of pending cases, with escalated ones
    only for users who may take cases over."""
    known = parameters.Known()
    order = next((one for one in parameters.ORDERS if one.name == view.order), parameters.ORDERS[0])
    if order == parameters.ORDERS[0] and "state" not in view.parsed:
        return [narrowed(some, view, user, known).order_by(*order.keyset) for some in taking.parts_to_decide(user)]
    cases = cases_of(view, user, known).pending()
    if not user.has_perm("moderation.take_over_case"):
        cases = cases.exclude(state=State.ESCALATED)
    sign = "-" if order.keyset[0].startswith("-") else ""
    return [cases.order_by(*(f"{sign}{name.lstrip('-')}" for name in order.keyset))]


def shown(request: HttpRequest, known: parameters.Known) -> list[ShownView]:
    """Return the views above the queue with their numbers, counted in one query of bounded cost. ``known`` looks up the
    labels and the reporters of filters, if there are any."""
    views = offered(request)
    numbers = _numbers(views, request.user, known)
    here = whole_number(request.GET.get(PARAMETER))
    return [ShownView(view, address_of(view), *numbers.get(view.pk, ("", 0)), view.pk == here) for view in views]


def _numbers(views: list[View], user: Any, known: parameters.Known) -> dict[int, tuple[str, int]]:
    """Return the number of cases in each view, in words and as a number, by primary key.

    Only the first LOOKED_AT cases of a state are searched; "+" marks that there may be more. Views of closed cases, and
    those with a stale filter, have no number.
    """
    states = {view.pk: view.parsed.get("state", "") for view in views}
    usable = [view for view in views if not parameters.fault_of(view.parsed, view.order, known)]
    counted = [view for view in usable if states[view.pk] != "closed"]
    fronts = {states[view.pk]: _front(states[view.pk]) for view in counted}
    rows = [_narrowed(fronts[states[view.pk]], view.parsed, user) for view in counted]
    asked = [PendingWork("", one, lambda n: "", "") for one in (*rows, *fronts.values())]
    numbers = [one.number for one in count(asked)]
    is_cut = {state: number >= LOOKED_AT for state, number in zip(fronts, numbers[len(rows) :], strict=True)}
    return {
        view.pk: (f"{grouped(number)}{'+' if is_cut[states[view.pk]] else ''}", number)
        for view, number in zip(counted, numbers, strict=False)
    }


def _front(state: str) -> Any:
    first = parameters.of_state(Case.objects.all(), state).most_urgent_first()
    return Case.objects.filter(pk__in=first.values("pk")[:LOOKED_AT])


def _narrowed(cases: Any, filters: dict[str, str], user: Any) -> Any:
    for name, value in filters.items():
        if name != "state" and name in parameters.PARAMETERS:
            cases = parameters.PARAMETERS[name].narrow(cases, value, user)
    return cases
