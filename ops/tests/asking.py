"""What views answer, for tests that ask for hundreds of addresses and do not look at pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import RequestFactory
from django.urls import resolve


@contextmanager
def empty_pages() -> Iterator[None]:
    """In the block, what views answer by a template is empty: writing a page takes most of the time for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SimpleTemplateResponse, "rendered_content", "")
        yield


def unrendered(request: HttpRequest, address: str, posted: dict[str, Any] | None = None) -> Any:
    """What a page answers to whoever sent ``request``: past the middleware, and before its template is rendered.

    Both take nine tenths of the time of a list. A refusal is an empty answer; other errors are raised.
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
