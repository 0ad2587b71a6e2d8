"""Stock django-import-export on the same models, as in its documentation, with which ours is compared.

Import this module only after Django is set up.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import tablib
from django.contrib.auth import get_user_model
from import_export import fields, resources
from import_export.formats import base_formats
from import_export.widgets import DateTimeWidget, ForeignKeyWidget

from messaging.models import Message

COLUMNS = ("external_id", "parent_external_id", "sender", "receiver", "timestamp", "content")


class StockResource(resources.ModelResource):
    """Messages by external id and people by username, looked up one by one by the library's widgets."""

    sender = fields.Field("sender", "sender", ForeignKeyWidget(get_user_model(), "username"))
    receiver = fields.Field("receiver", "receiver", ForeignKeyWidget(get_user_model(), "username"))
    parent_external_id = fields.Field("parent_message", "parent_external_id", ForeignKeyWidget(Message, "external_id"))

    timestamp = fields.Field("timestamp", "timestamp", DateTimeWidget("%Y-%m-%dT%H:%M:%S%z"))

    class Meta:
        model = Message
        import_id_fields = ("external_id",)
        fields = COLUMNS


class PatientResource(StockResource):
    """The same for exports, with the usual optimisation: people and parents are joined."""

    class Meta:
        model = Message
        fields = COLUMNS

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("sender", "receiver", "parent_message").order_by("id")


def import_csv(path: Path, rows: int) -> None:
    """Import the first ``rows`` rows as the admin does: a dry run, then the import. All users must exist already."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = islice(file, rows + 1)
        dataset = tablib.Dataset().load("".join(lines), format="csv")
    for dry_run in (True, False):
        StockResource().import_data(dataset, dry_run=dry_run, raise_errors=True, use_transactions=True)


def export(path: Path, rows: int, file_format: str) -> None:
    """Write the first ``rows`` messages to a file ("csv" or "xlsx")."""
    resource = PatientResource()
    dataset = resource.export(resource.get_queryset()[:rows])
    kind = {"csv": base_formats.CSV, "xlsx": base_formats.XLSX}[file_format]()
    data = kind.export_data(dataset)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
