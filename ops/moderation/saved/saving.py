"""Saving, renaming, moving and deleting views. All are recorded; views of the team require a permission."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from ops.accounts.preferences import named
from ops.accounts.refusals import Refused
from ops.audit.recording import record
from ops.moderation.events import ModerationEvent
from ops.moderation.models import View
from ops.moderation.saved import parameters
from ops.moderation.saved.queues import MOST_VIEWS

MANAGES_TEAM = "moderation.change_view"  # the permission to manage the team's views
STEP = 10  # between the sort_order of two views


def save(name: str, filters: dict[str, str], order: str, *, by: Any, for_team: bool = False) -> View:
    """Save filters and an order under a name, after the other views, and return the view.

    Raises Refused, with a sentence, for filters that the queue does not offer, a name that is taken, too many views, or
    if ``by`` may not save views for the team.
    """
    if for_team and not by.has_perm(MANAGES_TEAM):
        raise Refused(_("Only Leads save views for the team."))
    try:
        return _saved(View(name=name, owner=None if for_team else by, filters=parameters.written(filters)), order, by)
    except IntegrityError:  # saved concurrently, by somebody else or in a second tab
        raise Refused(_("A view was saved under this name a moment ago. Choose another name.")) from None


def _saved(view: View, order: str, by: Any) -> View:
    with transaction.atomic():
        siblings = _locked_siblings(view)
        if len(siblings) >= MOST_VIEWS:
            words = ngettext(
                "There is %(number)s view already. Delete it first.",
                "There are %(number)s views already. Delete one first.",
                MOST_VIEWS,
            )
            raise Refused(numbered(words, MOST_VIEWS))
        named.refuse_taken(view.name, siblings, _taken(view.name))
        view.order = "" if order == parameters.ORDERS[0].name else order
        view.slug = _free_slug(view.name, {one.slug for one in siblings})
        view.sort_order = siblings[-1].sort_order + STEP if siblings else STEP
        _checked(view).save()
        _record(ModerationEvent.VIEW_SAVED, view, by)
    return view


def _taken(name: str) -> str:
    return _("There is a view “%(name)s” already. Choose another name.") % {"name": name}


def may_manage(view: View, user: Any) -> bool:
    """Return whether this user may rename, move and delete the view."""
    return named.may_manage(view, user, MANAGES_TEAM)


def rename(view: View, name: str, *, by: Any) -> None:
    """Rename a view; its slug stays. Raises Refused."""
    _refuse_others(view, by)
    with transaction.atomic():
        siblings = [one for one in _locked_siblings(view) if one.pk != view.pk]
        named.refuse_taken(name, siblings, _taken(name))
        view.name = name
        view.save(update_fields=["name"])
        _record(ModerationEvent.VIEW_CHANGED, view, by)


def move(view: View, *, up: bool, by: Any) -> None:
    """Move a view one place up or down among the views of its owner. Raises Refused."""
    _refuse_others(view, by)
    with transaction.atomic():
        siblings = _locked_siblings(view)
        place = next((place for place, one in enumerate(siblings) if one.pk == view.pk), 0)
        other = place - 1 if up else place + 1
        if not 0 <= other < len(siblings):
            return
        siblings[place], siblings[other] = siblings[other], siblings[place]
        for number, one in enumerate(siblings, start=1):
            one.sort_order = number * STEP
        View.objects.bulk_update(siblings, ["sort_order"])
        _record(ModerationEvent.VIEW_CHANGED, view, by)


def delete(view: View, *, by: Any) -> None:
    """Delete a view. Raises Refused."""
    _refuse_others(view, by)
    with transaction.atomic():
        _record(ModerationEvent.VIEW_DELETED, view, by)
        view.delete()


def _locked_siblings(view: View) -> list[View]:
    """Lock and return the views of the same owner, including this one once it is stored."""
    return list(View.objects.select_for_update().filter(owner=view.owner_id).in_order())


def _refuse_others(view: View, user: Any) -> None:
    if not may_manage(view, user):
        raise Refused(_("This view is somebody else's."))


def _free_slug(name: str, taken: set[str]) -> str:
    slug = slugify(name).replace("_", "-").strip("-")[:50] or "view"
    return next(one for one in (slug, *(f"{slug}-{number}" for number in range(2, MOST_VIEWS + 2))) if one not in taken)


def _checked(view: View) -> View:
    try:
        view.full_clean()
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from None
    return view


def _record(event: str, view: View, by: Any) -> None:
    record(event, actor=by, target=view, details={"team": view.owner_id is None})
