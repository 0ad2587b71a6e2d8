"""Exceptions raised when a step on a flag, case or decision is refused."""

from __future__ import annotations

from ops.accounts.refusals import Refused


class FlagRefused(Refused):
    """A report, its withdrawal, or an import of reports is refused."""


class ClaimRefused(Refused):
    """A claim, or the release of one, is refused."""


class DecisionRefused(Refused):
    """A decision, or another step of a case, is refused."""


class Outdated(DecisionRefused):
    """The case has changed since the page was opened, or the claim on it is lost."""
