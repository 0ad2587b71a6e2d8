"""How rows of a file become labels and canned reasons. Each row is named by its slug, in files of any installation."""

from __future__ import annotations

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


class CannedReasonResource(ReferenceResource):
    label = Field(column_name="label", attribute="label", widget=ForeignKeyWidget(Label, "slug"))

    class Meta:
        model = CannedReason
        import_id_fields = ("slug",)
        fields = ("slug", "label", "title", "text", "language", "active")
