"""Whether pages offer what has to do with reports."""

from __future__ import annotations

from django import template

from messaging.participants.reporting import reporting

register = template.Library()


@register.simple_tag
def can_report() -> bool:
    """Whether messages can be reported here."""
    return reporting() is not None
