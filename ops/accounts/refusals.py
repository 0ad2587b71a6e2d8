"""What a function that staff call raises where it refuses."""

from __future__ import annotations


class Refused(Exception):
    """Nothing was changed; the text is a sentence for people that says why and what to do."""
