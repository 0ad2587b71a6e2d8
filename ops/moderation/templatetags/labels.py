"""The template tag that renders a label: a swatch and its name."""

from __future__ import annotations

from typing import Any

from django import template

from ops.moderation.models import Label

register = template.Library()


@register.inclusion_tag("moderation/_label.html")
def label(label: Label) -> dict[str, Any]:
    """Render a label. The swatch contains its first letter, for readers who cannot distinguish the colours."""
    return {"label": label, "initial": label.name[:1].upper()}
