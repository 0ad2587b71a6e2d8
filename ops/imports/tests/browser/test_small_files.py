"""Data staff import small files in a browser: columns, names, faults and keys; with one web server and one worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import modify_settings
from playwright.sync_api import Page, expect

from messaging.tests.browsing import NARROW, WIDE, Scheme, check, check_in_each_look, click_in_each_look
from ops.imports.tests.browser import bringing
from ops.imports.tests.browser.bringing import WHEN, WORK, bring
from ops.jobs.tests.installations import Installation

pytestmark = pytest.mark.browser

STORED = f"{bringing.__name__}.stored"
OTHER_LOOKS: list[tuple[int, Scheme]] = [(WIDE, "dark"), (NARROW, "light")]


@pytest.fixture(scope="module")
def console(databases: Any) -> Installation:
    """A database with people in it, shared by these tests: starting everything takes longer than each of them."""
    made: Installation = databases.fresh()
    made.call(f"{bringing.__name__}.prepare")
    return made


@pytest.fixture(scope="module")
def live_server(console: Installation) -> Iterator[Any]:
    """Pages and a worker of Threadward in processes of their own, instead of pytest-django's server."""
    with console.going(*WORK):
        # pytest-django modifies settings for its own server, and expects this of whatever replaces it.
        yield SimpleNamespace(url=console.serve(), _live_server_modified_settings=modify_settings())


def test_columns_are_chosen_and_changed_texts_recorded_as_edits(
    dan: Any, console: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "other-program.csv"
    file.write_text(
        "Id;Reply to;From;To;When;Text\n"
        f"here-1;;alice;bob;{WHEN};We meet at eleven.\n"
        f"here-2;here-1;bob;alice;{WHEN};Fine\u202e.\n"
    )
    before = console.call(STORED)
    page = dan()
    bring(page, file)
    expect(page.get_by_role("heading", name="Which column is which?")).to_be_visible()
    check_in_each_look(page, OTHER_LOOKS)
    page.get_by_label("parent_external_id").select_option("Reply to")
    click_in_each_look(page, page.get_by_role("button", name="Check again with these columns"), OTHER_LOOKS)
    expect(page.get_by_text("We meet at")).not_to_have_count(0)
    expect(page.get_by_text("right-to-left override (U+202E)")).to_be_visible()
    check_in_each_look(page, OTHER_LOOKS)
    # The file does not show when its text was written, so the stored one stays unless the user chooses otherwise.
    expect(page.get_by_role("radio", name="Leave the stored texts as they are")).to_be_checked()
    page.get_by_label("Record the new words as edits").check()
    click_in_each_look(page, page.get_by_role("button", name="Import 1 message"), OTHER_LOOKS)
    expect(page.get_by_text("1 changed text")).to_be_visible()
    check_in_each_look(page, OTHER_LOOKS)
    added = {name: number - before[name] for name, number in console.call(STORED).items()}
    assert added == {"messages": 1, "conversations": 0, "histories": 1}


def test_a_file_without_a_header_is_matched_by_its_values(dan: Any, tmp_path: Path) -> None:
    """Using the keyboard; the first values of a column show what it holds."""
    file = tmp_path / "plain.csv"
    file.write_text(
        f"m-1,,alice,bob,{WHEN},hello there,note\n"
        f"m-2,m-1,bob,alice,{WHEN},and back,note\n"
        f"m-3,,alice,bob,{WHEN},bye now,\n"
    )
    page = dan()
    bring(page, file)
    expect(page.get_by_text("The file has no header: its first row holds values like the others.")).to_be_visible()
    check_in_each_look(page)
    samples = page.locator("#column-content-samples .sample")
    expect(samples).to_have_text(["hello there", "and back", "bye now"])
    page.locator("#column-content").focus()
    page.keyboard.press("End")
    expect(samples).to_have_text(["note"])
    page.keyboard.press("ArrowUp")
    expect(samples).to_have_text(["hello there", "and back", "bye now"])
    reach(page, ".columns .of-the-file summary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="column 7")).to_be_visible()
    check_in_each_look(page)
    reach(page, ".columns button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Import 3 messages")).to_be_visible()
    check_in_each_look(page)


def test_a_suggestion_is_taken_by_keyboard_and_the_file_imported(dan: Any, tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    rows = [("y-1", "", "Alice", "bob"), ("y-2", "", "BOB ", "alice"), ("y-3", "gone", "alice", "\u0430lice")]
    lines = [f"{key},{parent},{sender},{receiver},{WHEN},hello" for key, parent, sender, receiver in rows]
    file.write_text("\n".join(["id,parent_id,sender,receiver,timestamp,content", *lines]), encoding="utf-8")
    page = dan()
    bring(page, file)
    expect(page.get_by_text("2 names differ from those of accounts only in")).to_be_visible()
    check_in_each_look(page)
    reach(page, "button[name=suggestion]")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 names differ")).to_have_count(0)
    check_in_each_look(page)
    page.get_by_label("Who \u0430lice is").select_option("somebody new, who gets an account")
    reach(page, ".asked button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Begin conversations")).to_be_visible()
    reach(page, "button[name=cure]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Import 3 messages")).to_be_visible()
    check_in_each_look(page)
    reach(page, ".decision button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 new user")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Open these conversations"))
    expect(page.get_by_text("3 conversations")).to_be_visible()
    check_in_each_look(page)


def test_a_file_is_imported_and_undone_by_keyboard_without_scripts(dan: Any, tmp_path: Path) -> None:
    file = tmp_path / "small.csv"
    file.write_text(f"id,parent_id,sender,receiver,timestamp,content\nx-1,,alice,bob,{WHEN},hello\n")
    page = dan(javascript=False)
    page.goto("/console/imports/import/")
    reach(page, "main a[href$='/imports/import/add/']")
    page.keyboard.press("Enter")
    reach(page, "#id_file")
    page.get_by_label("File", exact=True).set_input_files(file)
    reach(page, "form.upload button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Import 1 message")).to_be_visible()
    reach(page, ".choices summary")
    page.keyboard.press("Enter")
    reach(page, "#again-notify")
    page.keyboard.press("Space")
    reach(page, ".choices button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Notifies the receivers. You can undo it afterwards.")).to_be_visible()
    reach(page, ".decision button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Undo this import…")).to_be_visible()
    reach(page, ".apart a")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type("dan's password")
    page.keyboard.press("Enter")
    reach(page, "button.danger")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing of it is left.")).to_be_visible()


def reach(page: Page, selector: str) -> None:
    """Press Tab until the first element that matches has the focus."""
    target = page.locator(selector).first
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{selector} cannot be reached with the Tab key")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(dan: Any, tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    with file.open("wb") as written:
        written.truncate(513 * 2**20)
    page = dan()
    page.goto("/console/imports/import/add/")
    page.get_by_label("File", exact=True).set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("This file is larger than what is taken")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name="Import messages")).to_be_visible()
    check(page)
