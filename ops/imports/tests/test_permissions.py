"""Importing is a permission of its own."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission


def test_there_is_one_to_import_and_no_other(db: Any) -> None:
    permissions = Permission.objects.filter(content_type__app_label="imports").values_list("codename", flat=True)
    assert list(permissions) == ["import_messages"]
