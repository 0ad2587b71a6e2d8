"""The lists and forms of labels and canned reasons, in Settings."""

from __future__ import annotations

from django.contrib import admin

from ops.audit.reference_data.admin import ReferenceDataAdmin
from ops.moderation.labels.resources import CannedReasonResource, LabelResource
from ops.moderation.models import CannedReason, Label


@admin.register(Label)
class LabelAdmin(ReferenceDataAdmin):
    resource_classes = [LabelResource]
    list_display = ("name", "severity", "active")


@admin.register(CannedReason)
class CannedReasonAdmin(ReferenceDataAdmin):
    resource_classes = [CannedReasonResource]
    list_display = ("title", "label", "language", "active")
    list_select_related = ("label",)
