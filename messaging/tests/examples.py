"""The number of examples with which a property is tested."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100  # Hypothesis's own default
# For make test, and for runs that repeat a wider search: --hypothesis-profile brief. No example is too slow, however
# busy the machine is; the same holds for the next profile.
BRIEF = "brief"
# For the first run of .ci/run, with the same examples each time, so that a failure is caused by the checked change.
CHECK = "check"

settings.register_profile(BRIEF, max_examples=15, deadline=None)
settings.register_profile(CHECK, settings.get_profile("ci"), max_examples=40)


def examples(number: int) -> int:
    """Return ``number``, reduced in the same proportion as the profile's own number of examples, but at least five."""
    profile: int = settings.default.max_examples  # type: ignore[union-attr]
    return max(5, number * min(profile, USUAL) // USUAL)
