"""The pages of labels and canned reasons in a real browser, which fails on what the content security policy blocks."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from messaging.tests.browsing import check_in_each_look, click_in_each_look, open_filters, open_from_menu, sign_in
from ops.moderation.models import CannedReason, Label
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LABELS, REASONS = "/console/moderation/label/", "/console/moderation/cannedreason/"


@pytest.fixture(autouse=True)
def starting_set(transactional_db: Any, settings: Any, tmp_path: Any) -> None:
    settings.PRIVATE_DIR = tmp_path / "private"
    call_command("load_labels")


def save(page: Page) -> None:
    click_in_each_look(page, page.get_by_role("button", name="Save", exact=True))


def test_a_lead_looks_after_labels(page: Page) -> None:
    sign_in(page, make_staff("lena"))
    page.goto("/console/")
    open_from_menu(page, "Settings", "Labels")
    expect(page.get_by_role("row")).to_have_count(1 + Label.objects.count())
    check_in_each_look(page)

    click_in_each_look(page, page.get_by_role("link", name="Add label"))
    check_in_each_look(page)
    page.get_by_role("textbox", name="Name:").press_sequentially("Fake reviews")
    expect(page.get_by_label("Slug")).to_have_value("fake-reviews")
    click_in_each_look(page, page.get_by_label("Colour"))
    click_in_each_look(page, page.locator("#clr-swatches button").nth(5))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Colour")).to_have_value("#2563eb")
    page.get_by_label("Severity").select_option("Low: within 72 hours")
    page.get_by_label("Wording").fill("It praises a product for money")
    save(page)
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.goto(f"{LABELS}?q=praises")
    click_in_each_look(page, page.get_by_role("link", name="Fake reviews").first)
    expect(page.locator(".review-label")).to_have_text("F Fake reviews")
    check_in_each_look(page)
    page.get_by_label("Active").uncheck()
    save(page)
    open_filters(page)
    page.get_by_role("link", name="Off", exact=True).click()
    expect(page.get_by_role("row")).to_have_count(2)
    check_in_each_look(page)


def test_a_lead_looks_after_canned_reasons(page: Page) -> None:
    sign_in(page, make_staff("lena"))
    page.goto(LABELS)
    click_in_each_look(page, page.get_by_role("row", name="Harassment").get_by_role("link", name="2", exact=True))
    expect(page.get_by_role("row")).to_have_count(3)
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Insulting message"))
    check_in_each_look(page)
    page.get_by_label("Text").fill("Your message of {date was removed.")
    save(page)
    expect(page.get_by_text("A brace belongs to no placeholder.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Text").fill("Your message of {date} was removed.")
    save(page)
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert CannedReason.objects.filter(text="Your message of {date} was removed.").count() == 1


def test_a_policy_moves_as_a_file(page: Page) -> None:
    sign_in(page, make_staff("lena"))
    page.goto(LABELS)
    click_in_each_look(page, page.get_by_role("link", name="Export…"))
    check_in_each_look(page)
    page.get_by_label("Format").select_option("JSON")
    with page.expect_download() as download:
        click_in_each_look(page, page.get_by_role("button", name="Export labels"))
    content = download.value.path().read_text().replace("#dc2626", "#C2410C")

    page.goto(LABELS)
    click_in_each_look(page, page.get_by_role("link", name="Import…"))
    check_in_each_look(page)
    file = {"name": "labels.json", "mimeType": "application/json", "buffer": content.encode()}
    page.get_by_label("File to import").set_input_files(file)  # type: ignore[arg-type]
    click_in_each_look(page, page.get_by_role("button", name="Check file"))
    expect(page.get_by_text("0 added, 1 changed, 0 deleted")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Import labels"))
    expect(page.get_by_text("Import finished")).to_be_visible()
    assert Label.objects.get(slug="threat").colour == "#c2410c"
