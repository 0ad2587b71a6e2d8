"""The names of time zones in files and choices: IANA names, offsets, abbreviations that have one meaning."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+-])(\d{1,2})(?::?([0-5]\d))?", re.ASCII | re.IGNORECASE)
FARTHEST = 15 * 60  # minutes; no place is farther from UTC
# Minutes east of UTC. Not here: abbreviations of several zones, such as IST (India, Israel, Ireland) or BST.
ABBREVIATIONS = {
    **dict.fromkeys(("utc", "gmt", "z", "ut", "wet", "utc/gmt", "gmt/utc"), 0),
    **dict.fromkeys(("west", "cet", "mez"), 60),
    **dict.fromkeys(("cest", "mesz", "eet", "oez"), 120),
    **dict.fromkeys(("eest", "oesz", "msk"), 180),
    # Those of RFC 5322, which e-mails and many programs write.
    "est": -300,
    "edt": -240,
    "cst": -360,
    "cdt": -300,
    "mst": -420,
    "mdt": -360,
    "pst": -480,
    "pdt": -420,
    "jst": 540,
}


@lru_cache(maxsize=512)
def chosen_zone(name: str) -> tzinfo | None:
    """Return the zone that was chosen: "Europe/Berlin", "+02:00", "GMT+2" (east of Greenwich); None if unknown."""
    if name in _names().values():
        return ZoneInfo(name)
    return _offset(name)


@lru_cache(maxsize=512)
def written_zone(text: str) -> tzinfo | None:
    """Return the zone after a time in a file, in upper or lower case; None if it is unknown or ambiguous."""
    minutes = ABBREVIATIONS.get(text)
    if minutes is None:
        minutes = ABBREVIATIONS.get(text.casefold())
    if minutes is not None:
        return timezone(timedelta(minutes=minutes))
    offset = _offset(text)
    name = _names().get(text.casefold()) if offset is None and "/" in text else None
    return ZoneInfo(name) if name else offset


def name_of(zone: tzinfo) -> str:
    """Return the name of a zone."""
    return zone.key if isinstance(zone, ZoneInfo) else str(zone)


def _offset(text: str) -> tzinfo | None:
    found = OFFSET.fullmatch(text)
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    if minutes > FARTHEST:
        return None
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))


@cache
def _names() -> dict[str, str]:
    """Return the IANA names, by their lower-case form."""
    return {name.casefold(): name for name in available_timezones()}
