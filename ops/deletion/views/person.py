"""Deletions and holds at the head of a person's page, with the buttons for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.languages import moments
from ops.console.person.about import About, Act, Chip, Note
from ops.deletion import holds
from ops.deletion.models import DeletionRequest, Hold, State
from ops.deletion.views.pages import address_of

SEES_HOLDS = ("deletion.view_hold", "deletion.hold_account", "accounts.view_user")
SEES_REASONS = ("deletion.view_deletionrequest", "deletion.hold_account")
SEES_DELETIONS = ("deletion.view_deletionrequest", "accounts.view_user")


def about_deletion(request: HttpRequest, person: Any) -> About:
    """Return notes on an account's open holds and deletion, and the buttons to request one; runs two queries."""
    user = request.user
    standing = list(holds.open_holds(person.pk)) if _has_any(user, SEES_HOLDS) else []
    deletion = _open_deletion(person) if _has_any(user, SEES_DELETIONS) else None
    chips = [Chip(_("to be deleted"), "…", "edited")] if deletion else []
    chips += [Chip(_("on hold"), "‖", "held")] if standing else []
    return About(
        chips=chips,
        notes=[*_notes_on_holds(user, standing), *_notes_on_deletion(user, person, deletion)],
        acts=list(_acts(request, person, standing, deletion)),
    )


def shown_people(user: Any) -> Iterable[Exists]:
    """Yield conditions for accounts with a hold or a deletion request that ``user`` may see.

    People who may place holds but not list them see the open ones.
    """
    if user.has_perm("deletion.view_hold"):
        yield Exists(Hold.objects.of(OuterRef("pk")))
    elif user.has_perm("deletion.hold_account"):
        yield Exists(holds.open_holds(OuterRef("pk")))
    if user.has_perm("deletion.view_deletionrequest"):
        # Done requests name nobody, although an anonymised account remains.
        yield Exists(DeletionRequest.objects.filter(user=OuterRef("pk")).exclude(state=State.DONE))


def _open_deletion(person: Any) -> DeletionRequest | None:
    return DeletionRequest.objects.open().with_holds().filter(user=person.pk).first()


def _notes_on_holds(user: Any, standing: list[Hold]) -> Iterable[Note]:
    for hold in standing:
        lift = (_("Lift hold…"), reverse("admin:deletion_hold_lift", args=[hold.pk]))
        day = moments.day(timezone.localtime(hold.placed_at))
        yield Note(
            _("%(kind)s since %(day)s") % {"kind": hold.get_kind_display(), "day": day},
            quoted=hold.reason if _has_any(user, SEES_REASONS) else "",
            link=lift if user.has_perm("deletion.hold_account") else None,
        )


def _notes_on_deletion(user: Any, person: Any, deletion: DeletionRequest | None) -> Iterable[Note]:
    if person.anonymised_at:
        yield Note(
            _(
                "This account was anonymised: nobody can sign in to it. What others can read of it stays under this "
                "name."
            )
        )
    if deletion is not None:
        sees = user.has_perm("deletion.view_deletionrequest")
        yield Note(deletion.status_text, link=(_("Open the request"), address_of(deletion)) if sees else None)


def _acts(request: HttpRequest, person: Any, standing: list[Hold], deletion: DeletionRequest | None) -> Iterable[Act]:
    if request.user.has_perm("deletion.hold_account"):
        words = _("Place another hold…") if standing else _("Place hold…")
        yield Act(words, reverse("admin:accounts_user_hold", args=[person.pk]), order=60)
    users = admin.site.get_model_admin(type(person))
    if deletion is None and users.has_delete_permission(request, person):
        address = reverse("admin:accounts_user_delete", args=[person.pk])
        yield Act(_("Request deletion…"), address, order=90, dangerous=True)


def _has_any(user: Any, permissions: Iterable[str]) -> bool:
    return any(user.has_perm(one) for one in permissions)
