"""The pages of reference data in a real browser, which fails if the content security policy blocks anything."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import check_in_each_look, click_in_each_look, sign_in
from ops.audit.tests.reference.models import Colour
from ops.conftest import make_staff
from ops.files.formulas import MARK

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/console/reference_tests/colour/"


def test_a_file_is_exported_and_imported(page: Page, transactional_db: Any) -> None:
    ivy = make_staff("ivy", "view_colour", "import_colour", "export_colour")
    Colour.objects.create(name="red", note="old")
    sign_in(page, ivy)

    page.goto(LIST)
    click_in_each_look(page, page.get_by_role("link", name="Export…"))
    everything, weight = page.get_by_label("Select all"), page.get_by_label("Weight")
    expect(everything).to_be_checked()
    everything.uncheck()
    expect(weight).not_to_be_checked()
    weight.check()
    expect(everything).not_to_be_checked()
    everything.check()
    expect(page.get_by_label("Name", exact=True)).to_be_checked()
    check_in_each_look(page)
    page.get_by_label("Format").select_option("CSV")
    with page.expect_download() as download:
        click_in_each_look(page, page.get_by_role("button", name="Export colours"))
    assert download.value.path().read_text() == f'"name","note","{MARK}","weight"\n"red","old","","0"\n'

    page.goto(LIST)
    click_in_each_look(page, page.get_by_role("link", name="Import…"))
    check_in_each_look(page)
    content = b"name,note\nred,new\nblue,\n"
    page.get_by_label("File to import").set_input_files(
        {"name": "colours.csv", "mimeType": "text/csv", "buffer": content}
    )
    expect(page.get_by_label("Format")).to_have_value("0")  # guessed from the name
    click_in_each_look(page, page.get_by_role("button", name="Check file"))
    expect(page.get_by_text("1 added, 1 changed, 0 deleted")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Import colours"))
    expect(page.get_by_text("Import finished: 1 new, 1 updated")).to_be_visible()
