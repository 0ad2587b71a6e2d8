"""People who are not signed in add next to nothing to the database and the disk, whatever they request and send."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from ops.accounts.models import FailedSignIn
from ops.accounts.signing_in.throttling import MOST_PER_ACCOUNT, MOST_PER_ADDRESS
from ops.audit import recording
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.tests.test_every_password_is_counted import SIGNED_OUT_PAGES
from ops.tests.test_uploads_are_read_where_they_are_taken import keys, pages

__all__ = ["keys"]

SIGN_IN = reverse("login")
JUNK = {
    "username": "junk",
    "password": "junk",
    "reason": "j" * 10_000,
    "next": "//elsewhere.example",
    "q": "junk",
    "action": "junk",
    "_selected_action": "1",
    "state_token": "junk",
}
COOKIES = {"sessionid": "junk" * 8, "csrftoken": "x" * 32, "messages": "junk", "other": "j" * 2_000}


def rows() -> Counter[str]:
    """Return the number of rows of each table."""
    return Counter({model._meta.label: model._base_manager.count() for model in apps.get_models()})


def stranger() -> Client:
    client = Client(REMOTE_ADDR="192.0.2.9")
    client.cookies.load(COOKIES)
    return client


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


@pytest.mark.crawl
def test_strangers_add_only_the_limited_rows_of_failed_sign_ins(
    keys: dict[str, Any], settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRIVATE_DIR = settings.MEDIA_ROOT = tmp_path / "private"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, failures = rows(), MOST_PER_ACCOUNT
    # Each page once, and the sign-in pages until they are locked, and after that.
    for page in (*pages(keys).values(), *SIGNED_OUT_PAGES, *SIGNED_OUT_PAGES, *SIGNED_OUT_PAGES):
        for answer in (stranger().get(page, {"q": "junk", "x__regex": "("}), stranger().post(page, JUNK)):
            assert answer.status_code < 500, page
            assert not answer.cookies.get("sessionid") or not answer.cookies["sessionid"].value, page
    grown = rows() - before
    # New entries are noted for counting at most once each, until the worker's next round.
    assert grown.pop("dashboard.Noted", 0) <= failures + 1
    assert grown == {
        "accounts.FailedSignIn": failures,
        "audit.Entry": failures + 1,
        "audit.Unsealed": failures + 1,
    }
    assert files(tmp_path) == []


def test_an_entry_stays_small_whatever_is_sent(db: Any) -> None:
    Client(HTTP_USER_AGENT="x" * 50_000).post(SIGN_IN, {"username": "x" * 250, "password": "x" * 50_000})
    entry = Entry.objects.filter(event=Event.SIGN_IN_REFUSED).values().get()
    assert sum(len(str(value)) for value in entry.values()) < 2_000


def events() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("event", flat=True))


def test_a_hundred_failed_sign_ins_record_one_lock_out(alice: Any) -> None:
    for _ in range(100):
        Client().post(SIGN_IN, {"username": "alice", "password": "junk"})
    assert events() == [Event.SIGN_IN_REFUSED] * MOST_PER_ACCOUNT + [Event.SIGN_IN_LOCKED]
    assert set(Entry.objects.values_list("target_id", flat=True)) == {str(alice.pk)}


def test_failed_sign_ins_with_many_names_record_one_lock_out_of_the_address(db: Any) -> None:
    for number in range(MOST_PER_ADDRESS + 30):
        Client().post(SIGN_IN, {"username": f"name {number}", "password": "junk"})
    assert events() == [Event.SIGN_IN_REFUSED] * MOST_PER_ADDRESS + [Event.SIGN_IN_LOCKED]


def test_the_number_of_recorded_refusals_per_hour_is_limited(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MAX_REFUSED_SIGN_INS", 7)
    for number in range(20):
        Client(REMOTE_ADDR=f"192.0.2.{number}").post(SIGN_IN, {"username": "junk", "password": "junk"})
    assert events() == [Event.SIGN_IN_REFUSED] * 7 + [Event.SIGN_INS_LEFT_OUT]
    assert Entry.objects.get(event=Event.SIGN_INS_LEFT_OUT).details == {"recorded": 7}
    assert FailedSignIn.objects.count() == 20
