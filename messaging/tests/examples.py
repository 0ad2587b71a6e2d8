"""How many examples a property is tested with."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100  # of Hypothesis itself
# For make test, and for runs that repeat what another one searched widely: --hypothesis-profile brief
BRIEF = "brief"

settings.register_profile(BRIEF, max_examples=15)


def examples(number: int) -> int:
    """So many examples; as much less as the run's profile takes less than usual, but five at least."""
    profile: int = settings.default.max_examples  # type: ignore[union-attr]
    return max(5, number * min(profile, USUAL) // USUAL)
