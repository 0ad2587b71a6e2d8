"""A team's colours, logo and environment in a real browser, in light and dark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from admin_interface.models import Theme
from PIL import Image
from playwright.sync_api import expect

from messaging.tests.browsing import LOOKS, OpenPage, check, sign_in
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


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_team_chooses_its_colours_logo_and_environment(
    open_page: OpenPage, transactional_db: Any, tmp_path: Path, settings: Any, width: int, scheme: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    Image.new("RGB", (300, 120), "#ffcc00").save(tmp_path / "logo.jpg")
    rosa = make_user("rosa", is_staff=True, is_superuser=True)
    page = open_page(width, scheme)
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
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Text in this colour is hard to read on “Header background”")).to_be_visible()
    check(page)
    page.get_by_label("Header text:").fill("#ffffff")
    page.get_by_label("Logo:").set_input_files(tmp_path / "logo.jpg")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile("/theme/$"))
    expect(page.locator("#header .environment")).to_have_text("Environment: STAGING")
    expect(page.locator("#header .environment")).to_be_visible()
    assert page.locator("#header img.logo").evaluate("image => image.naturalWidth") == 160
    check(page)
    for address in ("", "messaging/conversation/", "accounts/user/", f"accounts/user/{rosa.pk}/change/"):
        page.goto(f"/console/{address}")
        expect(page.get_by_text("Acme Trust & Safety")).to_be_visible()
        check(page)
    ground = page.locator("#header").evaluate("header => getComputedStyle(header).backgroundColor")
    assert ground == ("rgb(122, 31, 92)" if scheme == "light" else "rgb(31, 10, 24)")
    page.context.clear_cookies()
    page.goto("/console/login/")
    expect(page.locator("#header .environment")).to_be_visible()
    check(page)
