"""What the head of a person's page shows of the account."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from ops.accounts.models import User
from ops.accounts.person import tabs
from ops.console.person.about import About, Act, Chip


def about_account(request: HttpRequest, person: Any) -> About:
    """Return whether the account is active or staff, names that it reads like, and a link to its conversations."""
    return About(chips=[*_state(person), *_look_alikes(person)], acts=_acts(request, person))


def _state(person: Any) -> list[Chip]:
    chips = [Chip(_("active"), "✓", "marked-chip") if person.is_active else Chip(_("not active"), "–")]
    if person.anonymised_at:
        chips = [Chip(_("anonymised"), "✕")]
    if person.is_superuser:
        chips.append(Chip(_("superuser")))
    elif person.is_staff:
        chips.append(Chip(_("staff")))
    return chips


def _look_alikes(person: Any) -> list[Chip]:
    names = User.objects.look_alikes([person]).get(person.pk, [])
    if not names:
        return []
    words = _("reads like {name} and others") if names[1:] else _("reads like {name}")
    return [Chip(format_html(words, name=format_html("<bdi>{}</bdi>", names[0])), "≈", "edited")]


def _acts(request: HttpRequest, person: Any) -> list[Act]:
    if not request.user.has_perm(tabs.CONVERSATIONS.permission):
        return []
    address = f"{reverse('admin:messaging_conversation_changelist')}?participant={person.pk}"
    return [Act(_("Open conversations"), address, order=10, primary=True)]
