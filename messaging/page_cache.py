"""Participants' pages, cached for a minute for each user and invalidated as soon as something on them changes.

The cache holds a random token for each user and one for everybody; both are part of a cached page's key. Invalidating
deletes the token. A page rendered meanwhile is stored under the old token and never read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from uuid import uuid4

from django.contrib.messages import get_messages
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_page
from django.views.decorators.vary import vary_on_cookie

PAGE_SECONDS = 60
TOKEN_SECONDS = 3600  # an evicted token costs one more rendering
EVERYBODY_KEY = "messaging:pages:v1:everybody"

View = Callable[..., HttpResponse]


def cache_per_user(view: View) -> View:
    """Cache the pages of ``view`` separately for each signed-in user and session; apply it inside ``login_required``.

    Headers keep browsers from storing pages, which must be fresh after a change and inaccessible after signing out.
    """
    varying = vary_on_cookie(view)

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _is_cacheable(request):
            cached = cache_page(PAGE_SECONDS, key_prefix=_key_prefix(request.user.pk))
            response = cached(varying)(request, *args, **kwargs)
        else:
            response = view(request, *args, **kwargs)
        # Set after caching, because cache_page does not store private responses.
        response["Cache-Control"] = "private, no-cache, no-store"
        del response["Expires"]
        return response

    return wrapper


def invalidate(user_ids: Iterable[Any], *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Drop the cached pages of these users, now and again when the transaction in progress commits."""
    _delete_tokens([_user_key(user_id) for user_id in user_ids], using)


def invalidate_all(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Drop the cached pages of everybody, now and again when the transaction in progress commits."""
    _delete_tokens([EVERYBODY_KEY], using)


def _is_cacheable(request: HttpRequest) -> bool:
    # Not a page with a notice, which is shown only once. Without a CSRF cookie, the page's form token would belong to a
    # cookie that other browsers do not have.
    return not len(get_messages(request)) and "CSRF_COOKIE" in request.META


def _user_key(user_id: Any) -> str:
    return f"messaging:pages:v1:user:{user_id}"


def _key_prefix(user_id: Any) -> str:
    """Return the key prefix of this user's pages, valid until they are invalidated."""
    keys = [EVERYBODY_KEY, _user_key(user_id)]
    tokens = cache.get_many(keys)
    for key in keys:
        if key not in tokens:
            token = uuid4().hex
            # add() lets two simultaneous requests agree on one token. If the cache is down, each request uses its own
            # and nothing is cached.
            tokens[key] = token if cache.add(key, token, TOKEN_SECONDS) else cache.get(key, token)
    return ".".join(["messaging:pages:v1", str(user_id), *(tokens[key] for key in keys)])


def _delete_tokens(keys: list[str], using: str) -> None:
    cache.delete_many(keys)
    if transaction.get_connection(using).in_atomic_block:
        # Until the commit, other requests still render old data under a new token.
        transaction.on_commit(lambda: cache.delete_many(keys), using=using)
