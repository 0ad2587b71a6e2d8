"""Text is readable in light and in dark, whatever colours a team chooses."""

from __future__ import annotations

import pytest
from admin_interface.models import Theme
from hypothesis import given
from hypothesis import strategies as st

from ops.console.theme.colours import READABLE, contrast, long_form, readable, text_on, toned
from ops.console.theme.palette import GROUNDS, palette

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
NAMES = [field.name for field in Theme._meta.concrete_fields if field.name.endswith("_color")]
MODULE, SAVE, DELETE = (f"admin-interface-{part}" for part in ("module", "save-button", "delete-button"))
TEXT_AND_GROUND = [
    *((text, "admin-interface-header-background-color") for text in (
        "frame-title", "frame-strong", "frame-text", "frame-text-hover")),
    ("frame-strong", "frame-hover"),
    ("frame-on-line", "frame-line"),
    ("env-fg", "env-bg"),
    ("accent", "accent-soft"),
    ("accent-hover", "accent-soft"),
    *((f"{MODULE}-{text}-color", f"{MODULE}-background-color") for text in ("text", "link", "link-hover")),
    (f"{MODULE}-link-selected-color", f"{MODULE}-background-selected-color"),
]  # fmt: skip


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1


def test_a_colour_that_can_be_read_stays_and_another_keeps_its_hue() -> None:
    assert readable("#1d4f9c", "#ffffff") == "#1d4f9c"
    corrected = readable("#8fc0ff", "#ffffff")
    assert contrast(corrected, "#ffffff") >= READABLE
    assert corrected == toned("#8fc0ff", 0.43) or int(corrected[5:], 16) > int(corrected[1:3], 16)


@given(COLOURS)
def test_text_on_any_colour_can_be_read(colour: str) -> None:
    assert contrast(text_on(colour), colour) >= READABLE


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, COLOURS)))
def test_any_theme_can_be_read_in_light_and_dark(chosen: dict[str, str]) -> None:
    found = palette(Theme(**chosen))
    for at in (0, 1):
        for text, ground in TEXT_AND_GROUND:
            assert contrast(found[text][at], found[ground][at]) >= READABLE, (at, text, ground)
        for text in ("accent", "accent-hover"):
            assert min(contrast(found[text][at], ground) for ground in GROUNDS[at]) >= READABLE


@pytest.mark.parametrize("kind", [SAVE, DELETE])
def test_buttons_keep_their_colours_in_light_and_can_be_read_in_dark(kind: str) -> None:
    field = kind.removeprefix("admin-interface-").replace("-", "_")
    names = [f"css_{field}_{part}_color" for part in ("background", "background_hover", "text")]
    found = palette(Theme(**dict(zip(names, ("#0b6b3a", "#064022", "#ffffff"), strict=True))))
    ground, hover, text = (found[f"{kind}-{part}-color"] for part in ("background", "background-hover", "text"))
    assert (ground[0], hover[0], text[0]) == ("#0b6b3a", "#064022", "#ffffff")
    assert contrast(text[1], ground[1]) >= READABLE
    assert contrast(text[1], hover[1]) >= READABLE


def test_a_colour_that_is_none_is_the_default() -> None:
    found = palette(Theme(css_header_background_color="red;}", title_color=""))
    assert found["admin-interface-header-background-color"][0] == "#0c4b33"
    with pytest.raises(ValueError, match="no colour"):
        long_form("#12345")
