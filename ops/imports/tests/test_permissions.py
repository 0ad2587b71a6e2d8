"""Importing is a permission of its own."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission


def test_importing_is_the_only_permission(db: Any) -> None:
    permissions = Permission.objects.filter(content_type__app_label="imports").values_list("codename", flat=True)
    assert list(permissions) == ["import_messages"]
