"""Links into the audit trail for other pages, and what entries say, in words."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from ops.audit.screens import targets

register = template.Library()


@register.inclusion_tag("audit/_history_link.html", takes_context=True)
def audit_links(context: Context, target: Any) -> dict[str, Any]:
    """A link to the history of ``target``, for whoever may read the audit trail; nothing for others."""
    return {"shown": _may_read(context) and target is not None, "key": targets.key(target) if target else ""}


@register.inclusion_tag("audit/_activity_link.html", takes_context=True)
def audit_activity(context: Context, user: Any) -> dict[str, Any]:
    """A link to what ``user`` did, for whoever may read the audit trail; nothing for others."""
    return {"shown": _may_read(context) and user is not None, "user": user}


@register.filter
def target_called(entry: Any) -> str:
    """What an entry is about was called then; "" where it is about nothing in particular."""
    return targets.called(entry)


@register.filter
def target_kind(entry: Any) -> str:
    """The kind of thing that an entry is about."""
    return targets.kind(entry.target_type)


@register.filter
def as_parts(details: Any) -> list[dict[str, Any]]:
    """The details of an entry as names with either a ``text`` or ``parts`` of their own."""
    pairs = details.items() if isinstance(details, dict) else enumerate(details, start=1)
    return [{"name": _name(name), **_value(value)} for name, value in pairs]


def _name(name: Any) -> str:
    words = str(name).replace("_", " ")
    return words[:1].upper() + words[1:]


def _value(value: Any) -> dict[str, Any]:
    nested = isinstance(value, list) and any(isinstance(item, dict | list) for item in value)
    if value and (nested or isinstance(value, dict)):
        return {"parts": as_parts(value)}
    if isinstance(value, list):
        return {"text": ", ".join(map(_text, value)) or "none"}
    return {"text": _text(value)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "", {}, []) else str(value)


def _may_read(context: Context) -> bool:
    request = context.get("request")
    return request is not None and request.user.has_perm("audit.view_entry")
