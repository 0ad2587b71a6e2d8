"""Words that moderators removed from a text are on no page and in no list, search, export or audit entry of any role.

The one exception is the page of the message, where a Lead can ask for them, which is recorded.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import ORIGINAL_WITHHELD, Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.texts.redacting import MARK, find, redact
from ops.audit.models import Entry
from ops.exports import requests
from ops.exports.models import Export
from ops.exports.tests.conftest import folder
from ops.exports.tests.exporting import NOW, WHY, exported, make_exporter, unzipped
from ops.files import private_files
from ops.tests.asking import EXPECTED, ROUTES, address, opened_by, signed_in, text_of
from ops.tests.roles import PEOPLE, keys_of_rows
from ops.tests.walks import REMOVED

__all__ = ["folder"]

ROOT = Path(__file__).resolve().parents[2]
# The modules that may name the column with old texts, and why; other code reads MessageHistoryQuerySet.readable().
MAY_NAME_OLD_TEXTS = {
    "messaging/managers.py": "the gate",
    "messaging/models/histories.py": "declares it",
    "messaging/models/messages.py": "stores it",
    "messaging/writing.py": "stores it",
    "messaging/search/engine.py": "looks for words in it; messaging/search/query.py asks the gate which",
    "messaging/search/indexing.py": "indexes its words",
    "ops/imports/storing/one_by_one.py": "stores long ones",
    "ops/imports/storing/texts.py": "stores it, and takes imports back",
    "ops/imports/undoing.py": "compares it, to leave what was changed since",
    "ops/exports/columns.py": "the name of a column; its value is the gate's",
    "ops/console/lists/unopened.py": "takes it off rows that are not shown yet",
    "bench/generate.py": "makes data",
    "bench/models.py": "the tables as plain Django would have them",
}


@pytest.fixture
def keys(db: Any) -> dict[str, Any]:
    """Return the keys of rows about a reported and decided message, with words removed from it and its older text."""
    alice, bob = make_user("alice"), make_user("bob")
    message = write(alice, bob, f"draft with {REMOVED}")
    answer(message)
    message.content = f"hello {REMOVED} bye"
    message.save()
    found = keys_of_rows(alice, bob, message)
    redact(message.pk, find(message.content, REMOVED), revision=2, by=make_user("moderator"))
    return found


# test_who_may_open_what requests all addresses, and tests that none shows the words without being asked.
@pytest.mark.once
@pytest.mark.parametrize("who", ["rita", "lena", "dan", "rosa"])
def test_no_search_or_older_text_shows_the_removed_part(who: str, keys: dict[str, Any], plain_refusals: None) -> None:
    client = signed_in(who)
    opened = [address(name, keys) for name in opened_by(who, or_posted=True)]
    asked = [f"{at}?q=bye" for at in opened if at.endswith(("/message/", "/conversation/"))]
    asked += [f"{at}?edits=1" for at in opened if "/message/" in at and at.endswith("/change/")]
    texts = {(method, at): text_of(getattr(client, method)(at)) for method in ("get", "post") for at in asked}
    assert [at for at, text in texts.items() if REMOVED in text] == []
    assert any(MARK in text for text in texts.values())
    assert not Entry.objects.filter(details__icontains=REMOVED).exists()


@pytest.mark.parametrize("who", PEOPLE)
def test_originals_are_for_leads_alone(who: str, keys: dict[str, Any]) -> None:
    """Of all pages of messages and cases, only the message's page shows requested originals, and it records that."""
    client = signed_in(who)
    pages = [name for name in EXPECTED if name.startswith(("messaging_", "moderation_case_", "accounts_user_"))]
    given = [name for name in pages if REMOVED in text_of(client.get(f"{address(name, keys)}?originals=1"))]
    entries = Entry.objects.filter(event="message.originals_read")
    recorded = list(entries.values_list("target_type", "target_id", "actor_name"))
    if who in ("lena", "rosa"):
        assert given == ["messaging_message_change"]
        assert recorded == [("messaging.message", str(keys["messaging/message/"]), who)]
    else:
        assert (given, recorded) == ([], [])


