"""The files of ../shared/data: real conversations and hostile files, each giving what its README says."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from messaging.models import Conversation, Message
from messaging.tests.cast import make_user
from messaging.threads import read_conversation
from ops.transfers.csv_files import CsvFile
from ops.transfers.imports import ImportResult
from ops.transfers.problems import Unreadable
from ops.transfers.storing import Stored
from ops.transfers.tests.files import SHARED, imported

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared test data is not at {SHARED}"),
]

# How many messages each file gives, and the beginning of each problem.
BAD_INPUT: dict[str, tuple[int, list[str]]] = {
    "ok": (2, []),
    "forward-ref": (2, []),
    "deep-5000": (5_000, []),
    "mixed-newlines": (3, []),
    "html-script": (5, []),
    "control-chars": (1, []),
    "self-message": (1, []),
    "ids": (11, []),
    "bom-utf8": (1, []),
    "utf16le-bom": (1, []),
    "semicolon": (1, []),
    "tab": (1, []),
    "dup-id-same": (1, ["row 3 repeats row 2; skipped"]),
    "formula": (0, ["row 11, content: content holds a character that cannot be stored (U+0000)"]),
    "unicode-tricks": (0, ["row 10, content: the text is empty"]),
    "latin1": (0, ["Row 2 is not valid UTF-8"]),
    "bad-utf8-row3": (0, ["Row 4 is not valid UTF-8"]),
    "nul": (0, ["row 2, content: content holds a character that cannot be stored (U+0000)"]),
    "unterminated-quote": (0, ["the quote opened in row 2 is never closed"]),
    "ragged": (0, ["row 2 has 5 values where 6 are expected", "row 3 has 8 values where 6 are expected"]),
    "empty": (0, ["the file is empty"]),
    "header-only": (0, ["the file has a header and no rows"]),
    "wrong-header": (0, ["the columns of the header do not fit; unknown: a, b, c; missing: external_id, parent_ext"]),
    "missing-column": (0, ["the columns of the header do not fit; missing: parent_external_id, content"]),
    "dup-header": (0, ["the columns of the header do not fit; repeated: content"]),
    "not-really": (0, ["this is not text: it looks like a ZIP or XLSX file"]),
    "dup-id-different": (0, ["rows 2 and 3 share external_id 1 with different content"]),
    "self-parent": (0, ["row 2, parent_external_id: replies in a loop: 1 → 1 (row 2)"]),
    "cycle-2": (0, ["row 2, parent_external_id: replies in a loop: 1 → 2 → 1 (rows 2–3)"]),
    "missing-parent": (0, ["row 2, parent_external_id: parent 999 is neither in the file nor stored"]),
    "unknown-user": (0, ["row 2, sender: no user 'nobody-here'"]),
    "times": (
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
}


def import_file(name: str, **options: Any) -> tuple[ImportResult | None, list[str]]:
    """Import a file of the shared data; no result where not even its header can be read."""
    with (SHARED / name).open("rb") as file:
        try:
            return imported(CsvFile(file), **options)
        except Unreadable as error:
            return None, [str(error)]


def test_every_hostile_csv_file_is_expected() -> None:
    assert {path.stem for path in (SHARED / "bad-input").glob("*.csv")} == set(BAD_INPUT)


@pytest.mark.parametrize("name", BAD_INPUT)
def test_a_hostile_file_gives_what_its_readme_says(name: str) -> None:
    for username in ("alice", "bob", "carol", "dave"):
        make_user(username)
    messages, beginnings = BAD_INPUT[name]
    _, problems = import_file(f"bad-input/{name}.csv")
    assert len(problems) == len(beginnings)
    for problem, beginning in zip(problems, beginnings, strict=True):
        assert problem.startswith(beginning)
    assert Message.objects.count() == messages


def test_the_real_conversations_come_in_whole_and_once() -> None:
    result, problems = import_file("irc-ubuntu/messages.csv", create_users=True)
    assert (result and result.stored, problems) == (Stored(44_082, 32_986, 11_096, 5_570), [])
    assert Message.objects.count() == 44_082
    assert Message.objects.filter(parent_message=None).count() == Conversation.objects.count() == 11_096
    assert get_user_model().objects.filter(is_active=False).count() == 5_570
    counts = Conversation.objects.order_by("id").values_list("id", "last_message_at", "message_count", "unread_count")
    before = list(counts)
    Conversation.objects.all().recount()
    assert list(counts) == before
    thread = Message.objects.get(external_id="2007-09-07.train-a:990").conversation
    assert len(read_conversation(thread.pk)) == thread.message_count == 117
    again, _ = import_file("irc-ubuntu/messages.csv", create_users=True)
    assert again and (again.stored, again.unchanged) == (Stored(), 44_082)


def test_the_talk_pages_are_refused_with_every_fault_named() -> None:
    result, problems = import_file("wikitalk/messages.csv", create_users=True)
    kinds = Counter(re.sub(r"^row \d+, |: .*", "", problem) for problem in problems)
    assert kinds == {"parent_external_id": 553, "content": 1}
    assert result and (result.errors, result.stored) == (554, Stored())
    assert not Message.objects.exists()
    assert not get_user_model().objects.exists()
