"""Exporting is a permission of its own, and the whole database can be dumped."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

from django.contrib.auth.models import Permission
from django.core.management import call_command


def test_exports_have_four_permissions(db: Any) -> None:
    permissions = Permission.objects.filter(content_type__app_label="exports").values_list("codename", flat=True)
    assert sorted(permissions) == [
        "approve_person_export",
        "export_messages",
        "export_reviews",
        "request_person_export",
    ]


def test_the_whole_database_can_be_dumped(alice: Any) -> None:
    for choice in (False, True):
        dumped = StringIO()
        call_command("dumpdata", use_base_manager=choice, stdout=dumped)
        assert "accounts.user" in {row["model"] for row in json.loads(dumped.getvalue())}
