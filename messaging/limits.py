"""How long a text may be."""

from __future__ import annotations

LONGEST_TEXT = 10 << 20  # characters of a message
