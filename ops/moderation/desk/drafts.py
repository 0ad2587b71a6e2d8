"""Drafts: what a user entered in a form of a case that was refused stays there for them."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from ops.moderation.models import Case, Draft

FIELDS = ("label", "action", "reason", "days", "sent", "note")
LISTS = ("hides", "acts")  # fields with several values


def keep(user: Any, case: Case, data: QueryDict) -> None:
    """Store what a refused form was sent with."""
    entered = {name: data.get(name, "") for name in FIELDS} | {name: data.getlist(name) for name in LISTS}
    Draft.objects.update_or_create(reviewer=user, case=case, defaults={"entered": entered})


def drop(user: Any, case_id: int) -> None:
    """Delete the draft once the form has been sent."""
    Draft.objects.filter(reviewer=user, case=case_id).delete()


def initial_of(user: Any, case: Case) -> dict[str, Any]:
    """Return the initial values for the form of a case: the draft, without empty values."""
    draft = Draft.objects.filter(reviewer=user, case=case).first()
    return {name: value for name, value in draft.entered.items() if value} if draft else {}
