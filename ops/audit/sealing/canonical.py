"""One form of bytes for what an entry says, the same before it is stored and after it is read from either database."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

LONGEST_TEXT = 1_000  # characters of one text in the details; what is cut ends in "…"


def storable_text(text: Any, longest: int = LONGEST_TEXT) -> str:
    """``text`` without what a database refuses (NUL, lone surrogates: each becomes "�"), cut at ``longest``."""
    text = str(text)[: longest + 1].replace("\x00", "\ufffd")
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text if len(text) <= longest else text[: longest - 1] + "…"


def storable_details(details: Any) -> Any:
    """``details`` as both databases give them back: JSON of texts that can be stored and numbers that survive.

    PostgreSQL keeps numbers as decimals, where 1e16 and -0.0 come back as whole numbers: so they are whole from the
    beginning. What JSON has no number for (NaN, infinity) becomes its name.
    """
    return _storable(json.loads(json.dumps(details, cls=DjangoJSONEncoder)))


def _storable(value: Any) -> Any:
    if isinstance(value, dict):
        return {storable_text(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        if not isfinite(value):
            return str(value)
        return int(value) if value.is_integer() else value
    return value


def canonical(value: Any) -> bytes:
    """JSON of ``value`` in its one form: keys in order, no blanks, ASCII only, moments in UTC."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_moment).encode("ascii")


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)


def digest(*parts: str | bytes) -> str:
    """SHA-256 of the parts, one after the other, in hexadecimal."""
    together = b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    return hashlib.sha256(together).hexdigest()
