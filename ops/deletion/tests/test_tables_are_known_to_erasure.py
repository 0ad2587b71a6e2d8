"""``manage.py check`` reports tables with personal data that no erasure covers."""

from __future__ import annotations

from typing import Any

import pytest

from ops.console.rooms import NOTHING_PERSONAL, ON_DELETE, Audit, Table
from ops.deletion.apps import DeletionConfig
from ops.deletion.checks import every_table_is_known_to_erasure


def check_messages() -> list[tuple[str, str]]:
    return [(message.id or "", message.msg) for message in every_table_is_known_to_erasure(None)]


def declared(monkeypatch: Any, **erasure: str) -> None:
    """Change the deletion room's declarations of its tables; "" omits one."""
    tables = {
        **DeletionConfig.tables,
        **{f"deletion.{name}": Table(Audit.FUNCTIONS, how) for name, how in erasure.items()},
    }
    monkeypatch.setattr(DeletionConfig, "tables", {name: table for name, table in tables.items() if table.erasure})


def test_every_current_table_is_known_to_erasure() -> None:
    assert check_messages() == []


@pytest.mark.parametrize(
    ("name", "how", "expected"),
    [
        ("hold", "", ("deletion.E001", "No room says what an erasure does with deletion.hold.")),
        ("hold", "magic", ("deletion.E002",
            "deletion.hold is said to be erased by “magic”, which is no step of an erasure.")),
        ("hold", NOTHING_PERSONAL, ("deletion.E003",
            "deletion.hold is said to hold nothing personal, but refers to accounts (user, placed_by, lifted_by).")),
        ("hold", ON_DELETE, ("deletion.E004",
            "deletion.hold relies on its foreign keys, but one of them does nothing when the account goes.")),
        ("nothing", "requests", ("deletion.E005", "A room declares the table deletion.nothing, which does not exist.")),
    ],
)  # fmt: skip
def test_a_missing_or_wrong_declaration_is_an_error(
    monkeypatch: Any, name: str, how: str, expected: tuple[str, str]
) -> None:
    declared(monkeypatch, **{name: how})
    assert check_messages() == [expected]
