"""``manage.py check`` reports permissions that no room assigns, and declarations of unknown permissions or roles."""

from __future__ import annotations

from typing import Any

from ops.accounts.apps import AccountsConfig
from ops.accounts.checks import every_permission_is_decided_on


def check_messages() -> list[tuple[str, str]]:
    return [(message.id or "", message.msg) for message in every_permission_is_decided_on(None)]


def test_every_current_permission_is_assigned() -> None:
    assert check_messages() == []


def test_an_unassigned_permission_is_an_error(monkeypatch: Any) -> None:
    others = {name: roles for name, roles in AccountsConfig.permissions.items() if name != "accounts.add_user"}
    monkeypatch.setattr(AccountsConfig, "permissions", others)
    assert check_messages() == [("accounts.E001", "No room says which roles have the permission accounts.add_user.")]


def test_unknown_permissions_and_roles_are_errors(monkeypatch: Any) -> None:
    permissions = {**AccountsConfig.permissions, "accounts.juggle_user": ("Juggler",)}
    monkeypatch.setattr(AccountsConfig, "permissions", permissions)
    assert check_messages() == [
        ("accounts.E002", "A room declares the permission accounts.juggle_user, which no model has."),
        ("accounts.E003", "A room gives a permission to “Juggler”, which is no role."),
    ]
