"""Pages link to one file with the style sheets of django-admin-interface, and contain no unused parts of it."""

from __future__ import annotations

import re
from typing import Any

from admin_interface.models import Theme
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.test import Client

from ops.console.theme.stylesheets import FOR_SOME_THEMES, ONE, WRITTEN_TO, joined, lean, sheets


def linked(page: bytes) -> list[str]:
    """Return the static names of the style sheets that a page links to."""
    links = re.findall(r'<link rel="stylesheet"\s+href="([^"?]+)', page.decode())
    return [link.removeprefix(static("")) for link in links]


def test_the_file_matches_the_installed_version() -> None:
    assert len(sheets()) > 20
    assert WRITTEN_TO.read_text(encoding="utf-8") == joined(), "run python -m ops.console.theme.stylesheets"
    assert "The MIT License" in joined()


def test_a_page_links_to_the_one_stylesheet_in_place_of_the_others(db: Any, client: Client) -> None:
    found = linked(client.get("/console/login/").content)
    assert found.count(ONE) == 1
    assert not set(found) & set(sheets())
    assert found.index("admin/css/base.css") < found.index(ONE) < found.index("console/console.css")
    assert all(map(finders.find, found))


def test_the_sheet_of_some_themes_stays(db: Any, client: Client) -> None:
    Theme.objects.update(recent_actions_visible=False)
    found = linked(client.get("/console/login/").content)
    assert found.index(ONE) < found.index(FOR_SOME_THEMES)


def test_other_links_stay() -> None:
    others = '<link rel="stylesheet" href="/static/admin/css/base.css">\n<link rel="icon" href="/static/x.png">\n'
    assert lean(others) == others
    first, second = (f'<link rel="stylesheet" href="{static(name)}?v=1">\n' for name in sheets()[:2])
    assert lean(first + others + second) == f'<link rel="stylesheet" href="{static(ONE)}">\n{others}'


def test_nothing_comes_from_another_host_in_any_language(db: Any, client: Client, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("fa", "Persian")]
    page = client.get("/console/login/", headers={"accept-language": "fa"}).content
    assert b'lang="fa"' in page
    assert all(map(finders.find, linked(page)))


def test_the_default_logo_is_in_no_page(db: Any, client: Client) -> None:
    page = client.get("/console/login/").content.decode()
    assert "--admin-interface-logo-color" in page
    assert "logo-default-background-image" not in page
