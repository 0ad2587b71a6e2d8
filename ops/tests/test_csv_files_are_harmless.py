"""Every CSV file of the console has all cells in quotes, and none that a spreadsheet would compute."""

from __future__ import annotations

import csv
import io
import re
from functools import partial
from typing import Any

import pytest
from django.test import Client

from messaging.models import Conversation, Message
from messaging.tests.conversations import write
from ops.accounts.models import User
from ops.audit.events import Event
from ops.audit.recording import record
from ops.conftest import confirm
from ops.files.formulas import STARTS, bare
from ops.imports.tests.screens import bring, decide
from ops.tests.asking import EXPECTED, address, empty_pages, signed_in
from ops.tests.test_who_may_open_what import keys

__all__ = ["keys"]

pytestmark = pytest.mark.once

FORMULA = "=1+1;=2\t=3"
FILE = (
    b"external_id,parent_external_id,sender,receiver,timestamp,content,=mood;=2\n"
    + "".join(
        f'{number},,{sender},bob,2026-01-05T10:00:00+00:00,"{FORMULA}",=glad;\n'
        for number, sender in enumerate(["alice", "=nobody;=2"])
    ).encode()
)
# A cell that no spreadsheet splits, whatever its separator.
PLAIN = re.compile(r"[^;\t]*")


def unquoted(content: str) -> list[str]:
    """Return the parts of a CSV file outside of quotes."""
    return re.sub(r'"(?:[^"]|"")*"', "", content).replace("\n", ",").split(",")


def csv_files(client: Client, keys: dict[str, Any]) -> dict[str, str]:
    """Return the CSV files among the responses of the console, by the names of their addresses."""
    found = {}
    # Post last, because posts change the rows that can be requested.
    for ask in (client.get, partial(client.post, data={"reason": "a reason", "format": "csv"})):
        for name in sorted(EXPECTED.keys() - {"logout"}):
            answer: Any = ask(address(name, keys))
            if answer.headers.get("Content-Type", "").startswith("text/csv"):
                found[name] = answer.getvalue().decode("utf-8-sig")
    return found


def test_no_file_of_the_console_falls_apart_or_is_computed(keys: dict[str, Any], plain_refusals: None) -> None:
    client = signed_in("rosa")
    confirm(client, "rosa")
    rosa = User.objects.get(username="rosa")
    record(Event.SEARCH_MADE, actor=rosa, target=Conversation, label=FORMULA)
    write(User.objects.get(username="alice"), User.objects.get(username="bob"), FORMULA)
    import_ = bring(client, FILE)
    decide(client, import_, "check/", only_valid=True, ignore_unknown=True)
    decide(client, import_, "store/")
    assert Message.objects.filter(external_id="0", content=FORMULA).exists()
    with empty_pages():
        found = csv_files(client, {**keys, "imports/import/": import_.pk})
    assert {"audit_entry_export", "imports_import_problems", "imports_import_rejected"} <= found.keys()
    computed = {
        name: cell
        for name, content in found.items()
        for row in csv.reader(io.StringIO(content, newline=""))
        for cell in row
        if cell.startswith(STARTS)
    }
    assert computed == {}
    assert {name: cell for name, text in found.items() for cell in unquoted(text) if not PLAIN.fullmatch(cell)} == {}
    came_back = list(csv.reader(io.StringIO(found["imports_import_rejected"], newline="")))
    assert [[bare(cell) for cell in row][5:7] for row in came_back] == [["content", "=mood;=2"], [FORMULA, "=glad;"]]
