"""``manage.py check`` reports tables that are neither audited nor exempt, and admins that change rows unrecorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin

from ops.audit.apps import AuditConfig
from ops.audit.checks import every_table_is_audited_or_exempt
from ops.audit.models import Entry
from ops.console.rooms import Audit, Table


def check_messages() -> list[tuple[str, str]]:
    return [(message.id or "", message.msg) for message in every_table_is_audited_or_exempt(None)]


def test_every_current_table_is_audited_or_exempt() -> None:
    assert check_messages() == []


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (None, ("audit.E001", "No room declares how changes of audit.seal are audited.")),
        (Table(Audit.EXEMPT, ""), ("audit.E002", "audit.seal is exempt from the audit trail without a reason (why).")),
        (
            Table(Audit.ADMIN, ""),
            ("audit.E003", "audit.seal is declared as recorded by its admin, which is not a RecordedChanges."),
        ),
        (
            Table(Audit.SIGNALS, ""),
            ("audit.E007", "audit.seal is declared as recorded by signal receivers, but none is connected to it."),
        ),
    ],
)
def test_a_missing_or_wrong_declaration_is_an_error(
    monkeypatch: Any, table: Table | None, expected: tuple[str, str]
) -> None:
    tables = {**AuditConfig.tables, "audit.seal": table}
    monkeypatch.setattr(AuditConfig, "tables", {name: one for name, one in tables.items() if one is not None})
    assert check_messages() == [expected]


def test_an_admin_that_changes_rows_without_an_entry_is_an_error(monkeypatch: Any) -> None:
    monkeypatch.setitem(admin.site._registry, Entry, admin.ModelAdmin(Entry, admin.site))
    assert check_messages() == [
        ("audit.E004", "The admin of audit.entry can change rows without an entry in the audit trail.")
    ]
