"""Labels and canned reasons, flags, cases and who holds them, decisions."""

from __future__ import annotations

from ops.moderation.models.cases import LEASE, Case, CasePerson, Claim, Draft, Skip, State
from ops.moderation.models.decisions import Act, Cause, CoveredMessage, Decision, Measure
from ops.moderation.models.flags import Flag, Outcome, Source
from ops.moderation.models.labels import CannedReason, CannedReasonQuerySet, Label, LabelQuerySet, Severity

__all__ = [
    "LEASE",
    "Act",
    "CannedReason",
    "CannedReasonQuerySet",
    "Case",
    "CasePerson",
    "Cause",
    "Claim",
    "CoveredMessage",
    "Decision",
    "Draft",
    "Flag",
    "Label",
    "LabelQuerySet",
    "Measure",
    "Outcome",
    "Severity",
    "Skip",
    "Source",
    "State",
]
