"""Telling JSON files by how they begin."""

from __future__ import annotations

import re

from ops.files.json.lines import JsonLines
from ops.files.json.lists import JsonList
from ops.files.json.objects import Objects


def looks_like_json(start: str) -> type[Objects] | None:
    """The reader of a file whose text begins so; None where it is not JSON."""
    start = start.lstrip("\ufeff \t\r\n")
    if re.match(r"\{\s*(?:[\"}]|$)", start):
        return JsonLines
    if re.match(r"\[\s*(?:[\[{\"\]\d-]|true|false|null|$)", start):
        return JsonList
    return None
