"""Links into the audit trail, and filters that format entries."""

from __future__ import annotations

from itertools import chain
from typing import Any

from django import template
from django.contrib.auth.models import Group
from django.template import Context
from django.utils.translation import gettext as _

from ops.audit.screens import targets

register = template.Library()

RUNS = ("messages", "histories")  # details that hold runs of ids (ops/audit/readings.py)


@register.inclusion_tag("audit/_history_link.html", takes_context=True)
def audit_links(context: Context, target: Any) -> dict[str, Any]:
    """Render a link to the entries about ``target``, for users who may read the audit trail."""
    return {"shown": _may_read(context) and target is not None, "key": targets.key(target) if target else ""}


@register.filter
def target_label(entry: Any) -> str:
    """Return the name that an entry's target had then, or "" without a target."""
    return targets.label(entry)


@register.filter
def target_kind(entry: Any) -> str:
    """Return the verbose name of the target's model."""
    return targets.kind(entry.target_type)


@register.filter
def as_parts(details: Any) -> list[dict[str, Any]]:
    """Return an entry's details as dicts with ``name`` and either ``text`` or nested ``parts``."""
    if isinstance(details, dict) and details.get("field") == "groups":
        details = _with_names_of_groups(details)
    pairs = details.items() if isinstance(details, dict) else enumerate(details, start=1)
    return [{"name": _name(name), **(_runs(value) if name in RUNS else _value(value))} for name, value in pairs]


def _runs(value: Any) -> dict[str, Any]:
    """Return runs of ids as “1, 5–8”; a plain number, which is a count, stays."""
    if not isinstance(value, list):
        return _value(value)
    return {"text": ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in value)}


def _with_names_of_groups(details: dict[str, Any]) -> dict[str, Any]:
    """Replace group ids by the groups' current names."""
    numbers = {name: value for name, value in details.items() if isinstance(value, list)}
    names = dict(Group.objects.filter(pk__in=chain(*numbers.values())).values_list("pk", "name"))
    shown = {
        name: [names.get(number, _("a deleted group (%(number)s)") % {"number": number}) for number in value]
        for name, value in numbers.items()
    }
    return {**details, **shown}


def _name(name: Any) -> str:
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]


def _value(value: Any) -> dict[str, Any]:
    nested = isinstance(value, list) and any(isinstance(item, dict | list) for item in value)
    if value and (nested or isinstance(value, dict)):
        return {"parts": as_parts(value)}
    if isinstance(value, list):
        return {"text": ", ".join(map(_text, value)) or _("none")}
    return {"text": _text(value)}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _("none") if value in (None, "", {}, []) else str(value)


def _may_read(context: Context) -> bool:
    request = context.get("request")
    return request is not None and request.user.has_perm("audit.view_entry")
