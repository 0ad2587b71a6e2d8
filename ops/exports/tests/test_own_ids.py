"""In exports, a message without an external id gets one that no other message has, in this or any other database."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.conversations import answer, write
from ops.exports.tests.exporting import exported, make_exporter
from ops.imports import own_ids
from ops.imports.models import Import, Origin
from ops.imports.tests.files import row
from ops.imports.tests.importing import checked, problems, stored_import


@pytest.fixture
def emma(db: Any, folder: Path) -> Any:
    """Emma exports and imports."""
    return make_exporter("emma", "view_message", "view_conversation", "import_messages")


def continue_as_another_database() -> None:
    """Delete everything, to continue as another database without messages."""
    for model in (MessageHistory, Notification, Message, Conversation, Origin):
        model._base_manager.all()._raw_delete("default")


def native(sender: Any, receiver: Any, pk: int, content: str, **fields: Any) -> Message:
    """Return a new message of this database with this number."""
    written = write(sender, receiver, content, **fields)
    Notification.objects.filter(message=written).delete()
    Message.objects.filter(pk=written.pk).update(id=pk)
    return Message.objects.get(pk=pk)


def import_content(content: bytes, by: Any) -> Import:
    return stored_import(content=content, by=by, create_users=True)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def ids_of(content: bytes) -> list[str]:
    return [found["external_id"] for found in rows_of(content)]


def test_messages_with_the_same_id_in_two_databases_stay_separate(emma: Any, alice: Any, bob: Any) -> None:
    """Messages of both have the same numbers; each keeps its own answers, wherever they are imported."""
    first = write(alice, bob, "of here")
    answer(first, "an answer to what is of here")
    here = exported(emma)
    continue_as_another_database()
    theirs = native(bob, alice, first.pk, "of elsewhere")
    answer(theirs, "an answer to what is of elsewhere")
    import_content(here, emma)
    both = exported(emma)
    ids = ids_of(both)
    assert len(set(ids)) == len(ids) == 4
    assert import_content(both, emma).counts["unchanged"] == 4
    assert exported(emma) == both
    continue_as_another_database()
    import_content(both, emma)
    assert exported(emma) == both
    assert set(Message.objects.values_list("content", "parent_message__content")) == {
        ("of here", None),
        ("an answer to what is of here", "of here"),
        ("of elsewhere", None),
        ("an answer to what is of elsewhere", "of elsewhere"),
    }


def test_an_older_file_changes_nothing_after_importing_from_another_database(emma: Any, alice: Any, bob: Any) -> None:
    first = write(alice, bob, "of elsewhere")
    theirs = exported(emma)
    continue_as_another_database()
    native(bob, alice, first.pk, "of here")
    before = exported(emma)
    import_content(theirs, emma)
    assert import_content(before, emma).counts["unchanged"] == 1
    assert import_content(theirs, emma).counts["unchanged"] == 1


def test_an_imported_answer_joins_its_stored_parent(emma: Any, alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    reply = answer(first, "deleted, and brought back")
    content = exported(emma, ids=[reply.pk])
    reply.delete()
    import_content(content, emma)
    back = Message.objects.get(content="deleted, and brought back")
    assert (back.parent_message, back.conversation_id) == (first, first.conversation_id)
    assert exported(emma, ids=[back.pk]) == content
    assert import_content(content, emma).counts["unchanged"] == 1


def test_a_reimported_message_keeps_its_id_and_no_other_gets_it(emma: Any, alice: Any, bob: Any) -> None:
    write(alice, bob, "the last one")
    content = exported(emma)
    Message.objects.get().delete()
    import_content(content, emma)
    write(alice, bob, "a later one")
    ids = ids_of(exported(emma))
    assert ids[0] == ids_of(content)[0]
    assert len(set(ids)) == 2


def test_own_ids_that_were_never_assigned_are_refused(emma: Any, alice: Any, bob: Any) -> None:
    """A copy of the database gave them to other messages; here they are still unused, or belong to something else."""
    taken = write(alice, bob, external_id="of elsewhere")
    own = own_ids.prefix()
    for number in (taken.pk, taken.pk + 1_000):
        import_ = checked(row(f"{own}{number}"), row("2", f"{own}{number}"))
        assert problems(import_) == [
            f"row 2, external_id: id {own}{number} is one of this very database, which never gave it to this message: "
            "the file is of a copy of it, perhaps. Give the message another id, in the rows of its answers as well."
        ]
    for harmless in ("", "0", "007", "-1", "1.0", "x", "9" * 30):
        assert problems(checked(row(f"{own}{harmless}"))) == []


def test_a_changed_row_is_compared_with_the_message_of_its_own_id(emma: Any, alice: Any, bob: Any) -> None:
    first = write(alice, bob, "hello")
    name = f"{own_ids.prefix()}{first.pk}"
    import_ = checked(row(name, sender="bob", receiver="alice", timestamp=first.timestamp.isoformat()))
    assert problems(import_) == [
        f"row 2, external_id: message {name} is already stored with different sender, receiver: correct the row, or "
        "give it another id."
    ]


def test_files_with_old_ids_are_recognised_in_their_own_database(emma: Any, alice: Any, bob: Any) -> None:
    """A message of another database may have been imported under the same name since."""
    first = write(alice, bob, "hello")
    reply = answer(first, "hello yourself", timestamp=first.timestamp + timedelta(minutes=1))
    old = exported(emma).replace(own_ids.prefix().encode(), b"threadward:")
    Message.objects.filter(pk=write(bob, alice, "of elsewhere").pk).update(external_id=f"threadward:{first.pk}")
    import_ = import_content(old, emma)
    assert (import_.counts["new"], import_.counts["unchanged"]) == (0, 2)
    assert ids_of(exported(emma)) == [
        f"{own_ids.prefix()}{first.pk}",
        f"{own_ids.prefix()}{reply.pk}",
        f"threadward:{first.pk}",
    ]


def test_messages_imported_with_old_ids_are_exported_with_them(emma: Any, alice: Any, bob: Any) -> None:
    old = [row("threadward:7", timestamp="2026-01-05T10:00:00Z"), row("threadward:8", "threadward:7")]
    stored_import(*old)
    native(alice, bob, 7_000_007, "of here", minute=5)
    content = exported(emma)
    assert ids_of(content) == ["threadward:7", "threadward:8", f"{own_ids.prefix()}7000007"]
    assert stored_import(*old).counts["unchanged"] == 2
    continue_as_another_database()
    import_content(content, emma)
    assert exported(emma) == content