def test_searching_for_the_removed_part_finds_nothing(keys: dict[str, Any]) -> None:
    client = signed_in("rosa")
    for at in ("messaging_message_changelist", "messaging_conversation_changelist"):
        found = client.get(f"{reverse(f'admin:{at}')}?q={REMOVED}").context["cl"]
        assert list(found.result_list) == []


@pytest.mark.django_db
def test_no_export_contains_the_removed_part(folder: Path, keys: dict[str, Any]) -> None:
    emma = make_exporter("emma", "view_message", "view_conversation", "view_user", "read_redacted")
    for format in Export.Format.values:
        content = exported(emma, format=format, histories=True)
        files = unzipped(content)
        for name, file in files.items():
            texts = unzipped(file).values() if format == "xlsx" else [file]
            assert not any(REMOVED.encode() in text for text in texts), name
        if format == "csv":
            assert files["histories.csv"].decode().count(ORIGINAL_WITHHELD) == 2
    message = Message.objects.get(pk=keys["messaging/message/"])
    for person in (message.sender, message.receiver):
        export = requests.person_zip(person, by=emma, reason=WHY, now=NOW)
        files = unzipped(private_files.path(export.file).read_bytes())
        assert not any(REMOVED.encode() in text for text in files.values())


def test_a_lead_reads_the_originals_with_what_was_removed(keys: dict[str, Any]) -> None:
    client, at = signed_in("lena"), address("messaging_message_change", keys)
    page = client.get(at).content.decode()
    assert "Show originals" in page and page.count("Original withheld") >= 2
    assert REMOVED not in page
    page = client.get(f"{at}?originals=1").content.decode()
    assert "Hide originals" in page and REMOVED in page
    page = signed_in("rita").get(at).content.decode()
    assert "Show originals" not in page and page.count("Original withheld") >= 2


def test_the_lists_show_a_chip_and_filter(keys: dict[str, Any]) -> None:
    client = signed_in("rita")
    at = reverse("admin:messaging_message_changelist")
    assert client.get(at).content.decode().count("part removed</span>") == 1
    for chosen, number in (("yes", 1), ("no", Message.objects.count() - 1)):
        assert len(client.get(f"{at}?redacted={chosen}").context["cl"].result_list) == number
    thread = client.get(address("messaging_conversation_change", keys)).content.decode()
    assert thread.count("part removed</span>") == 1
    edits = client.get(reverse("admin:messaging_messagehistory_changelist")).content.decode()
    assert edits.count("Original withheld") == 2


def test_only_listed_modules_read_old_texts() -> None:
    """Code that shows old texts reads ``text`` of ``MessageHistory.objects.readable()``."""
    named = {
        str(path.relative_to(ROOT))
        for folder in ("messaging", "ops", "bench")
        for kind in ("*.py", "*.html")
        for path in (ROOT / folder).rglob(kind)
        if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts)
        and re.search(r"\bold_content\b", path.read_text())
    }
    assert named == set(MAY_NAME_OLD_TEXTS)


def test_every_list_of_histories_is_readable_only(keys: dict[str, Any], client: Client) -> None:
    """Covers the pages of participants with the console's settings; messaging tests them with its own."""
    message = Message.objects.get(pk=keys["messaging/message/"])
    for person in (message.sender, message.receiver):
        client.force_login(person)
        for name, key in (("conversation", message.conversation_id), ("history", message.pk), ("reply", message.pk)):
            text = client.get(reverse(f"messaging:{name}", args=[key])).content.decode()
            assert REMOVED not in text, name
        assert "part removed by moderators" in client.get(message.get_absolute_url()).content.decode()


def test_every_role_is_crawled() -> None:
    assert {"messaging_message_change", "messaging_messagehistory_changelist", "moderation_case_change"} <= set(ROUTES)
