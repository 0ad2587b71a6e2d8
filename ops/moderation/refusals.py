"""What functions about flags, cases and decisions raise where they refuse."""

from __future__ import annotations

from ops.accounts.refusals import Refused


class FlagRefused(Refused):
    """A message cannot be reported so."""


class ClaimRefused(Refused):
    """A case cannot be claimed."""


class DecisionRefused(Refused):
    """A decision, or another step of a case, is refused."""


class Outdated(DecisionRefused):
    """The case changed since the page was opened, or is somebody else's by now."""
