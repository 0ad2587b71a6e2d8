"""Importing and exporting are permissions of their own, and what carries them is in nobody's way."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

from django.contrib.auth.models import Permission
from django.core.management import call_command

from ops.transfers.models import Transfer


def test_there_is_one_to_import_and_one_to_export_and_no_other(db: Any) -> None:
    permissions = Permission.objects.filter(content_type__app_label="transfers").order_by("codename")
    assert [permission.codename for permission in permissions] == ["export_messages", "import_messages"]


def test_it_has_no_table_and_finds_nothing(db: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert list(Transfer.objects.all()) == []


def test_the_whole_database_can_still_be_dumped(alice: Any) -> None:
    for choice in (False, True):
        dumped = StringIO()
        call_command("dumpdata", use_base_manager=choice, stdout=dumped)
        models = {row["model"] for row in json.loads(dumped.getvalue())}
        assert "accounts.user" in models
        assert "transfers.transfer" not in models
