"""The jump box: opens what a user types or pastes: a number, a name, a URL, the name of a page.

It finds only what the user may open; everything else looks as if it did not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from ops.console.addresses import whole_number
from ops.console.frame.menu import Frame
from ops.console.rooms import Found, Group, rooms

LONGEST = 300  # characters that are read; a URL with filters fits
MOST_FOUND = 20
UNFINISHED = re.compile(r"(?:^|\s)[^\W_]+$")  # a word at the end that is not a filter's value
# "88", "#88", "message 88", "conversation no. 88"
NUMBERED = re.compile(r"(?P<word>[a-z ]*?)\s*(?:#|no\.?)?\s*(?P<number>[0-9]{1,18})", re.IGNORECASE)


def find(site: Any, request: HttpRequest, text: str, frame: Frame) -> list[Found]:
    """Return the results for ``text``, the most certain first and each address once; at most MOST_FOUND."""
    pasted = list(_address(site, request, text, frame))
    found = pasted or [
        *_rows(site, request, text),
        *(one for room in rooms() for one in room.find(request, text)),
        *_pages(text, frame),
    ]
    return list({one.address: one for one in found}.values())[:MOST_FOUND]


def going_on(text: str) -> str:
    """Return the search for a text that is still being typed: its last word is a prefix, unless it is an operator."""
    return f"{text}*" if UNFINISHED.search(text) and text.split()[-1] not in ("OR", "AND") else text


def grouped(found: Iterable[Found]) -> list[tuple[str, list[Found]]]:
    """Return the results by group, with the label of each group."""
    groups: dict[Group, list[Found]] = {group: [] for group in Group}
    for one in found:
        groups[one.group].append(one)
    return [(str(group.label), some) for group, some in groups.items() if some]


def suggestion(one: Found) -> dict[str, str]:
    """Return a result as JSON for the jump box. Only numbered ones have a kind: other groups are named after theirs."""
    kind = str(one.kind) if one.group == Group.NUMBERED else ""
    return {"title": str(one.title), "kind": kind, "address": one.address, "group": str(one.group.label)}


def row(site: Any, request: HttpRequest, model: type[models.Model], key: str) -> Any:
    """Return the row of a registered model with this key if this user may open its page, or None."""
    if not site.is_registered(model):
        return None
    model_admin = site.get_model_admin(model)
    if not model_admin.has_view_permission(request):
        return None
    try:
        found = model_admin.get_object(request, key)
    except PermissionDenied:
        return None
    return found if found is not None and model_admin.has_view_permission(request, found) else None


def page_of(model: type[models.Model], key: Any) -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])


def _rows(site: Any, request: HttpRequest, text: str) -> Iterable[Found]:
    """Yield rows with this number or id, of the models that rooms declare (``Room.finds``)."""
    numbered = NUMBERED.fullmatch(text)
    word, number = (numbered["word"].strip().lower(), whole_number(numbered["number"])) if numbered else ("", None)
    for label, kind in ((label, kind) for room in rooms() for label, kind in room.finds.items()):
        model: Any = apps.get_model(label)
        by_id = isinstance(model._meta.pk, models.UUIDField)
        key = _uuid(text) if by_id else number
        if (
            key is not None
            and (by_id or not word or str(kind).startswith(word))
            and row(site, request, model, str(key))
        ):
            # "Message 88"
            title = capfirst(kind) if by_id else _("%(thing)s %(number)s") % {"thing": capfirst(kind), "number": key}
            yield Found(title, "", page_of(model, key))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _address(site: Any, request: HttpRequest, text: str, frame: Frame) -> Iterable[Found]:
    """Yield the page of a pasted URL, whatever its host: results never lead away from this console.

    The page is a list or a row; a URL below a row (its deletion, its history) leads to the row.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        return
    rest = f"{'?' if parts.query else ''}{parts.query}{'#' if parts.fragment else ''}{parts.fragment}"
    if parts.path in {offer.address for offer in frame.reachable}:
        yield Found(_("The list of this address"), _("page"), f"{parts.path}{rest}", Group.PAGES)
    for model in site._registry:
        above = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        key = parts.path.removeprefix(above).split("/")[0]
        if parts.path.startswith(above) and key and row(site, request, model, key) is not None:
            own = page_of(model, key)
            address = f"{own}{rest if parts.path == own else ''}"
            yield Found(_("The page of this address"), _("page"), address, Group.PAGES)


def _pages(text: str, frame: Frame) -> Iterable[Found]:
    """Yield the pages of the console with a word in their name that begins with ``text``."""
    for name, address in frame.pages:
        if re.search(rf"(?<!\w){re.escape(text)}", name, re.IGNORECASE):
            yield Found(name, _("page"), address, Group.PAGES)
