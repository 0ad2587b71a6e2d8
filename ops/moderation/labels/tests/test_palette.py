"""Colours of labels: each offered one stands out on every page, and the letter on any colour is readable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from ops.moderation.labels.palette import SAMPLES, contrast, text_on

AA_TEXT, AA_GRAPHICS = 4.5, 3.0


def backgrounds() -> list[str]:
    """Return the console's backgrounds in light and dark, read from its style sheet."""
    style = (Path(settings.BASE_DIR) / "ops/static/console/console.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--(?:page|surface): light-dark\((#\w{6}), (#\w{6})\);", style)
    return [colour for pair in pairs for colour in pair]


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#2563eb", "#2563eb") == 1


@pytest.mark.parametrize("colour", [colour for colour, _ in SAMPLES])
def test_an_offered_colour_is_seen_on_every_page(colour: str) -> None:
    assert re.fullmatch(r"#[0-9a-f]{6}", colour)
    assert len(backgrounds()) == 4
    assert min(contrast(colour, background) for background in backgrounds()) >= AA_GRAPHICS


@given(st.integers(0, 0xFFFFFF))
def test_text_can_be_read_on_any_colour(number: int) -> None:
    colour = f"#{number:06x}"
    assert contrast(colour, text_on(colour)) >= AA_TEXT
