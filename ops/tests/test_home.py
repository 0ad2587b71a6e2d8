"""Home: a list of work for each role, whose numbers equal those of the linked lists, in at most 8 queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging.models import MessageHistory
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.audit.recording import record
from ops.audit.screens import watching
from ops.deletion import holds
from ops.deletion.tests.deleting import ask
from ops.events import ConsoleEvent
from ops.exports.models import Export
from ops.imports.models import Import
from ops.jobs.models import Job
from ops.tests.asking import make_staff, signed_in
from ops.tests.roles import PEOPLE

pytestmark = pytest.mark.django_db

HOME = reverse("admin:index")
MOST_QUERIES = 8
STAFF = PEOPLE[2:]

FIGURES = "Figures, last 30 days"
TITLES = {
    "nils": [],
    "rita": [FIGURES, "Review desk", "Where you left off", "Edits to look at"],
    "lena": [FIGURES, "Review desk", "Where you left off", "Edits to look at", "Deletions and holds", "Jobs"],
    "sue": [FIGURES, "Find a person", "Deletions and holds", "Jobs", "Your exports"],
    "dan": [FIGURES, "Where you left off", "Jobs", "Your exports"],
    "otto": [FIGURES, "Deletions and holds", "Jobs", "The audit trail’s chain", "Worth an auditor’s look"],
    "rosa": [
        FIGURES,
        "Review desk",
        "Where you left off",
        "Edits to look at",
        "Find a person",
        "Deletions and holds",
        "Jobs",
        "Your exports",
        "The audit trail’s chain",
        "Worth an auditor’s look",
    ],
}


def sections(client: Client) -> dict[str, Any]:
    return {one.section.title: one for one in client.get(HOME).context["home"]}


def lines(client: Client) -> dict[str, int]:
    """Return the numbers of all sections, by their words."""
    return {line.words: line.number for one in sections(client).values() for line in one.lines}


def much_happens(number: int, *, by: Any) -> None:
    """Store one more of everything that a section counts or names."""
    alice, bob = make_user(f"alice{number}"), make_user(f"bob{number}")
    message = write(alice, bob, minute=number)
    answer(message, minute=number + 1)
    message.content = "edited after the reply"
    message.save()
    MessageHistory.objects.update(edited_by=bob)
    for person in (by, make_staff(f"nora{number}")):
        record(ConsoleEvent.CONVERSATION_READ, actor=person, target=message.conversation)
        ask(make_user(f"leaving {number} {person.pk}"), by=person)
        Job.objects.create(kind="import.store", title="a job", requester=person)
        files = {"size": 1, "expires_at": timezone.now() + timedelta(hours=1), "file_name": "a.csv"}
        Export.objects.create(by=person, scope="messages", reason="a reason", **files)
    holds.place(alice, kind="legal", reason="a reason", by=by)
    record("session.refused", actor=None)
    record("export.made", actor=by)


@pytest.mark.parametrize("who", STAFF)
def test_each_role_has_its_own_work(who: str) -> None:
    make_staff(who)
    assert list(sections(signed_in(who))) == TITLES[who]


@pytest.mark.parametrize("who", STAFF)
def test_home_takes_at_most_8_queries_for_any_number_of_rows(who: str) -> None:
    person, counted = make_staff(who), []
    client = signed_in(who)
    client.get(HOME)  # loads the theme into memory
    for number in range(4):
        much_happens(number, by=person)
        if number % 2:
            with CaptureQueriesContext(connection) as queries:
                client.get(HOME)
            counted.append(len(queries))
    assert counted[0] == counted[1] <= MOST_QUERIES, [one["sql"][:80] for one in queries.captured_queries]


@pytest.mark.parametrize("who", STAFF)
def test_a_count_equals_the_rows_of_the_list_it_links_to(who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MANY", 2)
    person = make_staff(who)
    for number in range(2):
        much_happens(number, by=person)
    client = signed_in(who)
    shown = [line for one in sections(client).values() for line in one.lines]
    assert len(shown) >= {"nils": 0, "rita": 1, "dan": 1}.get(who, 3)
    for line in shown:
        assert (line.words, client.get(line.address).context["cl"].result_count) == (line.words, line.number)


def test_a_reviewer_goes_on_where_they_left_off(alice: Any, bob: Any) -> None:
    rita = make_staff("rita")
    first, last = (write(alice, bob, "hello there", minute=number) for number in range(2))
    record(ConsoleEvent.CONVERSATION_READ, actor=make_staff("lena"), target=first.conversation)
    client = signed_in("rita")
    assert "You have not opened a conversation lately." in client.get(HOME).content.decode()
    for message in (first, last, first):
        record(ConsoleEvent.CONVERSATION_READ, actor=rita, target=message.conversation)
    page = client.get(HOME)
    addresses = [reverse("admin:messaging_conversation_change", args=[one.conversation_id]) for one in (first, last)]
    text = page.content.decode()
    assert text.index(addresses[0]) < text.index(addresses[1])
    assert "<bdi>alice</bdi>, <bdi>bob</bdi>" in text
    assert "hello there" not in text  # texts are only shown where reading is recorded
    first.conversation.delete()
    assert [one.key for one in sections(client)["Where you left off"].parts[0][1]] == [last.conversation_id]


def test_an_edit_before_the_reply_is_not_counted(alice: Any, bob: Any) -> None:
    make_staff("rita")
    message = write(alice, bob)
    answer(message, minute=1)
    for revision, edited_at in enumerate((message.timestamp, timezone.now()), start=1):
        MessageHistory.objects.create(
            message=message, revision=revision, old_content="a", edited_at=edited_at, edited_by=alice
        )
    assert lines(signed_in("rita")) == {"edit after a reply, past 7 days": 1}


def test_a_lead_sees_corrections_but_no_edits_by_the_sender(alice: Any, bob: Any) -> None:
    lena = make_staff("lena")
    message = write(alice, bob)
    for revision, editor in enumerate((alice, lena, None), start=1):
        MessageHistory.objects.create(
            message=message, revision=revision, old_content="a", edited_by=editor, by_staff=editor == lena
        )
    assert lines(signed_in("lena")) == {"correction made, past 7 days": 1}


def test_a_text_replaced_by_an_import_is_not_counted_as_a_correction(alice: Any, bob: Any) -> None:
    lena, message = make_staff("lena"), write(alice, bob)
    kept = [
        MessageHistory.objects.create(
            message=message, revision=revision, old_content="a", edited_by=lena, by_staff=True
        )
        for revision in (1, 2, 3)
    ]
    Import.objects.create(file_name="a.csv", history_base=kept[0].pk, last_row=1)
    client = signed_in("lena")
    assert lines(client) == {"corrections made, past 7 days": 2}
    edits = reverse("admin:messaging_messagehistory_changelist")
    for kind, rows in {"corrections": {kept[0], kept[2]}, "imports": {kept[1]}}.items():
        assert set(client.get(edits, {"kind": kind}).context["cl"].result_list) == rows, kind


def test_support_looks_for_a_person_and_follows_its_own_requests(alice: Any, bob: Any) -> None:
    sue = make_staff("sue")
    ask(alice, by=sue)
    ask(bob, by=make_staff("rosa"))
    client = signed_in("sue")
    assert f'action="{reverse("admin:accounts_user_changelist")}"' in client.get(HOME).content.decode()
    assert lines(client) == {"open request of yours": 1, "deletions awaiting approval": 2}


def test_unusual_reading_counts_pages_of_people_who_opened_many(alice: Any, bob: Any) -> None:
    make_staff("otto")
    rita, lena = make_staff("rita"), make_staff("lena")
    conversation = write(alice, bob).conversation
    for number in range(watching.MANY):
        record(ConsoleEvent.CONVERSATION_READ, actor=rita, target=conversation)
        if number:
            record(ConsoleEvent.CONVERSATION_READ, actor=lena, target=conversation)
    client = signed_in("otto")
    words = f"pages opened by people who opened {watching.MANY} or more in 24 hours"
    assert lines(client) == {words: watching.MANY}
    rows = client.get(reverse("admin:audit_entry_changelist"), {"reading": "unusual"}).context["cl"].result_list
    assert {row.actor_id for row in rows} == {rita.pk}
    assert Entry.objects.filter(actor=lena).exists()


def test_a_file_is_counted_until_it_expires() -> None:
    dan = make_staff("dan")
    soon = timezone.now() + timedelta(hours=2)
    for name, expires_at in (("here.csv", soon), ("gone.csv", timezone.now())):
        Export.objects.create(by=dan, scope="messages", reason="a", file_name=name, size=1, expires_at=expires_at)
    client = signed_in("dan")
    (line,) = sections(client)["Your exports"].lines
    assert (line.number, line.words, line.until_words, line.until) == (1, "file to download", "first expires", soon)
    page = client.get(line.address).content.decode()
    assert "here.csv" in page and "gone.csv" not in page
