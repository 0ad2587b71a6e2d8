"""Canonical bytes for an entry's values: the same before storing and after reading, on either database."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

MAX_TEXT_LENGTH = 1_000  # characters of one text in the details; longer ones are cut and end in "…"


def storable_text(text: Any, max_length: int = MAX_TEXT_LENGTH) -> str:
    """Return ``text`` cut to ``max_length``, with "�" for what databases refuse (NUL and lone surrogates)."""
    text = str(text)[: max_length + 1].replace("\x00", "\ufffd")
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text if len(text) <= max_length else text[: max_length - 1] + "…"


def storable_details(details: Any) -> Any:
    """Return ``details`` as JSON values that both databases give back unchanged."""
    return _storable(json.loads(_as_django(details)))


def _storable(value: Any) -> Any:
    if isinstance(value, dict):
        return {storable_text(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        if not isfinite(value):  # JSON lacks NaN and infinity
            return str(value)
        # PostgreSQL stores decimals, and returns 1e16 and -0.0 as integers.
        return int(value) if value.is_integer() else value
    return value


def canonical(value: Any) -> bytes:
    """Return ``value`` as canonical JSON: sorted keys, no white space, ASCII only, times in UTC."""
    return _canonical(value).encode("ascii")


def _encode(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)


# Created once: json.dumps() creates an encoder for each value.
_as_django = DjangoJSONEncoder().encode
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_encode).encode


def digest(*parts: str | bytes) -> str:
    """Return the SHA-256 of the concatenated parts, in hexadecimal."""
    data = b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    return hashlib.sha256(data).hexdigest()
