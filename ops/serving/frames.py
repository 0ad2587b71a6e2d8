"""Memory for the frames of calls, which Python allocates in chunks of 16 KB.

If a loop calls functions just at the end of a chunk, each call allocates a chunk from the system and frees it again. A
page makes thousands of such calls, a tenth of its time on a virtual machine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponseBase

Result = TypeVar("Result")

WORDS = 2**16 + 2**8  # a little more than half a megabyte, so that Python allocates a whole one, half of it free


def with_room(call: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """Return ``call(*args, **kwargs)``, during which frames of less than half a megabyte together allocate no memory
    from the system."""
    return call(*args, **kwargs)


# Python sizes the chunk by the stack size that the function declares. The unused part takes addresses, but no memory.
with_room.__code__ = with_room.__code__.replace(co_stacksize=WORDS)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def room_for_each_request(get_response: GetResponse) -> GetResponse:
    """Middleware, listed first: handle each request in ``with_room``."""
    return partial(with_room, get_response)
