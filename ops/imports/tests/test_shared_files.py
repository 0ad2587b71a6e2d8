"""The files of ../shared/data, real conversations and hostile files, give the results that its README states."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from messaging.models import Conversation, Message
from messaging.tests.cast import make_user
from messaging.threads import load_conversation
from ops.imports.models import Import
from ops.imports.recording import ImportCounts
from ops.imports.tests.files import SHARED, Result, result_of
from ops.imports.tests.importing import brought, checked
from ops.imports.tests.importing import problems as shown_problems

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("folder"),
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared test data is not at {SHARED}"),
]

# The number of messages that each file gives, and the beginning of each problem.
BAD_INPUT: dict[str, tuple[int, list[str]]] = {
    "ok.csv": (2, []),
    "forward-ref.csv": (2, []),
    "deep-5000.csv": (5_000, []),
    "mixed-newlines.csv": (3, []),
    "html-script.csv": (5, []),
    "control-chars.csv": (1, []),
    "self-message.csv": (1, []),
    "ids.csv": (11, []),
    "bom-utf8.csv": (1, []),
    "utf16le-bom.csv": (1, []),
    "semicolon.csv": (1, []),
    "tab.csv": (1, []),
    "dup-id-same.csv": (1, ["row 3 repeats row 2; skipped"]),
    "formula.csv": (0, ["row 11, content: content holds a character that cannot be stored (U+0000)"]),
    "unicode-tricks.csv": (0, ["row 10, content: the text is empty"]),
    "latin1.csv": (0, ["Row 2 is not valid UTF-8"]),
    "bad-utf8-row3.csv": (0, ["Row 4 is not valid UTF-8"]),
    "nul.csv": (0, ["row 2, content: content holds a character that cannot be stored (U+0000)"]),
    "unterminated-quote.csv": (0, ["the quote opened in row 2 is never closed"]),
    "ragged.csv": (0, ["row 2 has 5 values where 6 are expected", "row 3 has 8 values where 6 are expected"]),
    "empty.csv": (0, ["the file is empty"]),
    "header-only.csv": (0, ["the file has a header and no rows"]),
    "wrong-header.csv": (
        0,
        ["the columns of the header do not fit; unknown: a, b, c; missing: external_id, parent"],
    ),
    "missing-column.csv": (0, ["the columns of the header do not fit; missing: parent_external_id, content"]),
    "dup-header.csv": (0, ["the columns of the header do not fit; repeated: content"]),
    "not-really.csv": (0, ["this is not text: it looks like a ZIP or XLSX file"]),
    "dup-id-different.csv": (0, ["rows 2 and 3 share external_id 1 with different content"]),
    "self-parent.csv": (0, ["row 2, parent_external_id: replies in a loop: 1 → 1 (row 2)"]),
    "cycle-2.csv": (0, ["row 2, parent_external_id: replies in a loop: 1 → 2 → 1 (rows 2–3)"]),
    "missing-parent.csv": (0, ["row 2, parent_external_id: parent 999 is neither in the file nor stored"]),
    "unknown-user.csv": (0, ["row 2, sender: no user 'nobody-here'"]),
    "times.csv": (
        0,
        [
            "row 2, timestamp: the time has no zone; taken as UTC",
            "row 4, timestamp: the time lies in the future",
            "row 6, timestamp: there is no such date as 0000-00-00",
            "row 7, timestamp: there is no such date and time",
            "row 8, timestamp: it is ambiguous",
            "row 9, timestamp: a bare number",
            "row 10, timestamp: a bare number",
            "row 11, timestamp: the time has no zone; taken as UTC",
            "row 12, timestamp: a bare number",
            "row 13, timestamp: the timestamp is empty",
            "row 14, timestamp: this is not a date and time",
        ],
    ),
    "ok.json": (1, []),
    "ndjson.json": (2, []),
    "nul.json": (0, ["row 1, content: content holds a character that cannot be stored (U+0000)"]),
    "lone-surrogate.json": (0, ["row 1, content: content holds a character that cannot be stored (U+D800)"]),
    "truncated.json": (0, ["the file is cut off after row 1"]),
    "object-root.json": (0, ["expected a list of objects"]),
    "billion-laughs.xlsx": (0, ["cannot read this workbook: it defines entities or a document type"]),
    "huge-dimension.xlsx": (0, ["cannot read this workbook: it has a value at XFD1048576, far from the other values"]),
}


def import_file(name: str, **options: Any) -> tuple[Result, list[str]]:
    """Import a file of the shared data."""
    return result_of(brought(content=(SHARED / name).read_bytes(), **options))


def test_every_hostile_file_is_expected() -> None:
    assert {path.name for path in (SHARED / "bad-input").iterdir()} == set(BAD_INPUT)


@pytest.mark.parametrize("name", BAD_INPUT)
def test_a_hostile_file_gives_the_expected_problems(name: str) -> None:
    for username in ("alice", "bob", "carol", "dave"):
        make_user(username)
    messages, beginnings = BAD_INPUT[name]
    _, problems = import_file(f"bad-input/{name}")
    assert len(problems) == len(beginnings)
    for problem, beginning in zip(problems, beginnings, strict=True):
        assert problem.startswith(beginning)
    assert Message.objects.count() == messages


@pytest.mark.parametrize("name", BAD_INPUT)
def test_the_check_of_the_screens_finds_the_same_in_a_hostile_file(name: str) -> None:
    for username in ("alice", "bob", "carol", "dave"):
        make_user(username)
    beginnings = BAD_INPUT[name][1]
    import_ = checked(content=(SHARED / "bad-input" / name).read_bytes())
    found = shown_problems(import_)
    assert import_.state == Import.State.CHECKED
    assert len(found) == len(beginnings)
    for problem, beginning in zip(found, beginnings, strict=True):
        assert problem.startswith(beginning)
    assert not Message.objects.exists()


@pytest.mark.parametrize(("name", "text"), [("latin1.csv", "café £5"), ("utf16le-bom.csv", "héllo")])
def test_a_chosen_encoding_applies_unless_the_file_declares_its_own(name: str, text: str) -> None:
    for username in ("alice", "bob"):
        make_user(username)
    _, problems = import_file(f"bad-input/{name}", encoding="Windows-1252")
    assert problems == []
    assert Message.objects.get().content == text


def test_the_real_conversations_are_imported_whole_and_once() -> None:
    result, problems = import_file("irc-ubuntu/messages.csv", create_users=True)
    assert (result.stored, problems) == (ImportCounts(44_082, 32_986, 11_096, 5_570), [])
    assert Message.objects.count() == 44_082
    assert Message.objects.filter(parent_message=None).count() == Conversation.objects.count() == 11_096
    assert get_user_model().objects.filter(is_active=False).count() == 5_570
    counts = Conversation.objects.order_by("id").values_list("id", "last_message_at", "message_count", "unread_count")
    before = list(counts)
    Conversation.objects.all().recount()
    assert list(counts) == before
    thread = Message.objects.get(external_id="2007-09-07.train-a:990").conversation
    assert len(load_conversation(thread.pk)) == thread.message_count == 117
    again, _ = import_file("irc-ubuntu/messages.csv", create_users=True)
    assert (again.stored, again.unchanged) == (ImportCounts(), 44_082)


def test_the_talk_pages_are_refused_with_every_fault_named() -> None:
    result, problems = import_file("wikitalk/messages.csv", create_users=True)
    kinds = Counter(re.sub(r"^row \d+, |: .*", "", problem) for problem in problems)
    assert kinds == {"parent_external_id": 553, "content": 1}
    assert (result.errors, result.stored) == (554, ImportCounts())
    assert not Message.objects.exists()
    assert not get_user_model().objects.exists()
