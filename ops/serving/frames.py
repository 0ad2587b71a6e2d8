"""Room for what each call needs: Python takes memory for the frames of calls in pieces of 16 KB.

Where a loop calls functions just at the end of a piece, each call takes a piece from the system and gives it back. A
page makes thousands of such calls, a tenth of its time on a virtual machine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponseBase

Result = TypeVar("Result")

WORDS = 2**16 + 2**8  # a little more than half a megabyte, so that Python takes a whole one and leaves half of it


def with_room(call: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """Return ``call(*args, **kwargs)``, within which frames that need less than half a megabyte together take no memory
    from the system."""
    return call(*args, **kwargs)


# Python sizes the piece by what the function says that it needs. What is not used takes addresses, but no memory.
with_room.__code__ = with_room.__code__.replace(co_stacksize=WORDS)

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def room_for_each_request(get_response: GetResponse) -> GetResponse:
    """A middleware, the first one: requests are answered with room."""
    return partial(with_room, get_response)
