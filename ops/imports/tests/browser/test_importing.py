"""Data staff bring real files in a browser, with a web server and a worker in processes of their own."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import modify_settings
from playwright.sync_api import Page, expect

from messaging.models import Conversation, Message, MessageHistory
from messaging.tests.browsing import (
    LOOKS,
    NARROW,
    WIDE,
    OpenPage,
    Scheme,
    check,
    check_in_each_look,
    click_in_each_look,
    open_from_menu,
)
from messaging.tests.cast import make_user
from ops.conftest import make_staff
from ops.imports.tests.files import SHARED
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job
from ops.jobs.run import Run, stop
from ops.jobs.running import run
from ops.jobs.tests.installations import Installation

pytestmark = pytest.mark.browser

OTHER_LOOKS: list[tuple[int, Scheme]] = [(WIDE, "dark"), (NARROW, "light")]
IRC, WIKITALK = SHARED / "irc-ubuntu" / "messages.csv", SHARED / "wikitalk" / "messages.csv"
WORK = ("work", "--processes", "1")
A_JOB = 60_000  # milliseconds


# --- In processes of its own: people, and what is stored ---------------------------------------------------------


def prepare() -> None:
    """Dan imports; Alice and Bob wrote before."""
    make_staff("dan", "import_messages", "export_messages", "view_conversation", "view_message")
    alice, bob = make_user("alice"), make_user("bob")
    Message.objects.create(sender=alice, receiver=bob, external_id="here-1", content="We meet at noon.", timestamp=WHEN)


def stored() -> dict[str, int]:
    models = {"messages": Message, "conversations": Conversation, "histories": MessageHistory}
    return {name: model._default_manager.count() for name, model in models.items()}


def store_a_part() -> int:
    """Do the import like a worker that is told to end when the first rows are stored; how many messages there are."""
    batch = Run.batch

    @contextmanager
    def only_one(work: Run) -> Iterator[None]:
        with batch(work):
            yield
        stop.requested = "stored" in work.cursor

    Run.batch = only_one  # type: ignore[method-assign, assignment]
    run(Job.objects.get(kind="import.store", state__in=UNDER_WAY).pk)
    return Message.objects.count()


WHEN = "2026-01-05T10:00:00+00:00"


@pytest.fixture
def console(databases: Any) -> Installation:
    """A database with people in it, of its own."""
    made: Installation = databases.fresh()
    made.call(f"{__name__}.prepare")
    return made


@pytest.fixture
def live_server(console: Installation) -> Iterator[Any]:
    """Threadward in processes of its own, pages and a worker, in the place of pytest-django's server."""
    with console.going(*WORK) as worker:
        # pytest-django changes its own server's settings, whatever stands in for it.
        untouched = modify_settings()
        yield SimpleNamespace(url=console.serve(), worker=worker, _live_server_modified_settings=untouched)


@pytest.fixture
def dan(open_page: OpenPage) -> Callable[..., Page]:
    """Opens a page on which Dan has signed in."""

    def sign_in(width: int = WIDE, scheme: Any = "light", *, javascript: bool = True) -> Page:
        page = open_page(width, scheme, javascript)
        page.goto("/console/")
        page.get_by_label("Username").fill("dan")
        page.get_by_label("Password").fill("dan's password")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Home")).to_be_visible()
        return page

    return sign_in


def bring(page: Page, path: Path) -> None:
    page.goto("/console/imports/import/add/")
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name=f"Import of {path.name}")).to_be_visible()


def needs(path: Path) -> Any:
    return pytest.mark.skipif(not path.exists(), reason=f"{path} is not there")


# --- Real conversations ----------------------------------------------------------------------------------------------


