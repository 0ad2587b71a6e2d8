"""Detecting JSON files by their beginning."""

from __future__ import annotations

import re

from ops.files.json.lines import JsonLines
from ops.files.json.lists import JsonList
from ops.files.json.objects import Objects


def looks_like_json(start: str) -> type[Objects] | None:
    """Return the reader of a file whose text begins with ``start``; None if it is not JSON."""
    start = start.lstrip("\ufeff \t\r\n")
    if re.match(r"\{\s*(?:[\"}]|$)", start):
        return JsonLines
    if re.match(r"\[\s*(?:[\[{\"\]\d-]|true|false|null|$)", start):
        return JsonList
    return None
