"""Found at start-up: a file of header names that cannot be used."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from ops.imports.guessing import NAMES, NamesUnfit, names_of_columns

HINT = f"IMPORT_HEADER_NAMES is the path of a file like {NAMES.name}, or empty."


@register()
def header_names_can_be_used(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The setting names a file of names, or nothing."""
    path = str(settings.IMPORT_HEADER_NAMES or "")
    try:
        names_of_columns(path)
    except (NamesUnfit, OSError) as error:
        return [Error(f"IMPORT_HEADER_NAMES is {path!r}, which cannot be used: {error}", HINT, id="imports.E001")]
    return []
