"""A team's colours, logo and environment in a real browser, in light and dark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from admin_interface.models import Theme
from PIL import Image
from playwright.sync_api import Page, expect

from messaging.tests.browsing import Scheme, check, check_in_each_look, click_in_each_look, in_each_look, sign_in
from messaging.tests.cast import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COLOURS = {
    "Colour of the environment": "#e67e22",
    "Header background": "#7a1f5c",
    "Links": "#0b6b3a",
    "Links under the pointer": "#064022",
    "Heading background": "#f3e3ee",
    "Heading text": "#4a1237",
    "Button background": "#0b6b3a",
    "Button background under the pointer": "#064022",
    "Delete button background": "#8a1c1c",
}
# The background of the header, which is darkened for the dark scheme.
GROUND: dict[Scheme, str] = {"light": "rgb(122, 31, 92)", "dark": "rgb(31, 10, 24)"}


def test_a_team_chooses_its_colours_logo_and_environment(
    page: Page, transactional_db: Any, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    Image.new("RGB", (300, 120), "#ffcc00").save(tmp_path / "logo.jpg")
    rosa = make_user("rosa", is_staff=True, is_superuser=True)
    sign_in(page, rosa)
    page.goto(f"/console/admin_interface/theme/{Theme.objects.get_active().pk}/change/")
    page.get_by_label("Title:", exact=True).fill("Acme Trust & Safety")
    page.get_by_label("Environment:", exact=True).fill("STAGING")
    page.get_by_label("Show the environment").check()
    page.get_by_label("Logo:").set_input_files(tmp_path / "logo.jpg")
    page.get_by_label("Show the logo").check()
    for label, colour in COLOURS.items():
        page.get_by_label(f"{label}:", exact=True).fill(colour)
    page.get_by_label("Header text:").fill("#8a3a6c")
    click_in_each_look(page, page.get_by_role("button", name="Save", exact=True))
    expect(page.get_by_text("Text in this colour is hard to read on “Header background”")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Header text:").fill("#ffffff")
    page.get_by_label("Logo:").set_input_files(tmp_path / "logo.jpg")
    click_in_each_look(page, page.get_by_role("button", name="Save", exact=True))
    expect(page).to_have_url(re.compile("/theme/$"))
    environment = page.locator("#header .environment")
    for _ in in_each_look(page):
        expect(environment).to_have_text("Environment: STAGING")
        expect(environment).to_be_visible()
        check(page)
    assert page.locator("#header img.logo").evaluate("image => image.naturalWidth") == 160
    for address in ("", "messaging/conversation/", "accounts/user/", f"accounts/user/{rosa.pk}/change/"):
        page.goto(f"/console/{address}")
        for _ in in_each_look(page):
            expect(page.get_by_text("Acme Trust & Safety")).to_be_visible()
            check(page)
    for scheme, ground in GROUND.items():
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("#header")).to_have_css("background-color", ground)
    page.context.clear_cookies()
    page.goto("/console/login/")
    for _ in in_each_look(page):
        expect(environment).to_be_visible()
        check(page)
