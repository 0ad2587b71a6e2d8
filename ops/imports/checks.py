"""The system check of the file of header names."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from ops.imports.guessing import NAMES, NamesUnfit, names_of_columns

HINT = f"IMPORT_HEADER_NAMES is the path of a file like {NAMES.name}, or empty."


@register()
def header_names_can_be_used(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that IMPORT_HEADER_NAMES is empty or the path of a usable file of names."""
    path = str(settings.IMPORT_HEADER_NAMES or "")
    try:
        names_of_columns(path)
    except (NamesUnfit, OSError) as error:
        return [Error(f"IMPORT_HEADER_NAMES is {path!r}, which cannot be used: {error}", HINT, id="imports.E001")]
    return []
