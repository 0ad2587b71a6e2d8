"""From where on receivers have not read a thread."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple


class NotYetRead(NamedTuple):
    """``dividers`` has the receivers by the index of the message from which on they have read nothing more.
    ``single`` has the indexes of other unread messages: their receiver has read a later one."""

    dividers: dict[int, list[Hashable]]
    single: set[int]


def not_yet_read(receivers: Sequence[Hashable], read: Sequence[bool]) -> NotYetRead:
    """Return where to say that messages are unread. Takes the receiver of each message in reading order, and whether
    they have read it. There are as few dividers as possible."""
    last_read: dict[Hashable, int] = {}
    first_unread: dict[Hashable, int] = {}
    for index, (receiver, is_read) in enumerate(zip(receivers, read, strict=True)):
        if is_read:
            last_read[receiver] = index
            first_unread.pop(receiver, None)
        else:
            first_unread.setdefault(receiver, index)
    # "From here on" holds for a receiver anywhere between the last message they read and the first they did not.
    dividers: dict[int, list[Hashable]] = {}
    place = -1
    for receiver, index in sorted(first_unread.items(), key=lambda item: item[1]):
        if not dividers or last_read.get(receiver, -1) >= place:
            place = index
        dividers.setdefault(place, []).append(receiver)
    single = {
        index
        for index, (receiver, is_read) in enumerate(zip(receivers, read, strict=True))
        if not is_read and index < last_read.get(receiver, -1)
    }
    return NotYetRead(dividers, single)
