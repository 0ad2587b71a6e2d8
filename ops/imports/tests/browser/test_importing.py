"""Data staff import real files in a browser, with a web server and a worker in processes of their own."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import modify_settings
from playwright.sync_api import expect

from messaging.models import Message
from messaging.tests.browsing import (
    check,
    check_in_each_look,
    click_in_each_look,
    open_from_menu,
)
from ops.imports.tests.browser import bringing
from ops.imports.tests.browser.bringing import WORK, bring
from ops.imports.tests.files import SHARED
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job
from ops.jobs.run import Run, stop
from ops.jobs.running import run
from ops.jobs.tests.installations import Installation

pytestmark = pytest.mark.browser

IRC, WIKITALK = SHARED / "irc-ubuntu" / "messages.csv", SHARED / "wikitalk" / "messages.csv"
STORED = f"{bringing.__name__}.stored"
FEW = 10_000  # rows of a file that is too large to be stored in the request, and in one batch
A_JOB = 60_000  # milliseconds


def store_a_part() -> int:
    """Run the import as a worker that stops once the first rows are stored; return the number of messages."""
    batch = Run.batch

    @contextmanager
    def only_one(work: Run) -> Iterator[None]:
        with batch(work):
            yield
        stop.requested = "stored" in work.cursor

    Run.batch = only_one  # type: ignore[method-assign, assignment]
    run(Job.objects.get(kind="import.store", state__in=UNDER_WAY).pk)
    return Message.objects.count()


@pytest.fixture
def console(databases: Any) -> Installation:
    """A database of its own with people in it."""
    made: Installation = databases.fresh()
    made.call(f"{bringing.__name__}.prepare")
    return made


@pytest.fixture
def live_server(console: Installation) -> Iterator[Any]:
    """Pages and a worker of Threadward in processes of their own, instead of pytest-django's server."""
    with console.going(*WORK) as worker:
        # pytest-django modifies settings for its own server, and expects this of whatever replaces it.
        untouched = modify_settings()
        yield SimpleNamespace(url=console.serve(), worker=worker, _live_server_modified_settings=untouched)


def needs(path: Path) -> Any:
    return pytest.mark.skipif(not path.exists(), reason=f"{path} is not there")


@needs(IRC)
def test_44082_messages_are_imported_and_undone(dan: Any, console: Installation) -> None:
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
    # The progress, or already the result: a fast machine may finish between two polls.
    progress = page.get_by_text(re.compile(r"[1-9][\d,]* of 44,082 messages"))
    expect(progress.or_(page.get_by_text("32,986 are replies")).first).to_be_visible(timeout=A_JOB)
    expect(page.get_by_text("32,986 are replies")).to_be_visible(timeout=A_JOB)
    check(page)
    assert console.call(STORED) == {"messages": 44_083, "conversations": 11_097, "histories": 0}

    page.get_by_role("link", name="Undo this import…").click()
    page.get_by_label("Your password").fill("dan's password")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("44,082 messages that this import added")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Undo the import of 44,082 messages").click()
    expect(page.get_by_text("Nothing of it is left.")).to_be_visible(timeout=A_JOB)
    check(page)
    assert console.call(STORED) == {"messages": 1, "conversations": 1, "histories": 0}


@needs(IRC)
def test_a_cancelled_import_leaves_nothing_and_can_be_repeated(
    dan: Any, console: Installation, live_server: Any, tmp_path: Path
) -> None:
    """It is cancelled first while it waits, which needs no worker, then midway, by the next worker."""
    beginning = tmp_path / "beginning.csv"
    with IRC.open(encoding="utf-8", newline="") as whole, beginning.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(islice(csv.reader(whole), 1 + FEW))
    page = dan()
    bring(page, beginning)
    page.get_by_role("button", name="Create missing users").click(timeout=A_JOB)
    store = page.get_by_role("button", name=f"Import {FEW:,} messages")
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
    assert 1 < console.call(f"{__name__}.store_a_part") < 1 + FEW
    expect(page.locator("#job-figures")).to_contain_text(re.compile(rf"[1-9][\d,]* of {FEW:,} messages"))
    check(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Being cancelled")).to_be_visible()
    with console.going(*WORK):
        expect(page.get_by_text("Nothing of it is stored")).to_be_visible(timeout=A_JOB)
        check(page)
        assert console.call(STORED) == {"messages": 1, "conversations": 1, "histories": 0}
        page.get_by_role("button", name="Check the file again").click()
        store.click(timeout=A_JOB)
        expect(page.get_by_text("Undo this import…")).to_be_visible(timeout=A_JOB)
    assert console.call(STORED)["messages"] == 1 + FEW


@needs(WIKITALK)
def test_faulty_rows_are_downloaded_corrected_and_imported(dan: Any, console: Installation, tmp_path: Path) -> None:
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
    assert console.call(STORED)["messages"] == 3_549


def correct(path: Path) -> int:
    """Correct the file as it asks: remove missing parents, give the empty text a value. Return the number of rows."""
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
