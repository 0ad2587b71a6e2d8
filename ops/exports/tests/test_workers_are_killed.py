"""Workers that make exports are killed with -9 at random moments: the files are identical to the byte."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from messaging.models import Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.conversations import START
from ops.accounts.models import User
from ops.exports import contents, requests, rows
from ops.exports.models import Export
from ops.exports.tests.exporting import NOW, WHY
from ops.files import private_files
from ops.imports.models import Origin
from ops.jobs import starting

pytestmark = pytest.mark.processes

KINDS: list[dict[str, Any]] = [
    {"format": Export.Format.CSV},
    {"format": Export.Format.JSON_LINES, "histories": True},
    {"format": Export.Format.XLSX},
]


def prepare() -> None:
    """Create a thousand messages, three exports of all of them and one of a person, none of them started."""
    rosa = make_user("rosa", is_staff=True, is_superuser=True)
    alice, bob = make_user("alice"), make_user("bob")
    first = Message.objects.create(sender=alice, receiver=bob, content="first", timestamp=START)
    Message.objects.bulk_create(
        Message(
            sender=bob, receiver=alice, content=f"=text {number} 'é'", timestamp=START + timedelta(seconds=number),
            parent_message=first, conversation_id=first.conversation_id, read=number % 2 == 0,
        )
        for number in range(1_000)
    )  # fmt: skip
    Message.objects.filter(pk__lte=first.pk + 500).update(content="changed")
    # Make two runs identical.
    MessageHistory.objects.update(edited_at=NOW)
    Notification.objects.update(created_at=NOW)
    User.objects.update(date_joined=NOW, last_login=None)
    Origin.objects.create(pk=1, name="0123456789ab")
    exports = [
        requests.submit(requests.draft(by=rosa, scope="messages", reason=WHY, now=NOW, **kind)) for kind in KINDS
    ]
    person = Export(by=rosa, scope=Export.Scope.PERSON, reason=WHY, created_at=NOW)
    newest = {"last_history": 501, "last_notification": 1}
    person.up_to, person.selection = exports[0].up_to, {"person": bob.pk, **newest}
    person.save(force_insert=True)
    for export in (*exports, person):
        export.file = private_files.new_name(contents.suffix(export))
        params = {"export": str(export.pk)}
        export.job = starting.start(requests.KIND, requester=rosa, title="Export", params=params, kick=False)
        export.save()


def in_short_ranges() -> None:
    rows.FIRST_RANGE, rows.QUICK = 100, 0.0


def look() -> Any:
    """Return the digest and size of each file, and the names of other files that were left."""
    exports = list(Export.objects.order_by("job__created_at"))
    made = [private_files.path(export.file).read_bytes() for export in exports]
    digests = [hashlib.sha256(content).hexdigest() for content in made]
    named = {export.file for export in exports}
    beside = [file.name for file in private_files.path(exports[0].file).parent.iterdir() if file.name not in named]
    sizes = [[export.size, export.rows] for export in exports]
    return {"digests": digests, "sizes": sizes, "beside": [name for name in beside if not name.startswith("tmp")]}


def test_killed_workers_do_not_change_the_files(databases: Any) -> None:
    fates = {"disturb": f"{__name__}.in_short_ranges", "kills": 20, "seed": 7, "share": 5, "batches": 2}
    calm, killed = databases.compare(f"{__name__}.prepare", f"{__name__}.look", **fates)
    assert calm.states == ["finished"] * 4
    assert [rows for _, rows in calm.found["sizes"]] == [1_001, 1_001, 1_001, 1_001]
    assert killed.states == ["finished"] * 4
    assert killed.found == calm.found
    assert killed.deaths == 20
