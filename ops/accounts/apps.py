from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.console.rooms import ON_DELETE, Audit, Room, Table


class AccountsConfig(Room):
    name = "ops.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    menu = {"accounts.User": 30}
    permissions = {
        "accounts.view_user": ("Support",),
        "accounts.change_user": ("Support",),
        "accounts.delete_user": ("Support",),
        "accounts.add_user": (),
    }
    events = "ops.accounts.events.AccountEvent"
    readings = {"accounts.user": "person.read"}
    tables = {
        "accounts.user": Table(Audit.ADMIN, erasure="account"),
        "accounts.user_groups": Table(Audit.SIGNALS, ON_DELETE),
        "accounts.user_user_permissions": Table(Audit.SIGNALS, ON_DELETE),
        "accounts.session": Table(Audit.EXEMPT, "sessions", why="Signing in and out is recorded."),
        "accounts.failedsignin": Table(Audit.EXEMPT, "sign_ins", why="Digests; the refusal itself is recorded."),
    }

    def ready(self) -> None:
        from ops.accounts import checks, signals  # noqa: F401 - importing registers the checks

        signals.connect()

    def erasure_steps(self) -> Iterable[Any]:
        from ops.accounts import erased

        return erased.STEPS
