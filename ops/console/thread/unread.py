"""The places in a thread from which on receivers have read nothing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple


class NotYetRead(NamedTuple):
    """``dividers`` maps the index of a message to the receivers who have read nothing from there on. ``single`` has the
    indexes of other unread messages, whose receivers have read a later one."""

    dividers: dict[int, list[Hashable]]
    single: set[int]


def not_yet_read(receivers: Sequence[Hashable], read: Sequence[bool]) -> NotYetRead:
    """Return where to mark messages as unread, with as few dividers as possible. Takes the receiver of each message in
    reading order, and whether they have read it."""
    last_read: dict[Hashable, int] = {}
    first_unread: dict[Hashable, int] = {}
    for index, (receiver, is_read) in enumerate(zip(receivers, read, strict=True)):
        if is_read:
            last_read[receiver] = index
            first_unread.pop(receiver, None)
        else:
            first_unread.setdefault(receiver, index)
    # A receiver's divider may be anywhere after the last message they read and up to the first one they did not.
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
