"""Models: labels and canned reasons, flags, cases and claims, decisions, notes, views, openings without a report."""

from __future__ import annotations

from ops.moderation.models.cases import LEASE, Case, CasePerson, Claim, Draft, Skip, State
from ops.moderation.models.comfort import Comfort, comfort_of
from ops.moderation.models.decisions import TIMED, Act, Cause, CoveredMessage, Decision, Measure
from ops.moderation.models.flags import Flag, FlagImport, ImportState, Outcome, Source
from ops.moderation.models.groups import DONE, DecisionGroup, GroupAction, GroupedCase, GroupKind, LeftOut
from ops.moderation.models.labels import CannedReason, CannedReasonQuerySet, Label, LabelQuerySet, Severity
from ops.moderation.models.notes import Note, NotePerson
from ops.moderation.models.openings import Opening
from ops.moderation.models.views import View

__all__ = [
    "DONE",
    "LEASE",
    "TIMED",
    "Act",
    "CannedReason",
    "CannedReasonQuerySet",
    "Case",
    "CasePerson",
    "Cause",
    "Claim",
    "Comfort",
    "CoveredMessage",
    "Decision",
    "DecisionGroup",
    "Draft",
    "Flag",
    "FlagImport",
    "GroupAction",
    "GroupKind",
    "GroupedCase",
    "ImportState",
    "Label",
    "LabelQuerySet",
    "LeftOut",
    "Measure",
    "Note",
    "NotePerson",
    "Opening",
    "Outcome",
    "Severity",
    "Skip",
    "Source",
    "State",
    "View",
    "comfort_of",
]
