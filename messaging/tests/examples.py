"""How many examples a property is tested with."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100  # of Hypothesis itself
# For make test, and for runs that repeat what another one searched more widely: --hypothesis-profile brief. However
# busy the machine is, no example is too slow, as with the next one.
BRIEF = "brief"
# For the first run of .ci/run, the same examples each time: a failure there is one of the change that is checked.
CHECK = "check"

settings.register_profile(BRIEF, max_examples=15, deadline=None)
settings.register_profile(CHECK, settings.get_profile("ci"), max_examples=40)


def examples(number: int) -> int:
    """So many examples; as much less as the run's profile takes less than usual, but five at least."""
    profile: int = settings.default.max_examples  # type: ignore[union-attr]
    return max(5, number * min(profile, USUAL) // USUAL)
