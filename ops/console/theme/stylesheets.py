"""The style sheets of django-admin-interface, joined into one file of ours.

Its pages link to 28 small ones, each a request of the browser: two thirds of all requests of a page.
``python -m ops.console.theme.stylesheets`` regenerates the file (docs/updating.md); a test compares the two.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import admin_interface
from django.conf import settings
from django.templatetags.static import static

ONE = "console/admin_interface.css"
WRITTEN_TO = Path(__file__).resolve().parents[2] / "static" / ONE
PACKAGE = Path(admin_interface.__file__).parent
NAMED = re.compile(r"'(admin_interface/css/[^']+)'")
FOR_SOME_THEMES = "admin_interface/css/recent-actions.css"  # linked only if a theme hides recent actions
LINK = re.compile(r'[ \t]*<link rel="stylesheet"\s+href="([^"?]+)[^"]*">\n?')
# Django's logo, which our header never shows: more than a fifth of a page.
LOGO = re.compile(r'[ \t]*--admin-interface-logo-default-background-image: url\("data:[^"]*"\);\n?')


@cache
def sheets() -> tuple[str, ...]:
    """Return the static names of the sheets that every page has, in order."""
    template = PACKAGE / "templates" / "admin" / "base_site.html"
    named = NAMED.findall(template.read_text(encoding="utf-8"))
    return tuple(name for name in named if name != FOR_SOME_THEMES)


def joined() -> str:
    """Return the sheets, concatenated, below their licence, which must be kept with them."""
    licence = str(distribution("django-admin-interface").read_text("licenses/LICENSE.txt")).strip()
    about = f"/* The style sheets of django-admin-interface as one file.\n\n{licence}\n*/"
    texts = [f"/* {name} */\n{(PACKAGE / 'static' / name).read_text(encoding='utf-8').strip()}" for name in sheets()]
    return "\n\n".join([about, *texts]) + "\n"


def lean(head: str) -> str:
    """Return the head of django-admin-interface with one link in place of those to the sheets, and without its unused
    parts: a logo, and a Persian font from another host, which pages may not load."""
    addresses, one = {static(name) for name in sheets()}, f'<link rel="stylesheet" href="{static(ONE)}">\n'

    def kept(link: re.Match[str]) -> str:
        nonlocal one
        if link[1] in addresses:
            first, one = one, ""
            return first
        return link[0] if link[1].startswith(settings.STATIC_URL) else ""

    return LINK.sub(kept, LOGO.sub("", head))


if __name__ == "__main__":
    WRITTEN_TO.write_text(joined(), encoding="utf-8")