@needs(IRC)
def test_44082_messages_come_in_go_and_come_again(dan: Any, console: Installation) -> None:
    page = dan()
    page.goto("/console/")
    open_from_menu(page, "Data")
    check(page)
    page.get_by_role("link", name="Import messages…").first.click()
    check(page)
    bring(page, IRC)
    expect(page.get_by_text("problems must be fixed first")).to_be_visible(timeout=A_JOB)
    expect(page.get_by_text("5,570 missing users")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Create missing users").click()
    expect(page.get_by_role("button", name="Import 44,082 messages")).to_be_visible(timeout=A_JOB)
    expect(page.get_by_text("11,096 new conversations")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Import 44,082 messages").click()
    # How far it is, or already what came of it: between two looks a fast machine may end it.
    progress = page.get_by_text(re.compile(r"[1-9][\d,]* of 44,082 messages"))
    expect(progress.or_(page.get_by_text("32,986 are replies")).first).to_be_visible(timeout=A_JOB)
    expect(page.get_by_text("32,986 are replies")).to_be_visible(timeout=A_JOB)
    check(page)
    assert console.call(f"{__name__}.stored") == {"messages": 44_083, "conversations": 11_097, "histories": 0}

    page.get_by_role("link", name="Undo this import…").click()
    page.get_by_label("Your password").fill("dan's password")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("44,082 messages that this import added")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Undo the import of 44,082 messages").click()
    expect(page.get_by_text("Nothing of it is left.")).to_be_visible(timeout=A_JOB)
    check(page)
    assert console.call(f"{__name__}.stored") == {"messages": 1, "conversations": 1, "histories": 0}

    bring(page, IRC)
    page.get_by_role("button", name="Create missing users").click(timeout=A_JOB)
    page.get_by_role("button", name="Import 44,082 messages").click(timeout=A_JOB)
    expect(page.get_by_text("32,986 are replies")).to_be_visible(timeout=A_JOB)
    assert console.call(f"{__name__}.stored") == {"messages": 44_083, "conversations": 11_097, "histories": 0}


@needs(IRC)
def test_an_import_that_is_cancelled_leaves_nothing(dan: Any, console: Installation, live_server: Any) -> None:
    """While it waits for a worker, where none is needed for it; and in the middle, by the next worker."""
    page = dan()
    bring(page, IRC)
    page.get_by_role("button", name="Create missing users").click(timeout=A_JOB)
    store = page.get_by_role("button", name="Import 44,082 messages")
    expect(store).to_be_visible(timeout=A_JOB)
    live_server.worker.terminate()
    live_server.worker.wait()
    store.click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Nothing of it is stored")).to_be_visible()
    with console.going(*WORK):
        page.get_by_role("button", name="Check the file again").click()
        expect(store).to_be_visible(timeout=A_JOB)
    store.click()
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    assert 1 < console.call(f"{__name__}.store_a_part") < 44_083
    expect(page.locator("#job-figures")).to_contain_text(re.compile(r"[1-9][\d,]* of 44,082 messages"))
    check(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Being cancelled")).to_be_visible()
    with console.going(*WORK):
        expect(page.get_by_text("Nothing of it is stored")).to_be_visible(timeout=A_JOB)
        check(page)
        assert console.call(f"{__name__}.stored") == {"messages": 1, "conversations": 1, "histories": 0}
        page.get_by_role("button", name="Check the file again").click()
        expect(store).to_be_visible(timeout=A_JOB)


@needs(WIKITALK)
def test_faulty_rows_come_back_are_corrected_and_imported(dan: Any, console: Installation, tmp_path: Path) -> None:
    page = dan()
    bring(page, WIKITALK)
    page.get_by_role("button", name="Create missing users").click(timeout=A_JOB)
    page.get_by_role("button", name="Import only the valid rows").click(timeout=A_JOB)
    button = page.get_by_role("button", name=re.compile(r"Import [\d,]+ messages"))
    expect(button).to_be_visible(timeout=A_JOB)
    expect(page.get_by_text("neither in the file nor stored").first).to_be_visible()
    check_in_each_look(page)
    valid = int(re.sub(r"\D", "", button.inner_text()))
    click_in_each_look(page, button)
    expect(page.get_by_role("link", name="Download them (CSV)")).to_be_visible(timeout=A_JOB)
    check_in_each_look(page)
    with page.expect_download() as download:
        click_in_each_look(page, page.get_by_role("link", name="Download them (CSV)"))
    left_out = tmp_path / download.value.suggested_filename
    download.value.save_as(left_out)

    corrected = correct(left_out)
    assert valid + corrected == 3_548
    bring(page, left_out)
    page.get_by_role("button", name="Create missing users").click(timeout=A_JOB)
    page.get_by_role("button", name=f"Import {corrected:,} messages").click(timeout=A_JOB)
    expect(page.get_by_text(f"{corrected:,} new messages")).to_be_visible(timeout=A_JOB)
    assert console.call(f"{__name__}.stored")["messages"] == 3_549


def correct(path: Path) -> int:
    """Do by hand what the file asks for: remove parents that are not there, give the empty text one. How many rows."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["problem"] for row in rows)
    present = {row["external_id"] for row in rows}
    for row in rows:
        gone = "neither in the file nor stored" in row["problem"] and row["parent_external_id"] not in present
        row["parent_external_id"] = "" if gone else row["parent_external_id"]
        row["content"] = (row["content"].strip(" \t\r\n") and row["content"]) or "(no text)"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


# --- Small files -----------------------------------------------------------------------------------------------------


def test_columns_are_said_once_and_changed_texts_decided(dan: Any, console: Installation, tmp_path: Path) -> None:
    file = tmp_path / "other-program.csv"
    file.write_text(
        "Id;Reply to;From;To;When;Text\n"
        f"here-1;;alice;bob;{WHEN};We meet at eleven.\n"
        f"here-2;here-1;bob;alice;{WHEN};Fine\u202e.\n"
    )
    page = dan()
    bring(page, file)
    expect(page.get_by_role("heading", name="Which column is which?")).to_be_visible()
    check_in_each_look(page, OTHER_LOOKS)
    page.get_by_label("parent_external_id").select_option("Reply to")
    click_in_each_look(page, page.get_by_role("button", name="Check again with these columns"), OTHER_LOOKS)
    expect(page.get_by_text("We meet at")).not_to_have_count(0)
    expect(page.get_by_text("right-to-left override (U+202E)")).to_be_visible()
    check_in_each_look(page, OTHER_LOOKS)
    # The file does not say when its text was written, so the stored one stays unless somebody chooses otherwise.
    expect(page.get_by_role("radio", name="Leave the stored texts as they are")).to_be_checked()
    page.get_by_label("Record the new words as edits").check()
    click_in_each_look(page, page.get_by_role("button", name="Import 1 message"), OTHER_LOOKS)
    expect(page.get_by_text("1 changed text")).to_be_visible()
    check_in_each_look(page, OTHER_LOOKS)
    assert console.call(f"{__name__}.stored") == {"messages": 2, "conversations": 1, "histories": 1}


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_file_without_a_header_is_matched_by_its_values(
    dan: Any, console: Installation, tmp_path: Path, width: int, scheme: Any
) -> None:
    """By keyboard; the first values of a column show what it holds."""
    file = tmp_path / "plain.csv"
    file.write_text(
        f"m-1,,alice,bob,{WHEN},hello there,note\n"
        f"m-2,m-1,bob,alice,{WHEN},and back,note\n"
        f"m-3,,alice,bob,{WHEN},bye now,\n"
    )
    page = dan(width, scheme)
    bring(page, file)
    expect(page.get_by_text("The file has no header: its first row holds values like the others.")).to_be_visible()
    check(page)
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
    check(page)
    reach(page, ".columns button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Import 3 messages")).to_be_visible()
    check(page)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_suggestion_is_taken_by_keyboard_and_the_file_imported(
    dan: Any, console: Installation, tmp_path: Path, width: int, scheme: Any
) -> None:
    file = tmp_path / "names.csv"
    rows = [("y-1", "", "Alice", "bob"), ("y-2", "", "BOB ", "alice"), ("y-3", "gone", "alice", "\u0430lice")]
    lines = [f"{key},{parent},{sender},{receiver},{WHEN},hello" for key, parent, sender, receiver in rows]
    file.write_text("\n".join(["id,parent_id,sender,receiver,timestamp,content", *lines]), encoding="utf-8")
    page = dan(width, scheme)
    bring(page, file)
    expect(page.get_by_text("2 names differ from those of accounts only in")).to_be_visible()
    check(page)
    reach(page, "button[name=suggestion]")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 names differ")).to_have_count(0)
    check(page)
    page.get_by_label("Who \u0430lice is").select_option("somebody new, who gets an account")
    reach(page, ".asked button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Begin conversations")).to_be_visible()
    reach(page, "button[name=cure]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Import 3 messages")).to_be_visible()
    check(page)
    reach(page, ".decision button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 new user")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Open these conversations").click()
    expect(page.get_by_text("3 conversations")).to_be_visible()
    check(page)


def test_by_keyboard_alone_and_without_scripts(dan: Any, console: Installation, tmp_path: Path) -> None:
    file = tmp_path / "small.csv"
    file.write_text(f"id,parent_id,sender,receiver,timestamp,content\nx-1,,alice,bob,{WHEN},hello\n")
    page = dan(javascript=False)
    page.goto("/console/imports/import/")
    reach(page, "a.button")
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
    """Press Tab until what the selector means has the focus, which must be visible all the way."""
    target = page.locator(selector).first
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{selector} cannot be reached with the Tab key")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(dan: Any, console: Installation, tmp_path: Path) -> None:
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
