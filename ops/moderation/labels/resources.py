"""Importing labels and canned reasons from files. The slug identifies a row, in files of any installation."""

from __future__ import annotations

from typing import Any

from django.utils.encoding import force_str
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from ops.audit.reference_data.resources import ReferenceResource
from ops.moderation.models import CannedReason, Label


class LabelResource(ReferenceResource):
    class Meta:
        model = Label
        import_id_fields = ("slug",)
        fields = (
            "slug",
            "name",
            "colour",
            "severity",
            "meaning",
            "wording",
            "hard_to_read",
            "active",
            "sort_order",
        )

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Convert the colour to lower case, as it is stored: otherwise capitals alone would count as a change."""
        if row.get("colour"):
            row["colour"] = force_str(row["colour"]).lower()


class CannedReasonResource(ReferenceResource):
    label = Field(column_name="label", attribute="label", widget=ForeignKeyWidget(Label, "slug"))

    class Meta:
        model = CannedReason
        import_id_fields = ("slug",)
        fields = ("slug", "label", "title", "text", "language", "active")
