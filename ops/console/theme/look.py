"""The parts of a theme in the header besides colours: title, logo, and environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ops.console.theme import images


@dataclass(frozen=True)
class Look:
    """The look of the header. If the logo replaces ``title``, the title is for screen readers only."""

    title: str
    shows_title: bool
    logo: str
    favicon: str
    environment: str


def look_of(theme: Any, name: str) -> Look:
    """Return the look of a theme. ``name`` is the title if the theme has none."""
    logo = images.address(theme.logo) if theme.logo_visible else ""
    return Look(
        title=theme.title or name,
        shows_title=theme.title_visible or not logo,
        logo=logo,
        favicon=images.address(theme.favicon),
        environment=theme.env_name if theme.env_visible_in_header else "",
    )
