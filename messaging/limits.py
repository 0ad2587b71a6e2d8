"""How long a text may be."""

from __future__ import annotations

LONGEST_TEXT = 10 << 20  # characters of a message
TEXT_TOO_LONG = f"The text has more than {LONGEST_TEXT:,} characters: shorten it, or send it in parts."
