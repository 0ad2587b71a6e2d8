"""Requests to addresses of the console: each row of the table (ops/tests/roles.py) as an address, requested by anybody
in it.

Tests that request hundreds of addresses can skip the middleware, or the rendering of pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import Client, RequestFactory
from django.urls import resolve
from django.urls.resolvers import URLResolver

from messaging.tests.cast import make_user
from ops.accounts.models import User
from ops.accounts.tests.with_roles import give_role
from ops.tests.roles import ROLE_OF, expected

T = TypeVar("T")


def routes(patterns: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names (or, without a name, the routes) of all addresses below ``patterns``, with their routes."""
    for pattern in patterns:
        route = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield pattern.name or route, route


ROUTES = dict(routes(admin.site.get_urls()))
EXPECTED = expected()
MOST_PAGES = 80
# The number or id of a row, in a path or in a parameter's value.
ROW = re.compile(r"(?<![^/:])(\d+|[0-9a-f]{8}-[0-9a-f-]{27})(?![^/])")
SEARCHED = "?app_label=messaging&model_name=message&term=a&field_name="


def address(name: str, keys: dict[str, Any]) -> str:
    """Return the address of a row of the table."""
    page, _, which = name.partition("=")
    if page == "app_list":
        return f"/console/{which}/"
    if page == "autocomplete":
        return f"/console/autocomplete/{SEARCHED}{which}"
    if page == "view_on_site":
        kind = ContentType.objects.get_by_natural_key("messaging", which).pk
        return f"/console/r/{kind}/{keys[f'messaging/{which}/']}/"
    if page == "(?P<url>.*)$":
        return "/console/anything/else/"
    key = next((key for beginning, key in keys.items() if ROUTES[page].startswith(beginning)), None)
    return "/console/" + re.sub("<[^>]+>", str(key), ROUTES[page])


def opened_by(who: str, *, or_posted: bool = False) -> list[str]:
    """Return the rows of the table that one of PEOPLE can open or post to, without signing out, which ends a crawl."""
    asked = {name: cells[who].split("/") for name, cells in EXPECTED.items() if name != "logout"}
    return [name for name, got in asked.items() if {"ok", "go"} & set(got if or_posted else got[:1])]


def signed_in(name: str) -> Client:
    """Return a client signed in as one of PEOPLE, who is created if missing."""
    client = Client()
    if name != "nobody":
        client.force_login(User.objects.filter(username=name).first() or make_staff(name))
    return client


def make_staff(name: str) -> Any:
    user = make_user(name, is_staff=True, is_superuser=name == "rosa")
    if name in ROLE_OF:
        give_role(user, ROLE_OF[name])
    return user


def outcome(response: Any) -> str:
    """Return a response in the words of the table."""
    if response.status_code == 302:
        return "in" if response["Location"].startswith("/console/login/") else "go"
    return {200: "ok", 403: "no", 404: "--", 405: "x"}.get(response.status_code, str(response.status_code))


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def text_of(response: Any) -> str:
    return body(response).decode(errors="replace")


# --- Links of pages ------------------------------------------------------------------------------------------------


def links(page: Any, at: str) -> set[str]:
    """Return the addresses on this site that a page links to."""
    found = {urljoin(at, unescape(link)) for link in set(re.findall(r'<a [^>]*?href="([^"]*)"', page.content.decode()))}
    return {link.partition("#")[0] for link in found if link.startswith("/")}


def of_each_kind(addresses: Iterable[str]) -> set[str]:
    """Return those of the addresses that may be refused for different reasons.

    Each page is requested with each of its parameters, several of which may be in one address. Access to a list is
    checked once for the list and for each parameter, not for each day of a chart or each choice of a filter. Of the
    rows of a list, and of a parameter that names a row, the first and the last are requested; of people all, because
    access to them differs.
    """
    upwards, downwards = sorted(addresses), sorted(addresses, reverse=True)
    return _covering(upwards, rows_alone=False) | _covering(downwards, rows_alone=True)


def _covering(addresses: list[str], *, rows_alone: bool) -> set[str]:
    """Return the first addresses that cover each page with each of its parameters, or only those that name a row."""
    found: set[str] = set()
    covered: set[tuple[str, str]] = set()
    for one in sorted(addresses, key=lambda at: -at.count("=")):
        asked = urlsplit(one)
        path = asked.path if "/accounts/user/" in asked.path else ROW.sub("#", asked.path)
        values = parse_qsl(asked.query, keep_blank_values=True)
        kinds = {(path, name) for name, value in values if not rows_alone or (ROW.search(value) and name != "days")}
        if not kinds and (ROW.search(path) or not rows_alone):
            kinds = {(path, "")}
        if kinds - covered:
            found.add(one)
            covered |= kinds
    return found


def status(
    client: Client, at: str, led: dict[str, int], read: Callable[[str, Any], None] = lambda at, page: None
) -> int:
    """Return the status of an address, or of the page that it redirects to. ``read`` receives the response.

    ``led`` caches statuses of redirect targets by path: most lead to a few pages, such as the one that asks for the
    password.
    """
    answer = client.get(at)
    read(at, answer)
    return of_where_it_leads(client, at, answer, led, lambda page: int(page.status_code))


def of_where_it_leads(client: Client, at: str, answer: Any, led: dict[str, T], of: Callable[[Any], T]) -> T:
    """Return ``of`` of a response or of the page that it redirects to, which ``led`` caches by its path."""
    if answer.status_code != 302:
        return of(answer)
    to = urljoin(at, answer["Location"])
    path = to.partition("?")[0]
    if path not in led:
        led[path] = of(client.get(to, follow=True))
    return led[path]


def crawl(client: Client, pages: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each page once, and up to MOST_PAGES of the pages that they link to, directly or not."""
    waiting, known = list(pages), set(pages)
    while waiting:
        at = waiting.pop(0)
        response = client.get(at)
        yield at, body(response)
        if response.status_code == 200 and not response.streaming:
            found = {link for link in links(response, at) if link.startswith("/console/") and "logout" not in link}
            found -= known
            new = sorted(found)[: len(pages) + MOST_PAGES - len(known)]
            known |= set(new)
            waiting += new


# --- Without middleware or templates -------------------------------------------------------------------------------


@contextmanager
def empty_pages() -> Iterator[None]:
    """Render templates of views as empty within this block: rendering a page takes most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SimpleTemplateResponse, "rendered_content", "")
        yield


def unrendered(request: HttpRequest, address: str, posted: dict[str, Any] | None = None) -> Any:
    """Return a view's response to the sender of ``request``, without middleware and before its template is rendered.

    Both take nine tenths of the time of a list. A refusal is an empty response; other errors are raised.
    """
    factory, kind = RequestFactory(), "application/x-www-form-urlencoded"
    ask: Any = factory.get(address) if posted is None else factory.post(address, urlencode(posted, True), kind)
    ask.user, ask.session, ask._messages = request.user, request.session, getattr(request, "_messages", None)
    ask._dont_enforce_csrf_checks = True
    try:
        ask.resolver_match = found = resolve(ask.path_info)
        return found.func(ask, *found.args, **found.kwargs)
    except Http404:
        return HttpResponse(status=404)
    except PermissionDenied:
        return HttpResponse(status=403)
