"""A crowd of moderators who read pages as browsers do: signed in, one connection each, with pauses between pages."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from http.cookiejar import CookieJar
from typing import NamedTuple
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from bench.measure import Failed
from bench.serving import PAGE_SECONDS


class Crowd(NamedTuple):
    """The number of moderators, the number of pages that each reads, and each one's pause between two (seconds)."""

    moderators: int
    pages: int
    thinking: float


class Times(NamedTuple):
    """The seconds that each page took, by kind, and when the crowd began and ended (seconds since the epoch)."""

    by_kind: dict[str, list[float]]
    began: float
    ended: float


def in_words(seconds: Sequence[float]) -> str:
    """Return the median, 95th and 99th percentile in ms; with fewer than 100 times the slowest instead of the 99th."""
    ordered = sorted(seconds)
    last = "99 %" if len(ordered) >= 100 else "slowest"
    shown = [part(ordered, 50), part(ordered, 95), part(ordered, 99) if last == "99 %" else ordered[-1]]
    return f"{' / '.join(f'{one * 1000:,.0f}' for one in shown)} ({last} of {len(ordered)})"


def part(ordered: Sequence[float], percent: int) -> float:
    """Return the time within which ``percent`` of the pages were answered."""
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def sign_in(port: int, address: str, username: str, password: str) -> str:
    """Sign in through the sign-in page; returns the session cookie. Raises Failed if that is refused."""
    jar = CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    page = f"http://127.0.0.1:{port}{address}"
    try:
        browser.open(page, timeout=PAGE_SECONDS).read()
        token = next((cookie.value for cookie in jar if cookie.name == "csrftoken"), "")
        form = urlencode({"username": username, "password": password, "csrfmiddlewaretoken": token})
        browser.open(page, form.encode(), timeout=PAGE_SECONDS).read()
    except (URLError, OSError, http.client.HTTPException) as error:
        raise Failed(f"{username} could not sign in: {error}") from error
    for cookie in jar:
        if cookie.name == "sessionid" and cookie.value:
            return cookie.value
    raise Failed(f"{username} could not sign in: the page let nobody in.")


def read(port: int, sessions: Sequence[str], pages: Mapping[str, Sequence[str]], crowd: Crowd) -> Times:
    """Let everybody read ``crowd.pages`` pages, of each kind in turn. Raises Failed if a page is not answered.

    Their starts are spread over one pause, so that the load is even from the first page on.
    """
    times: dict[str, list[float]] = defaultdict(list)
    kinds = list(pages)

    def work(number: int) -> None:
        chance = random.Random(number)
        time.sleep(crowd.thinking * number / len(sessions))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PAGE_SECONDS)
        for turn in range(crowd.pages):
            kind = kinds[(number + turn) % len(kinds)]
            times[kind].append(_seconds(connection, chance.choice(pages[kind]), sessions[number]))
            time.sleep(crowd.thinking * chance.uniform(0.5, 1.5))

    began = time.time()
    _all_at_work(len(sessions), work)
    return Times({kind: times[kind] for kind in kinds if kind in times}, began, time.time())


def _all_at_work(number: int, work: Callable[[int], None]) -> None:
    """Do ``work`` in ``number`` threads. Raises their first Failed when all have ended."""
    problems: list[Failed] = []

    def noting(place: int) -> None:
        try:
            work(place)
        except Failed as problem:
            problems.append(problem)

    threads = [threading.Thread(target=noting, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def _seconds(connection: http.client.HTTPConnection, address: str, session: str) -> float:
    """Return the seconds that a page takes to its last byte. Raises Failed if it is not answered with status 200."""
    started = time.perf_counter()
    try:
        status = _get(connection, address, session)
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"{address} was not answered: {error!r}") from error
    if status != 200:
        raise Failed(f"{address} answered with status {status}.")
    return time.perf_counter() - started


def _get(connection: http.client.HTTPConnection, address: str, session: str) -> int:
    """Read a page to its end; returns its status. Reconnects if the server closed the connection, as browsers do."""
    headers = {"Cookie": f"sessionid={session}"}
    try:
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
    except (http.client.RemoteDisconnected, ConnectionError):
        connection.close()
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
    answer.read()
    return answer.status
