"""The maximum length of a text."""

from __future__ import annotations

LONGEST_TEXT = 10 << 20  # characters of a message
