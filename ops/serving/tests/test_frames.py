"""Calls do not request memory from the system over and over."""

from __future__ import annotations

import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ops.serving.frames import WORDS, room_for_each_request, with_room

PIECE = 2**14  # bytes
CALLS = 200


def deeper(levels: int, call: Callable[[], int]) -> int:
    return deeper(levels - 1, call) if levels else call()


def pages_taken() -> int:
    """Return how many pages of memory the system provides while functions are called."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(CALLS):
        deeper(1, int)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def most_pages_taken() -> int:
    """Return the highest of these numbers, over all call depths within a piece."""
    return max(deeper(levels, pages_taken) for levels in range(PIECE // 64))


def test_calls_at_the_end_of_a_piece_take_no_memory() -> None:
    # Tests already run with room; new threads do not. If this fails with a new Python, the module can be removed.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(most_pages_taken).result() >= CALLS
        assert thread.submit(with_room, most_pages_taken).result() < CALLS


def test_each_request_has_room() -> None:
    assert settings.MIDDLEWARE[0] == f"{room_for_each_request.__module__}.{room_for_each_request.__name__}"

    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(most_pages_taken())

    with ThreadPoolExecutor(1) as thread:
        response = thread.submit(room_for_each_request(answer), HttpRequest()).result()
    assert isinstance(response, HttpResponse)
    assert int(response.content) < CALLS


def test_arguments_and_results_are_passed_through() -> None:
    assert with_room(divmod, 7, 2) == (3, 1)
    assert with_room(dict, one=1) == {"one": 1}
    assert with_room.__code__.co_stacksize == WORDS
