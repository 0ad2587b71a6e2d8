"""The light and dark colours of a page, derived from those of a theme.

Light mode uses the chosen colours, dark mode their hues. An unreadable text colour is replaced by the nearest readable
one of its hue, because a theme may come from an older version, or from a file.
"""

from __future__ import annotations

from typing import Any

from ops.console.theme.colours import contrast, lighter, long_form, mixed, readable, text_on, toned

Pair = tuple[str, str]  # light, dark

# The backgrounds of pages, as in console.css: --page, --surface and --sunken.
GROUNDS: tuple[tuple[str, ...], tuple[str, ...]] = (
    ("#f5f7fa", "#ffffff", "#eef1f6"),
    ("#12161f", "#1a2030", "#232b3d"),
)
SIGN = 3.0  # the contrast that WCAG's level AA requires for anything that is not text


def palette(theme: Any) -> dict[str, Pair]:
    """Return the CSS custom properties for ``theme``, by name without the leading dashes."""
    chosen = {
        field.name: _chosen(theme, field) for field in theme._meta.concrete_fields if field.name.endswith("_color")
    }
    return {
        **_header(chosen),
        **_links(chosen),
        **_headings(chosen),
        **_button(chosen, "save"),
        **_button(chosen, "delete"),
        "env-bg": (chosen["env_color"],) * 2,
        "env-fg": (text_on(chosen["env_color"]),) * 2,
    }


def _chosen(theme: Any, field: Any) -> str:
    """Return the colour in a field of a theme, or the default of the field if it is not a colour."""
    try:
        return long_form(getattr(theme, field.name))
    except ValueError:
        return long_form(field.default)


def _header(chosen: dict[str, str]) -> dict[str, Pair]:
    light = chosen["css_header_background_color"]
    grounds = (light, toned(light, 0.08, 0.5))
    texts = {
        "frame-title": chosen["title_color"],
        "frame-strong": chosen["css_header_text_color"],
        "frame-text": chosen["css_header_link_color"],
        "frame-text-hover": chosen["css_header_link_hover_color"],
    }
    found = {name: _on(text, grounds) for name, text in texts.items()}
    hovered = [_hover(ground, [pair[at] for pair in found.values()]) for at, ground in enumerate(grounds)]
    strong = found["frame-strong"]
    lines = [readable(mixed(ground, strong[at], 0.5), ground, least=SIGN) for at, ground in enumerate(grounds)]
    return {
        "admin-interface-header-background-color": grounds,
        "admin-interface-header-text-color": strong,
        "admin-interface-header-link-color": found["frame-text"],
        "admin-interface-header-link-hover-color": found["frame-text-hover"],
        **found,
        "frame-hover": (hovered[0], hovered[1]),
        "frame-line": (lines[0], lines[1]),
        "frame-on-line": (text_on(lines[0]), text_on(lines[1])),
    }


def _hover(ground: str, texts: list[str]) -> str:
    """Return a background that stands out a little, on which all of these text colours remain readable."""
    shades = (mixed(ground, texts[0], share / 100) for share in range(16, 0, -2))
    return next((one for one in shades if all(contrast(text, one) >= 4.5 for text in texts)), ground)


def _links(chosen: dict[str, str]) -> dict[str, Pair]:
    link, hover = chosen["css_generic_link_color"], chosen["css_generic_link_hover_color"]
    soft = (toned(link, 0.94, 0.75), toned(link, 0.25, 0.42))
    accent = (readable(link, *GROUNDS[0], soft[0]), readable(lighter(link, 0.72), *GROUNDS[1], soft[1]))
    hovered = (readable(hover, *GROUNDS[0], soft[0]), readable(lighter(hover, 0.84), *GROUNDS[1], soft[1]))
    return {
        "accent": accent,
        "accent-hover": hovered,
        "accent-soft": soft,
        "admin-interface-generic-link-color": accent,
        "admin-interface-generic-link-hover-color": hovered,
        "admin-interface-generic-link-active-color": hovered,
    }


def _headings(chosen: dict[str, str]) -> dict[str, Pair]:
    prefix = "css_module_"
    light, selected = chosen[f"{prefix}background_color"], chosen[f"{prefix}background_selected_color"]
    grounds = (light, toned(light, 0.19, 0.28))
    marked = (selected, toned(selected, 0.25, 0.42))
    name = "admin-interface-module"
    return {
        f"{name}-background-color": grounds,
        f"{name}-background-selected-color": marked,
        f"{name}-text-color": _on(chosen[f"{prefix}text_color"], grounds),
        f"{name}-link-color": _on(chosen[f"{prefix}link_color"], grounds),
        f"{name}-link-hover-color": _on(chosen[f"{prefix}link_hover_color"], grounds),
        f"{name}-link-selected-color": _on(chosen[f"{prefix}link_selected_color"], marked),
    }


def _button(chosen: dict[str, str], kind: str) -> dict[str, Pair]:
    ground, hover, text = (
        chosen[f"css_{kind}_button_{part}_color"] for part in ("background", "background_hover", "text")
    )
    grounds, hovered = (ground, lighter(ground, 0.72)), (hover, lighter(hover, 0.84))
    name = f"admin-interface-{kind}-button"
    return {
        f"{name}-background-color": grounds,
        f"{name}-background-hover-color": hovered,
        f"{name}-text-color": (
            readable(text, grounds[0], hovered[0]),
            readable(toned(ground, 0.1), grounds[1], hovered[1]),
        ),
    }


def _on(text: str, grounds: Pair) -> Pair:
    """Return a readable text colour for the light background, and for the dark one."""
    return readable(text, grounds[0]), readable(lighter(text, 0.72), grounds[1])
