"""Blocks between people and measures in force on them, for staff pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from messaging.models import Block
from ops.console.person.about import About, Chip, Note
from ops.moderation.measures.in_force import in_force
from ops.moderation.models import Act


def notes_on_people(request: HttpRequest, ids: Collection[Any]) -> dict[Any, str]:
    """Return, by person, the measures in force and whom of these people they blocked, in words; {} for a user who may
    not see cases."""
    if not request.user.has_perm("moderation.view_case"):
        return {}
    words: defaultdict[Any, list[str]] = defaultdict(list)
    for person, measures in in_force(ids).items():
        words[person] += map(str, measures)
    names: defaultdict[Any, list[str]] = defaultdict(list)
    rows = Block.objects.among(ids).order_by("blocked__username").values_list("blocker", "blocked__username")
    for blocker, name in rows:
        names[blocker].append(name)
    for blocker, blocked in names.items():
        words[blocker].append(_("blocked %(people)s") % {"people": ", ".join(blocked)})
    return {person: "; ".join(each) for person, each in words.items()}


def about_person(request: HttpRequest, person: Any, besides: About | None = None) -> About | None:
    """Return the measures in force on a person, each linked to its case, followed by the notes of ``besides``; only
    ``besides`` for a user who may not see cases. Runs one query."""
    if not request.user.has_perm("moderation.view_case"):
        return besides
    found = in_force([person.pk]).get(person.pk, [])
    return About(
        chips=[Chip(one.word, *(("!", "edited") if one.act == Act.WARN else ("‖", "held"))) for one in found],
        notes=[
            Note(
                one.sentence,
                link=(
                    _("Open case %(number)s") % {"number": one.case_id},
                    reverse("admin:moderation_case_change", args=[one.case_id]),
                ),
            )
            for one in found
        ]
        + list(besides.notes if besides else ()),
    )
