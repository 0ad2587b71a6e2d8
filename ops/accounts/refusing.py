"""What every verb about deletions raises where it is refused."""

from __future__ import annotations


class DeletionRefused(Exception):
    """A step of a deletion is refused; the text says why and what to do."""
