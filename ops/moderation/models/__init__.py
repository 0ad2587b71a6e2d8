"""Labels, canned reasons, and what is decided with them."""

from ops.moderation.models.labels import CannedReason, CannedReasonQuerySet, Label, LabelQuerySet, Severity

__all__ = ["CannedReason", "CannedReasonQuerySet", "Label", "LabelQuerySet", "Severity"]
