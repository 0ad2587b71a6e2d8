"""A job in a real browser, run by a real worker: its progress moves, it survives a killed worker, its end is shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from playwright.sync_api import Locator, Page, expect

from messaging.tests.browsing import OpenPage, check, check_in_each_look, click_in_each_look
from messaging.tests.cast import make_user
from ops.jobs import starting
from ops.jobs.tests import counting, waiting
from ops.jobs.tests.installations import Installation, children_of, kill
from ops.jobs.tests.waiting import forget, until
from ops.notices.models import Notice

pytestmark = pytest.mark.browser

LONG_NAME = f"Import of {'a-file-with-a-long-name-' * 6}.csv"
WORK = ("work", "--processes", "1")
A_WORKER = 60_000  # milliseconds, however busy the machine is on which it starts


def prepare() -> None:
    """Create Dora, who may start jobs of this kind, and delete earlier jobs. Runs in the installation's own process,
    like everything that is called by path."""
    forget()
    get_user_model().objects.filter(username="dora").delete()
    dora = make_user("dora", is_staff=True)
    dora.user_permissions.set(Permission.objects.filter(codename="view_group"))


def start(title: str, **params: Any) -> str:
    dora = get_user_model().objects.get(username="dora")
    job = starting.start(counting.NAME, requester=dora, title=title, params=params, total=params["to"])
    return str(job.pk)


def until_told() -> None:
    """Wait until somebody has a notice, without requesting a page."""
    until(Notice.objects.exists, "A notice")


@pytest.fixture
def dora(place: Installation) -> None:
    place.call(f"{__name__}.prepare")


def begin(place: Installation, title: str = "Import of numbers.csv", **params: Any) -> str:
    """Start a job; return the address of its page."""
    return f"/console/jobs/job/{place.call(f'{__name__}.start', title=title, **params)}/change/"


def sign_in(page: Page) -> None:
    page.goto("/console/login/")
    page.get_by_label("Username").fill("dora")
    page.get_by_label("Password").fill("dora's password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console/")


def shown(page: Page) -> Locator:
    """Return the part of the page that updates itself."""
    return page.locator("#job-figures")


def test_progress_is_shown_live_and_its_end_without_a_reload_by_hand(
    dora: None, place: Installation, page: Page
) -> None:
    sign_in(page)
    page.goto(begin(place, to=120, pause=0.05))
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    with place.going(*WORK) as supervisor:
        expect(shown(page).get_by_text("Running", exact=True)).to_be_visible(timeout=A_WORKER)
        cancel = page.get_by_role("button", name="Cancel")
        cancel.focus()
        kill(children_of(supervisor)[0])
        expect(page.get_by_role("status")).to_have_text(re.compile(r"^(5\d|6\d|7[0-4])% done$"), timeout=30_000)
        # Updates leave the focus on a button that somebody is about to press.
        expect(cancel).to_be_focused()
        expect(page.get_by_text("numbers a second")).to_be_visible()
        expect(page.get_by_text("Finished", exact=True)).to_be_visible(timeout=30_000)
    expect(page.get_by_text("120 of 120 numbers")).to_be_visible()
    expect(page.get_by_text("2 times")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    # Dora saw it end, so no notice is shown.
    page.goto("/console/")
    expect(page.get_by_text("numbers.csv")).to_have_count(0)


def test_a_job_is_cancelled_and_tried_again_by_keyboard(dora: None, place: Installation, page: Page) -> None:
    sign_in(page)
    with place.going(*WORK):
        page.goto(begin(place, to=400, pause=0.05))
        expect(shown(page).get_by_text("Running", exact=True)).to_be_visible(timeout=A_WORKER)
        page.get_by_role("button", name="Cancel").press("Enter")
        expect(page.get_by_text("Cancelled", exact=True)).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="Try again").press("Enter")
        expect(shown(page).get_by_text("Running", exact=True)).to_be_visible(timeout=A_WORKER)


def test_the_bell_on_other_pages_reports_the_end_of_a_job(dora: None, place: Installation, page: Page) -> None:
    sign_in(page)
    begin(place, to=3)
    with place.going(*WORK):
        place.call(f"{__name__}.until_told")
    page.goto("/console/")
    bell = page.get_by_role("link", name="Notices, 1 unread")
    expect(bell).to_be_visible()
    check(page)
    bell.click()
    check(page)
    page.get_by_role("link", name="A job of yours is finished.").click()
    expect(page.get_by_role("heading", name="Import of numbers.csv")).to_be_visible()
    expect(page.get_by_role("link", name="Notices", exact=True)).to_be_visible()


def test_the_list_and_the_page_of_a_job_are_for_everybody(dora: None, place: Installation, page: Page) -> None:
    sign_in(page)
    place.call(f"{__name__}.start", title=LONG_NAME, to=3, stumble=1)
    with place.going(*WORK):
        place.call(f"{waiting.__name__}.until_ended")
    page.goto("/console/jobs/job/")
    expect(page.get_by_role("row").filter(has_text="Import of a-file")).to_contain_text("Failed")
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("row").get_by_role("link", name="Import of a-file"))
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    check_in_each_look(page)
    page.goto(begin(place, to=9))
    check_in_each_look(page)


def test_without_scripts_a_reload_shows_the_same(dora: None, place: Installation, open_page: OpenPage) -> None:
    page = open_page(javascript=False)
    sign_in(page)
    page.goto(begin(place, to=3))
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    with place.going(*WORK):
        place.call(f"{waiting.__name__}.until_ended")
    page.reload()
    expect(page.get_by_text("3 of 3 numbers")).to_be_visible()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
