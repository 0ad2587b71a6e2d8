"""``manage.py check`` reports permissions that no room assigns, and declarations of unknown permissions or roles."""

from __future__ import annotations

from typing import Any

from ops.accounts.apps import AccountsConfig
from ops.accounts.checks import every_permission_is_decided_on


def found() -> list[tuple[str, str]]:
    return [(message.id or "", message.msg) for message in every_permission_is_decided_on(None)]


def test_every_permission_of_today_is_decided_on() -> None:
    assert found() == []


def test_a_permission_that_no_room_names_is_an_error(monkeypatch: Any) -> None:
    others = {name: roles for name, roles in AccountsConfig.permissions.items() if name != "accounts.add_user"}
    monkeypatch.setattr(AccountsConfig, "permissions", others)
    assert found() == [("accounts.E001", "No room says which roles have the permission accounts.add_user.")]


def test_one_that_no_model_has_and_a_role_that_is_none_are_errors(monkeypatch: Any) -> None:
    permissions = {**AccountsConfig.permissions, "accounts.juggle_user": ("Juggler",)}
    monkeypatch.setattr(AccountsConfig, "permissions", permissions)
    assert found() == [
        ("accounts.E002", "A room declares the permission accounts.juggle_user, which no model has."),
        ("accounts.E003", "A room gives a permission to “Juggler”, which is no role."),
    ]
