"""A name, an address and texts are planted everywhere possible; after the erasure no byte of them is found.

The tests search separate databases (the file with SQLite, a dump with PostgreSQL), their folders of files, and the log.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Draft, Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts.models import User
from ops.audit.events import Event
from ops.audit.readings import record_reading, record_search
from ops.audit.recording import record, record_refused_sign_in
from ops.audit.sealing import chain
from ops.deletion import approval, holds, requests
from ops.deletion.models import Basis, Hold, Receipt
from ops.deletion.tests.deleting import erased, sam, sue
from ops.events import ConsoleEvent
from ops.jobs.models import Job
from ops.jobs.tests.killing import databases

__all__ = ["databases", "sam", "sue"]

NAME, EMAIL, TEXT = "Quaxlorbine", "zwutschke@example.org", "Vrimbelschaum"
CANARIES = (NAME, EMAIL, TEXT)
LOG = "canary.log"


def plant() -> None:
    """Create the person and everything that mentions them, and approve the deletion."""
    logging.getLogger().addHandler(logging.FileHandler(settings.VAR_DIR / LOG))
    bob, charlie = make_user("bob"), make_user("charlie")
    sue, sam = (make_user(name, is_staff=True, is_superuser=True) for name in ("sue", "sam"))
    person = make_user(NAME, email=EMAIL, is_staff=True)
    plant_messages(person, bob, charlie)
    plant_traces(person, sue)
    plant_other_imports(sue)
    earlier = requests.request_deletion([person], by=sue, reason=f"{NAME} called", basis=Basis.POLICY).requests.get()
    approval.refuse(earlier, by=sam, reason=f"{NAME} called again")
    hold = holds.place(person, kind=Hold.Kind.LEGAL, reason=f"{NAME} against us", by=sue)
    holds.lift(hold, reason=f"{NAME} and we agreed", by=sue)
    found = everywhere()
    assert set(found) == set(CANARIES), found  # the search itself works
    group = requests.request_deletion(
        [person], by=sue, reason=f"{EMAIL} wrote to us", basis=Basis.USER_REQUEST, ticket="SUP-1"
    )
    approval.approve(group.requests.get(), by=sam)


def plant_messages(person: User, bob: User, charlie: User) -> None:
    """Create messages that were sent, received and edited, one that was deleted before, and drafts."""
    for number in range(30):
        first = write(person, bob, f"{TEXT} {number} " * 20)
        answer(answer(first, f"{NAME}, {TEXT}!"), "not about it", sender=charlie, receiver=bob)
        Message.objects.filter(pk=first.pk).update(content=f"{TEXT} edited {number}")
    Message.objects.filter(sender=person).first().delete()  # type: ignore[union-attr]
    Draft.objects.create(user=person, to=bob, place="new", content=f"{TEXT}, not sent")
    Draft.objects.create(user=bob, to=person, place="new", content=f"{NAME}, not sent")


def plant_traces(person: User, sue: User) -> None:
    """Record the person's use of the console, and readings and searches about them."""
    record(Event.SIGNED_IN, actor=person, target=person)
    record_reading(person, actor=sue)
    record_search(Message, actor=sue, terms=f"what {NAME.lower()} wrote", filters={}, results=3)
    record_search(User, actor=sue, terms=EMAIL, filters={}, results=1)
    record_refused_sign_in(EMAIL)
    record(ConsoleEvent.MESSAGE_READ, actor=sue, target=("messaging.message", 7), reason=f"A complaint about {NAME}.")
    chain.seal()
    Client().force_login(person, "ops.accounts.signing_in.backend.AccountBackend")
    Client().post(reverse("login"), {"username": NAME, "password": "wrong"}, headers={"host": "localhost"})
    LogEntry.objects.create(
        user=sue, content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk), object_repr=NAME,
        action_flag=2,
    )  # fmt: skip


