"""A tag by which pages decide whether to offer reporting."""

from __future__ import annotations

from django import template

from messaging.participants.reporting import reporting

register = template.Library()


@register.simple_tag
def can_report() -> bool:
    """Return whether messages can be reported on this site."""
    return reporting() is not None
