"""The head of a person's page, and the base class of its tabs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from ops.accounts.actions import ConsolePage
from ops.accounts.models import User
from ops.accounts.person.tabs import MESSAGES
from ops.accounts.person.weeks import Weeks, weeks_of
from ops.audit.readings import Shown, record_reading
from ops.audit.reasons import gate
from ops.console.addresses import whole_number
from ops.console.lists.unopened import withhold
from ops.console.person import tabs
from ops.console.person.about import About, about
from ops.console.person.seen import seen_by


@dataclass(frozen=True)
class PersonPage:
    """The head of the page and its tabs. ``messages`` is the address of the tab with messages, or "" for users who may
    not open it."""

    person: Any
    about: About
    tabs: list[tabs.ShownTab]
    weeks: Weeks
    messages: str


def page_of(request: HttpRequest, person: Any, *, here: str) -> PersonPage:
    """Return the page of ``person`` (with_activity) as ``request.user`` sees it, with the tab ``here`` open."""
    sees_messages = request.user.has_perm(MESSAGES.permission)
    return PersonPage(
        person=person,
        about=about(request, person),
        tabs=tabs.shown(person.pk, user=request.user, here=here),
        weeks=weeks_of(person, now=timezone.now()),
        messages=reverse(MESSAGES.view_name, args=[person.pk]) if sees_messages else "",
    )


def load(*keys: int, by: Any) -> list[User]:
    """Return the people with these primary keys, in this order, with their activity.

    Raises Http404 for a key that does not exist, and likewise for people of whom ``by`` may see nothing.
    """
    if any(whole_number(str(key)) is None for key in keys):  # more digits than a key has
        raise Http404
    found: dict[int, User] = seen_by(by, User.objects.with_activity()).in_bulk(keys)
    if len(found) != len(keys):
        raise Http404
    return [found[key] for key in keys]


def record_or_withhold(request: HttpRequest, *people: Any, shown: Shown, rows: Iterable[Any]) -> dict[str, Any]:
    """Record that the user opened a page of these people. If that needs a reason, which opens the first person's page,
    remove the texts from ``rows`` and return what the template needs to ask for it."""
    try:
        for person in people:
            record_reading(person, actor=request.user, shown=shown, scope=people[0])
    except gate.ReasonNeeded as needed:
        withhold(rows)
        for person in people:
            record_reading(person, actor=request.user)
        return {"reason_address": gate.address_to_ask(request, needed.scope)}
    return {}


class PersonTab(ConsolePage):
    """A tab of a person's page. Its content is recorded, as a reading of that person, before it is shown."""

    http_method_names = ["get", "head", "options"]
    tab: tabs.Tab
    template_name = ""

    def content(self, person: Any) -> dict[str, Any]:
        """Return the context of the template."""
        raise NotImplementedError

    def shown(self, content: dict[str, Any]) -> Shown:
        """Return the messages whose texts ``content`` holds."""
        return Shown()

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        (person,) = load(pk, by=request.user)
        content = self.content(person)
        content |= record_or_withhold(request, person, shown=self.shown(content), rows=content.get("rows", ()))
        context = self.get_context_data(
            title=person.get_username(), page=page_of(request, person, here=self.tab.name), **content
        )
        return TemplateResponse(request, self.template_name, context)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Respond 404 instead of 405 for a person who does not exist, or of whom the user may see nothing."""
        load(kwargs["pk"], by=request.user)
        return super().http_method_not_allowed(request, *args, **kwargs)