def plant_other_imports(sue: User) -> None:
    """Name the person in another user's import: in its row, its job and its files, and in remembered columns and
    people."""
    why = f"The account “{NAME}” was erased."
    job = Job.objects.create(
        kind="import.store", title="Import", state=Job.State.FAILED, error=why, ended_at=timezone.now()
    )
    stem = "0123456789abcdef" * 2
    apps.get_model("imports", "Import").objects.create(
        by=sue, file_name="a.csv", state="taken_back", job=job, upload=f"{stem}.upload", outcome={"why": why},
        understood={"headers": [NAME]}, reading={"columns": {"sender": f"From {NAME}"}},
        choices={"people": {f"{NAME} B.": "sue", "S.": NAME}},
    )  # fmt: skip
    apps.get_model("imports", "SavedColumn").objects.create(user=sue, header=f"{NAME} wrote", column="content")
    apps.get_model("imports", "SavedPerson").objects.create(user=sue, name=f"{NAME} B.", account=sue)
    settings.PRIVATE_DIR.mkdir(exist_ok=True)
    listing = f"row,column,level,problem\n2,sender,error,no user '{NAME}'\n"
    (settings.PRIVATE_DIR / f"{stem}.problems.csv").write_text(listing)
    problem = {"row": 2, "column": "sender", "level": "error", "message": f"no user '{NAME}'", "cure": ""}
    group = {"level": "error", "sentence": f"no user '{NAME}'", "count": 1, "columns": {"sender": 1}}
    asked = {"name": f"{NAME} B.", "row": 2, "times": 1, "like": [NAME], "last": NAME}
    sample = {"row": 2, "written": f"{NAME} B.", "read": NAME}
    suggestion = {"option": "people", "value": {f"{NAME} B.": NAME}, "sentence": f"Did you mean “{NAME}”?"}
    preview = {
        "first": [{"row": 2, "sender": NAME}],
        "changed": [],
        "groups": [{**group, "cure": "people", "problems": [problem]}],
        "people": [asked],
        "suggestions": [{**suggestion, "button": f"It is {NAME}", "samples": [sample]}],
    }
    (settings.PRIVATE_DIR / f"{stem}.preview.json").write_text(json.dumps(preview))


def everywhere() -> list[str]:
    """Return the CANARIES that are found, ignoring case, in the database's files or dump, or in VAR_DIR."""
    places = b"".join(path.read_bytes() for path in settings.VAR_DIR.rglob("*") if path.is_file())
    if connection.vendor == "sqlite":
        database = settings.DATABASES["default"]["NAME"]
        places += b"".join(
            Path(f"{database}{end}").read_bytes() for end in ("", "-wal") if Path(f"{database}{end}").exists()
        )
    else:
        places += subprocess.run(["pg_dump", os.environ["DATABASE_URL"]], check=True, capture_output=True).stdout
    return [word for word in CANARIES if word.lower().encode() in places.lower()]


def look() -> Any:
    receipt = Receipt.objects.get()
    return {"found": everywhere(), "steps": {step["step"]: step["outcome"] for step in receipt.steps}}


def test_files_and_dumps_contain_nothing_of_an_erased_person(databases: Any) -> None:
    outcome = databases.run(f"{__name__}.plant", f"{__name__}.look")
    assert outcome.errors == ["The account “[erased]” was erased.", ""]  # of the import, and of the deletion
    assert outcome.found["found"] == []
    steps = outcome.found["steps"]
    assert {
        name: steps[name] for name in ("messages", "account", "audit_trail", "sign_ins", "admin_log", "requests")
    } == (dict.fromkeys(("messages", "account", "audit_trail", "sign_ins", "admin_log", "requests"), "removed"))
    assert steps["database_file"] == ("removed" if connection.vendor == "sqlite" else "partial")


def cached() -> str:
    """Return everything that the cache holds."""
    held: Any = cache
    if not isinstance(held._cache, dict):
        client = held._cache.get_client()
        values = [client.get(key) for key in client.scan_iter()]
    else:
        values = list(held._cache.values())
    # Pages are pickled with their text in one piece.
    return b" ".join(value for value in values if value).decode("utf-8", "replace")


@pytest.fixture
def watched(rosa: Any) -> Iterator[Client]:
    client = Client()
    client.force_login(rosa, "ops.accounts.signing_in.backend.AccountBackend")
    yield client


def test_caches_contain_nothing_of_an_erased_person(watched: Client, sue: Any, sam: Any, bob: Any) -> None:
    person = make_user(NAME, email=EMAIL)
    write(person, bob, TEXT, timestamp=timezone.now() - timedelta(minutes=1))
    reader = Client()
    reader.force_login(bob, "ops.accounts.signing_in.backend.AccountBackend")
    pages = [(reader, reverse("messaging:inbox")), (watched, reverse("admin:dashboard_data"))]
    call_command("keep_figures")
    for client, address in pages:
        client.get(address)  # sets the CSRF cookie, without which no page is cached
        assert NAME in client.get(address).content.decode()
    assert {NAME, TEXT} <= {word for word in CANARIES if word in cached()}
    erased(person, by=sue, approver=sam)
    assert not [word for word in CANARIES if word in cached()]
    for client, address in pages:
        page = client.get(address).content.decode()
        assert NAME not in page and TEXT not in page


def test_the_log_does_not_name_the_erased_person(sue: Any, sam: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        erased(make_user(NAME, email=EMAIL), by=sue, approver=sam, reason=TEXT)
    text = " ".join(one.getMessage() for one in caplog.records if one.name != "django.db.backends")
    assert not [word for word in CANARIES if word in text]
