"""JSON files that are one object: suggesting the list in it, and recognising exports of other programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.files.headers.columns import Columns
from ops.files.headers.rows import ENOUGH
from ops.files.json.values import LENIENT
from ops.files.problems import Unreadable
from ops.files.sources import Reading
from ops.files.suggestions import Suggestion
from ops.files.wording import listed

LIST_KEYS = ("messages", "data", "items", "results")
SINGLE_OBJECT = gettext_lazy(
    "expected a list of objects, [{…}, {…}], or one object on each line (JSON Lines): this file is one object."
)
TELEGRAM = gettext_lazy("this is a Telegram export: readers for it come later.")
TELEGRAM_CHATS = gettext_lazy(
    "this is a Telegram export: readers for it come later. It holds several chats. What can be read now is a list of "
    "objects with the columns of messages."
)
SLACK_DAY = gettext_lazy(
    "this is a day of a Slack export: readers for it come later. What can be read now is a list of objects with the "
    "columns of messages, and Slack says nothing of a receiver."
)
CHATS = re.compile(r'\{[^\[\]{}]*"list"\s*:\s*\[')
A_LIST = re.compile(r"\[\s*[{\]]")
BLANKS = re.compile(r"[ \t\r\n]*")


def refuse_one_object(start: str, columns: Columns, reading: Reading) -> None:
    """Raise Unreadable if the file that begins with ``start`` is one object with a list, and suggest the list."""
    keys = dict(_keys(start))
    if columns.found_in(list(keys), reading) >= min(ENOUGH, len(columns.names)):
        return
    if "chats" in keys and CHATS.match(start, keys["chats"]):
        raise Unreadable(TELEGRAM_CHATS)
    lists = [key for key in LIST_KEYS if key in keys and A_LIST.match(start, keys[key])]
    if not lists:
        return
    telegram = "messages" in lists and {"name", "type", "id"} <= keys.keys()
    said = _("It has a list under %(keys)s: choose to read that, if its objects have the columns of messages.")
    said %= {"keys": listed([f"“{key}”" for key in lists])}
    suggestions = [_under(key, telegram=telegram) for key in lists]
    words = f"{TELEGRAM if telegram else SINGLE_OBJECT} {said}"
    raise Unreadable(words, cure="list_under", suggestions=suggestions)


def is_slack(value: Mapping[str, Any]) -> bool:
    """Return whether an object is a message as Slack exports it."""
    return value.get("type") == "message" and {"ts", "text"} <= value.keys() and bool(value.keys() & {"user", "bot_id"})


def _under(key: str, *, telegram: bool) -> Suggestion:
    if telegram:
        said = _("This is a Telegram export, with a list under “%(key)s”.")
    else:
        said = _("The file is one object, with a list under “%(key)s”.")
    return Suggestion("list_under", key, said % {"key": key}, _("Read the list under “%(key)s”") % {"key": key})


def _keys(text: str) -> Iterator[tuple[str, int]]:
    """Yield (key, where its value begins) of the object at the start of a text, as far as the text goes."""
    at = text.index("{") + 1
    try:
        while True:
            at = _after_blanks(text, at)
            if text[at] != '"':
                return
            key, at = LENIENT.raw_decode(text, at)
            at = _after_blanks(text, at)
            if text[at] != ":":
                return
            at = _after_blanks(text, at + 1)
            yield key, at
            at = _after_blanks(text, LENIENT.raw_decode(text, at)[1])
            if text[at] != ",":
                return
            at += 1
    except (IndexError, json.JSONDecodeError, RecursionError):
        return  # it is cut off or not valid, which reading the file reports


def _after_blanks(text: str, at: int) -> int:
    found = BLANKS.match(text, at)
    return found.end() if found else at
