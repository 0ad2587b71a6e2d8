"""The notice about an account: somebody else changed its roles."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy

from messaging.editors import current_editor
from ops.audit import context
from ops.notices import topics
from ops.notices.kinds import Kind
from ops.notices.notifying import notify_each

ROLES_CHANGED = "accounts.roles_changed"
KINDS = (
    Kind(
        ROLES_CHANGED,
        topics.ACCOUNT,
        gettext_lazy("Somebody changed your roles: what you may do in the console may be different."),
    ),
)


def notify_roles_changed(ids: Collection[Any]) -> None:
    """Notify these people that the signed-in user changed their roles. Skips changes by commands, and people who have
    never signed in."""
    by = current_editor()
    if by is None or not ids:
        return
    knew = get_user_model()._base_manager.filter(pk__in=ids, last_login__isnull=False).values_list("pk", flat=True)
    notify_each(ROLES_CHANGED, [(pk, None) for pk in knew], by=by, occasion=context.current().action)
