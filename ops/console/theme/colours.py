"""Readability of colours: their contrast (WCAG 2), and the nearest readable colour of the same hue.

A colour is ``#rrggbb``. This module does not depend on themes.
"""

from __future__ import annotations

import re
from colorsys import hls_to_rgb, rgb_to_hls
from functools import lru_cache

READABLE = 4.5  # the contrast that WCAG's level AA requires for text
DARK, LIGHT = "#0d1a30", "#ffffff"  # text on backgrounds that have no text colour of their own


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 (the same) to 21 (black and white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, *backgrounds: str, least: float = READABLE) -> str:
    """Return ``colour`` if it has the contrast ``least`` with each background, else the nearest lightness that has it.

    If none has it, return the one with the highest contrast.
    """

    def worst(candidate: str) -> float:
        return min(contrast(candidate, background) for background in backgrounds)

    if worst(colour) >= least:
        return colour
    own = _lightness(colour)
    shades = sorted((step / 100 for step in range(101)), key=lambda lightness: abs(lightness - own))
    candidates = [toned(colour, lightness) for lightness in shades]
    return next((one for one in candidates if worst(one) >= least), max(candidates, key=worst))


def toned(colour: str, lightness: float, most_saturation: float = 1.0) -> str:
    """Return the colour of the same hue with this lightness, from 0 to 1, and at most this saturation."""
    hue, _, saturation = rgb_to_hls(*_parts(colour))
    return _written(hls_to_rgb(hue, lightness, min(saturation, most_saturation)))


def lighter(colour: str, least: float) -> str:
    """Return the colour of the same hue with at least this lightness."""
    return toned(colour, max(_lightness(colour), least))


def mixed(one: str, other: str, share: float) -> str:
    """Return ``one`` mixed with a share, from 0 to 1, of the other colour."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return _written(tuple(a + (b - a) * share for a, b in pairs))


def text_on(background: str) -> str:
    """Return the dark or the white text colour, whichever has more contrast; black if neither is readable."""
    best = max(DARK, LIGHT, key=lambda text: contrast(text, background))
    return best if contrast(best, background) >= READABLE else "#000000"


def long_form(colour: str) -> str:
    """Return ``#rrggbb`` for a colour that may be written as ``#rgb``. Raise ValueError for anything else."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    if not re.fullmatch("[0-9A-Fa-f]{6}", digits):
        raise ValueError(f"{colour!r} is no colour: #rrggbb is one.")
    return f"#{int(digits, 16):06x}"


def _parts(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))


def _written(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _lightness(colour: str) -> float:
    return rgb_to_hls(*_parts(colour))[1]


@lru_cache(maxsize=1024)
def _luminance(colour: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
