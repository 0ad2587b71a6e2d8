"""Labels and canned reasons, flags, cases and who holds them, decisions."""

from __future__ import annotations

from ops.moderation.models.cases import LEASE, Case, CasePerson, Claim, Draft, Skip, State
from ops.moderation.models.decisions import Act, Cause, CoveredMessage, Decision, Measure
from ops.moderation.models.flags import Flag, Outcome, Source
from ops.moderation.models.labels import CannedReason, Label

__all__ = [
    "LEASE",
    "Act",
    "CannedReason",
    "Case",
    "CasePerson",
    "Cause",
    "Claim",
    "CoveredMessage",
    "Decision",
    "Draft",
    "Flag",
    "Label",
    "Measure",
    "Outcome",
    "Skip",
    "Source",
    "State",
]
