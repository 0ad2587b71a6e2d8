"""Drafts: what somebody entered in the form of a case and could not send stays there for them."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from ops.moderation.models import Case, Draft

FIELDS = ("label", "action", "reason", "days", "sent", "note")
LISTS = ("hides", "acts")  # which have several values


def keep(user: Any, case: Case, data: QueryDict) -> None:
    """Keep what a form was sent with."""
    entered = {name: data.get(name, "") for name in FIELDS} | {name: data.getlist(name) for name in LISTS}
    Draft.objects.update_or_create(reviewer=user, case=case, defaults={"entered": entered})


def drop(user: Any, case_id: int) -> None:
    """Forget it once it was sent."""
    Draft.objects.filter(reviewer=user, case=case_id).delete()


def initial_of(user: Any, case: Case) -> dict[str, Any]:
    """Return what the form of a case begins with: the draft without empty values."""
    draft = Draft.objects.filter(reviewer=user, case=case).first()
    return {name: value for name, value in draft.entered.items() if value} if draft else {}
