"""The tag that shows a label, everywhere in the same way: a swatch and its name."""

from __future__ import annotations

from typing import Any

from django import template

from ops.moderation.models import Label

register = template.Library()


@register.inclusion_tag("moderation/_label.html")
def label(label: Label) -> dict[str, Any]:
    """Show a label. The swatch holds its first letter: colour alone says nothing to those who cannot tell it apart."""
    return {"label": label, "initial": label.name[:1].upper()}
