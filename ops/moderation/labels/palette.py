"""The colours on offer for labels, and the colour of text that is readable on each."""

from __future__ import annotations

BLACK, WHITE = "#000000", "#ffffff"
# Each has a contrast of 3:1 or more to the page, light and dark, so that its swatch is visible on both (WCAG 1.4.11).
SAMPLES = [
    ("#c2410c", "orange"),
    ("#dc2626", "red"),
    ("#db2777", "pink"),
    ("#a855f7", "purple"),
    ("#6366f1", "indigo"),
    ("#2563eb", "blue"),
    ("#0284c7", "sky"),
    ("#0d8a7f", "teal"),
    ("#15893f", "green"),
    ("#5f7f12", "olive"),
    ("#a16207", "ochre"),
    ("#64748b", "grey"),
]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours ("#rrggbb") by WCAG 2, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(colour: str) -> str:
    """Return black or white, whichever has more contrast to ``colour``: always 4.5 or more (AA)."""
    return max(BLACK, WHITE, key=lambda text: contrast(text, colour))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
