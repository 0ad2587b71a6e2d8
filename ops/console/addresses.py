"""Reading values from URLs, which users can write themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import get_script_prefix, get_urlconf, reverse

View = Callable[..., HttpResponseBase]


def whole_number(text: str | None) -> int | None:
    """Return ``text`` as a number that fits a primary key, or None if it is anything else, leading zeros included."""
    fits = text and text.isascii() and text.isdecimal() and len(text) < 19
    return int(text) if text and fits and str(int(text)) == text else None


def names_row(request: HttpRequest, row: Any, object_id: str) -> bool:
    """Return whether ``object_id`` is the key of ``row`` as the console writes it, and has that form in the URL."""
    # Python parses "٣٤", "+34" and " 34" as 34, and Django unquotes "_33" to 3: a page that compares URLs would treat
    # them as different rows.
    key = str(row.pk)
    captured = request.resolver_match.kwargs.values() if request.resolver_match else ()
    return object_id == key and not any(unquote(text) == key != text != quote(key) for text in map(str, captured))


def with_plain_numbers(view: View) -> View:
    """Decorator: raise 404 if a number in the URL is not written as the console writes it ("007")."""

    @wraps(view)
    def reading(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        written = request.path.split("/")
        if any(isinstance(value, int) and str(value) not in written for value in kwargs.values()):
            raise Http404
        return view(request, *args, **kwargs)

    return reading


def clean_search_term(text: str) -> str:
    """Return a search term stripped of surrounding white space and of NUL, which PostgreSQL refuses."""
    return text.strip().replace("\x00", "")


def page_of_row(label: str, key: int) -> str:
    """Return the address of the console's page of a row, by its model ("app.model") and its number."""
    # The same as ``reverse``, which is too slow to call for each message of a thread.
    before, after = _page_of_any_row(label, get_script_prefix(), get_urlconf())
    return f"{before}{key:d}{after}"


@cache
def _page_of_any_row(label: str, prefix: str, urls: str | None) -> tuple[str, str]:
    """Return the parts of a row's address before and after its number."""
    before, _, after = reverse(f"admin:{label.replace('.', '_')}_change", args=["number"]).rpartition("number")
    return before, after
