"""Pages kept for a minute for the one user they were made for, and forgotten as soon as something on them changes.

Each user has a random token in the cache, and there is one for everybody; both are parts of the key of every kept page.
Forgetting drops the token: a page still being made under the old one is stored where nobody will look for it.
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

SECONDS = 60
TOKEN_SECONDS = 3600  # a token that is gone early costs one more rendering, no more
EVERYBODY = "messaging:pages:v1:everybody"

View = Callable[..., HttpResponse]


def kept_for_user(view: View) -> View:
    """Keep the pages of ``view`` for each signed-in user and session apart; goes inside ``login_required``.

    The browser itself keeps nothing: the page must be fresh after a change, and gone after signing out.
    """
    varying = vary_on_cookie(view)

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _may_be_kept(request):
            keep = cache_page(SECONDS, key_prefix=_key_prefix(request.user.pk))
            response = keep(varying)(request, *args, **kwargs)
        else:
            response = view(request, *args, **kwargs)
        # Only now: cache_page stores nothing that is already marked as private.
        response["Cache-Control"] = "private, no-cache, no-store"
        del response["Expires"]
        return response

    return answer


def forget(user_ids: Iterable[Any], *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Forget the pages kept for these users, at once and again when the running transaction is committed."""
    _drop([_user_key(user_id) for user_id in user_ids], using)


def forget_all(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Forget the pages kept for everybody, at once and again when the running transaction is committed."""
    _drop([EVERYBODY], using)


def _may_be_kept(request: HttpRequest) -> bool:
    # A page with a notice is shown once; one made without the CSRF cookie holds a token that no cookie answers to.
    return not len(get_messages(request)) and "CSRF_COOKIE" in request.META


def _user_key(user_id: Any) -> str:
    return f"messaging:pages:v1:user:{user_id}"


def _key_prefix(user_id: Any) -> str:
    """What the keys of this user's pages begin with, until somebody forgets them."""
    keys = [EVERYBODY, _user_key(user_id)]
    tokens = cache.get_many(keys)
    for key in keys:
        if key not in tokens:
            token = uuid4().hex
            # Two requests at once agree on one token; without a cache to ask, each has its own and nothing is kept.
            tokens[key] = token if cache.add(key, token, TOKEN_SECONDS) else cache.get(key, token)
    return ".".join(["messaging:pages:v1", str(user_id), *(tokens[key] for key in keys)])


def _drop(keys: list[str], using: str) -> None:
    cache.delete_many(keys)
    if transaction.get_connection(using).in_atomic_block:
        # Others may have rendered what was true before the commit under a new token.
        transaction.on_commit(lambda: cache.delete_many(keys), using=using)
