"""The exception by which functions called from views and commands refuse."""

from __future__ import annotations


class Refused(Exception):
    """Nothing was changed; the message is a sentence for the user with the reason and the remedy."""
