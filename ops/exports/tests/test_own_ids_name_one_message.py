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


def go_elsewhere() -> None:
    """Delete everything, to continue as another database without messages."""
    for model in (MessageHistory, Notification, Message, Conversation, Origin):
        model._base_manager.all()._raw_delete("default")


def native(sender: Any, receiver: Any, pk: int, content: str, **fields: Any) -> Message:
    """Return a new message of this database with this number."""
    written = write(sender, receiver, content, **fields)
    Notification.objects.filter(message=written).delete()
    Message.objects.filter(pk=written.pk).update(id=pk)
    return Message.objects.get(pk=pk)


def brought(content: bytes, by: Any) -> Import:
    return stored_import(content=content, by=by, create_users=True)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def ids_of(content: bytes) -> list[str]:
    return [found["external_id"] for found in rows_of(content)]


def test_what_two_databases_call_the_same_number_stays_two_messages(emma: Any, alice: Any, bob: Any) -> None:
    """Messages of both have the same numbers; each keeps its own answers, wherever they are imported."""
    first = write(alice, bob, "of here")
    answer(first, "an answer to what is of here")
    here = exported(emma)
    go_elsewhere()
    theirs = native(bob, alice, first.pk, "of elsewhere")
    answer(theirs, "an answer to what is of elsewhere")
    brought(here, emma)
    both = exported(emma)
    ids = ids_of(both)
    assert len(set(ids)) == len(ids) == 4
    assert brought(both, emma).counts["unchanged"] == 4
    assert exported(emma) == both
    go_elsewhere()
    brought(both, emma)
    assert exported(emma) == both
    assert set(Message.objects.values_list("content", "parent_message__content")) == {
        ("of here", None),
        ("an answer to what is of here", "of here"),
        ("of elsewhere", None),
        ("an answer to what is of elsewhere", "of elsewhere"),
    }


def test_a_file_from_before_the_import_of_another_databases_file_still_changes_nothing(
    emma: Any, alice: Any, bob: Any
) -> None:
    first = write(alice, bob, "of elsewhere")
    theirs = exported(emma)
    go_elsewhere()
    native(bob, alice, first.pk, "of here")
    before = exported(emma)
    brought(theirs, emma)
    assert brought(before, emma).counts["unchanged"] == 1
    assert brought(theirs, emma).counts["unchanged"] == 1


def test_answers_without_what_they_answer_join_it_where_it_is(emma: Any, alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    reply = answer(first, "deleted, and brought back")
    content = exported(emma, ids=[reply.pk])
    reply.delete()
    brought(content, emma)
    back = Message.objects.get(content="deleted, and brought back")
    assert (back.parent_message, back.conversation_id) == (first, first.conversation_id)
    assert exported(emma, ids=[back.pk]) == content
    assert brought(content, emma).counts["unchanged"] == 1


def test_what_was_deleted_comes_back_under_its_old_name_which_nobody_else_gets(emma: Any, alice: Any, bob: Any) -> None:
    write(alice, bob, "the last one")
    content = exported(emma)
    Message.objects.get().delete()
    brought(content, emma)
    write(alice, bob, "a later one")
    ids = ids_of(exported(emma))
    assert ids[0] == ids_of(content)[0]
    assert len(set(ids)) == 2


def test_numbers_that_were_never_given_here_are_refused(emma: Any, alice: Any, bob: Any) -> None:
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


def test_a_changed_row_is_compared_with_the_message_of_its_number(emma: Any, alice: Any, bob: Any) -> None:
    first = write(alice, bob, "hello")
    name = f"{own_ids.prefix()}{first.pk}"
    import_ = checked(row(name, sender="bob", receiver="alice", timestamp=first.timestamp.isoformat()))
    assert problems(import_) == [
        f"row 2, external_id: message {name} is already stored with different sender, receiver: correct the row, or "
        "give it another id."
    ]


def test_files_of_the_old_naming_are_known_where_they_came_from(emma: Any, alice: Any, bob: Any) -> None:
    """A message of another database may have been imported under the same name since."""
    first = write(alice, bob, "hello")
    reply = answer(first, "hello yourself", timestamp=first.timestamp + timedelta(minutes=1))
    old = exported(emma).replace(own_ids.prefix().encode(), b"threadward:")
    Message.objects.filter(pk=write(bob, alice, "of elsewhere").pk).update(external_id=f"threadward:{first.pk}")
    import_ = brought(old, emma)
    assert (import_.counts["new"], import_.counts["unchanged"]) == (0, 2)
    assert ids_of(exported(emma)) == [
        f"{own_ids.prefix()}{first.pk}",
        f"{own_ids.prefix()}{reply.pk}",
        f"threadward:{first.pk}",
    ]


def test_what_came_under_an_old_name_is_exported_under_it(emma: Any, alice: Any, bob: Any) -> None:
    old = [row("threadward:7", timestamp="2026-01-05T10:00:00Z"), row("threadward:8", "threadward:7")]
    stored_import(*old)
    native(alice, bob, 7_000_007, "of here", minute=5)
    content = exported(emma)
    assert ids_of(content) == ["threadward:7", "threadward:8", f"{own_ids.prefix()}7000007"]
    assert stored_import(*old).counts["unchanged"] == 2
    go_elsewhere()
    brought(content, emma)
    assert exported(emma) == content
