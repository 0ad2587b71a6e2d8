"""Importing a text of 10,485,760 characters among others: the process holds few copies of it at a time."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from messaging.limits import LONGEST_TEXT
from messaging.models import Message, MessageHistory
from messaging.tests.cast import make_user
from ops.files.tests.files import as_csv, as_json, as_json_lines
from ops.files.tests.limited import mib
from ops.imports import steps
from ops.imports.tests.files import row
from ops.imports.tests.importing import brought
from ops.jobs.starting import run_now
from ops.jobs.tests.killing import Databases, databases

__all__ = ["databases"]

pytestmark = pytest.mark.processes

# Five copies of the text and a little more. Four are needed; in one run of seven, the allocator keeps the memory of a
# freed copy (neither returned to the system nor reused), depending on its address.
MOST_MIB = 60
WRITERS = {"csv": as_csv, "json": as_json, "jsonl": as_json_lines}
WORDS = 'He said: "All work and no play\tmakes \\Jack\\ a dull boy".\r\n'


def long_text() -> str:
    return (WORDS * (LONGEST_TEXT // len(WORDS) + 1))[:LONGEST_TEXT]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def imported_by_command(file: str) -> dict[str, Any]:
    """Import a file by the command; return the memory it took and what it stored."""
    begun = _ready()
    call_command("import_messages", file, stdout=io.StringIO(), stderr=io.StringIO())
    return _result(begun)


def imported_by_job(file: str) -> dict[str, Any]:
    """Import a file as the screens do."""
    import_ = brought(content=Path(file).read_bytes())
    begun = _ready()
    run_now(steps.store(import_, by=None, kick=False))
    return _result(begun)


def changed_by_command(file: str) -> dict[str, Any]:
    """Import changed texts of stored messages."""
    begun = mib("VmRSS")
    call_command("import_messages", file, existing="edit", stdout=io.StringIO(), stderr=io.StringIO())
    result = _result(begun)
    histories = MessageHistory.objects.values_list("message__external_id", "revision", "old_content")
    before = {name: [revision, digest(text)] for name, revision, text in histories}
    return {**result, "revision": Message.objects.get(external_id="long").revision, "before": before}


def _ready() -> int:
    for name in ("alice", "bob"):
        make_user(name)
    return mib("VmRSS")


def _result(begun: int) -> dict[str, Any]:
    call_command("index_texts", verbosity=0)  # a worker does this next
    taken = mib("VmHWM") - begun
    long = Message.objects.get(external_id="long")
    parent = long.parent_message.external_id if long.parent_message else ""
    counts = [Message.objects.count(), long.conversation.message_count]
    return {"taken": taken, "counts": counts, "parent": parent, "digest": digest(long.content)}


# CSV by the command is tested below.
@pytest.mark.parametrize(("format", "by"), [("csv", "job"), ("json", "job"), ("jsonl", "command")])
def test_importing_a_long_text_takes_little_memory(format: str, by: str, databases: Databases, tmp_path: Path) -> None:
    text = long_text()
    others = [row(str(number), content=f"Nothing of interest {number}") for number in range(2_000)]
    answers = [row("long", "7", content=text), row("after", "long")]
    path = tmp_path / f"messages.{format}"
    path.write_bytes(WRITERS[format](*others, *answers))
    result = databases.call(f"{__name__}.imported_by_{by}", databases.fresh(), file=str(path))
    taken = result.pop("taken")
    assert result == {"counts": [2_002, 3], "parent": "7", "digest": digest(text)}
    assert taken < MOST_MIB


def test_replacing_a_long_text_takes_little_memory(databases: Databases, tmp_path: Path) -> None:
    text = long_text()
    texts = {"old": (text, "before"), "new": (f"{text[:-1]}!", "after")}
    for name, (content, other) in texts.items():
        (tmp_path / name).write_bytes(as_csv(row("7"), row("long", "7", content=content), row("8", content=other)))
    place = databases.fresh()
    databases.call(f"{__name__}.imported_by_command", place, file=str(tmp_path / "old"))
    result = databases.call(f"{__name__}.changed_by_command", place, file=str(tmp_path / "new"))
    taken = result.pop("taken")
    assert result == {
        "counts": [3, 2],
        "parent": "7",
        "digest": digest(texts["new"][0]),
        "revision": 2,
        "before": {"long": [1, digest(text)], "8": [1, digest("before")]},
    }
    assert taken < MOST_MIB
