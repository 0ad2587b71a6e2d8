"""What an import stores: messages, conversations and people, as if they had been written here one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.conversations import START, answer, write
from ops.imports.recording import ImportCounts
from ops.imports.storing.plan import PIECE
from ops.imports.tests.files import TIME, as_json, imported, numbered, result_of, row, stored
from ops.imports.tests.importing import brought, checked
from ops.jobs.run import Run

pytestmark = pytest.mark.django_db


def counts() -> list[tuple]:
    """Return (first message, started_at, last_message_at, messages, unread) of every conversation, oldest first."""
    return list(
        Conversation.objects.filter(messages__parent_message=None)
        .order_by("started_at", "id")
        .values_list("messages__external_id", "started_at", "last_message_at", "message_count", "unread_count")
    )


def assert_counts_hold() -> None:
    """Assert that counting again changes nothing."""
    before = counts()
    Conversation.objects.all().recount()
    assert counts() == before


def test_a_message_arrives_as_it_was(alice: Any, bob: Any) -> None:
    sent = row("m:1", content="'=1 <b>é🙂\r\n", timestamp="2026-01-05T10:00:00.5+05:30")
    result, problems = result_of(brought(content=as_json(sent)))
    assert (result.stored, problems) == (ImportCounts(messages=1, replies=0, conversations=1, users=0), [])
    message = Message.objects.get()
    assert (message.external_id, message.content) == ("m:1", "'=1 <b>é🙂\r\n")
    assert (message.sender, message.receiver) == (alice, bob)
    assert message.timestamp == datetime(2026, 1, 5, 4, 30, 0, 500_000, tzinfo=UTC)
    assert (message.read, message.edited, message.parent_message) == (False, False, None)
    assert counts() == [("m:1", message.timestamp, message.timestamp, 1, 1)]


def test_parents_may_come_in_any_order(alice: Any, bob: Any) -> None:
    rows = numbered(row("3", "2"), row("2", "1"), row("x"), row("1"), row("4", "1"))
    result, _ = imported(rows)
    assert result.stored == ImportCounts(messages=5, replies=3, conversations=2, users=0)
    parents = dict(Message.objects.values_list("external_id", "parent_message__external_id"))
    assert parents == {"1": None, "2": "1", "3": "2", "4": "1", "x": None}
    thread = Message.objects.get(external_id="1").conversation
    assert set(thread.messages.values_list("external_id", flat=True)) == {"1", "2", "3", "4"}
    assert_counts_hold()


def test_a_conversation_begins_with_its_first_message_and_lasts_to_the_latest(alice: Any, bob: Any) -> None:
    """A reply may be older than its parent, because the clocks of other systems may be wrong."""
    times = [f"2026-01-05T1{hour}:00:00Z" for hour in (1, 0, 2)]
    imported(
        numbered(row("1", timestamp=times[0]), row("2", "1", timestamp=times[1]), row("3", "1", timestamp=times[2]))
    )
    begun, latest = (datetime(2026, 1, 5, hour, tzinfo=UTC) for hour in (11, 12))
    assert counts() == [("1", begun, latest, 3, 3)]
    assert_counts_hold()


def test_a_reply_to_a_stored_message_joins_its_conversation(alice: Any, bob: Any) -> None:
    beginning = write(alice, bob, external_id="old", read=True)
    rows = numbered(row("2", "1"), row("1", "old", timestamp="2026-01-05T12:00:00Z"), row("3", "old"))
    result, _ = imported(rows)
    assert result.stored == ImportCounts(messages=3, replies=3, conversations=0, users=0)
    assert set(Message.objects.values_list("conversation_id", flat=True)) == {beginning.conversation_id}
    assert Message.objects.get(external_id="1").parent_message == beginning
    assert counts() == [("old", START, datetime(2026, 1, 5, 12, tzinfo=UTC), 4, 3)]
    assert_counts_hold()


def test_a_second_import_changes_nothing(alice: Any, bob: Any) -> None:
    """This includes messages without an id of their own."""
    rows = numbered(row("2", "1"), row("1"), row("", content="no id"), row("", "1", content="no id, a reply"))
    first, _ = imported(rows)
    before = stored()
    again, problems = imported(rows)
    assert (first.stored.messages, again.stored, again.unchanged, problems) == (4, ImportCounts(), 4, [])
    assert stored() == before


def test_rows_added_to_an_imported_file_are_imported(alice: Any, bob: Any) -> None:
    """New rows answer stored messages and each other; the ids of messages that were stored before do not change."""
    imported(numbered(row("1"), row("2", "1")))
    before = stored()
    result, _ = imported(numbered(row("1"), row("2", "1"), row("4", "3"), row("3", "2")))
    assert (result.stored, result.unchanged) == (ImportCounts(messages=2, replies=2, conversations=0, users=0), 2)
    assert stored()[:2] == before
    assert set(Message.objects.values_list("conversation_id", flat=True)) == {before[0][-2]}
    assert_counts_hold()


def test_rows_without_an_id_are_messages_of_their_own(alice: Any, bob: Any) -> None:
    """Somebody may write the same text twice in a second; nothing is dropped."""
    result, _ = imported(numbered(row(""), row("")))
    assert result.stored.messages == Message.objects.filter(external_id=None).count() == 2


@pytest.mark.parametrize(
    "other", [{"sender": "bob"}, {"receiver": "charlie"}, {"timestamp": "2026-01-05T10:00:01Z"}, {"content": "bye"}]
)
def test_a_row_without_an_id_is_stored_already_only_if_all_of_it_is(
    alice: Any, bob: Any, charlie: Any, other: dict[str, str]
) -> None:
    imported(numbered(row("")))
    result, _ = imported(numbered(row(""), row("", **other)))
    assert (result.stored.messages, result.unchanged) == (1, 1)


def test_a_repeated_row_is_skipped_with_a_notice(alice: Any, bob: Any) -> None:
    result, problems = imported(numbered(row("1"), row("1"), row("2", "1"), row("1")))
    assert problems == ["row 3 repeats row 2; skipped", "row 5 repeats row 2; skipped"]
    assert (result.stored.messages, result.repeated, result.notices, result.refused) == (2, 2, 2, False)


def test_missing_people_are_created_on_demand_and_cannot_sign_in(alice: Any) -> None:
    names = ["[set]", "s|k", "Jamie", "jamie", "Ωmega 3"]
    rows = [row(str(number), sender=name, receiver="alice") for number, name in enumerate(names)]
    result, problems = imported(numbered(*rows), create_users=True)
    assert (result.stored.users, problems) == (5, [])
    created = get_user_model().objects.exclude(pk=alice.pk)
    assert set(created.values_list("username", flat=True)) == set(names)
    assert not any(user.is_active or user.is_staff or user.has_usable_password() for user in created)
    assert get_user_model().objects.get(pk=alice.pk).is_active
    assert dict(Message.objects.values_list("external_id", "sender__username"))["3"] == "jamie"


def test_receivers_are_notified_only_on_request(alice: Any, bob: Any) -> None:
    started = timezone.now()
    imported(numbered(row("1")))
    assert not Notification.objects.exists()
    imported(numbered(row("1"), row("2"), row("3", sender="bob", receiver="alice")), notify=True)
    notifications = Notification.objects.order_by("message__external_id")
    assert list(notifications.values_list("user__username", "message__external_id")) == [("bob", "2"), ("alice", "3")]
    moments = set(notifications.values_list("created_at", flat=True))
    assert len(moments) == 1
    assert started <= moments.pop() <= timezone.now()


def test_messages_written_here_are_not_changed(alice: Any, bob: Any) -> None:
    mine = write(alice, bob, "hello")
    answer(mine)
    before = stored()
    imported(numbered(row("1"), row("2", "1")))
    assert stored()[:2] == before
    assert not MessageHistory.objects.exists()


def test_messages_can_be_written_after_an_import(alice: Any, bob: Any) -> None:
    """Ids that the import used are not assigned again."""
    imported(numbered(row("1"), row("2", "1")))
    answer(Message.objects.get(external_id="2"))
    write(alice, bob)
    imported(numbered(row("3", "1")))
    assert Message.objects.count() == 5
    assert_counts_hold()


def test_a_time_in_the_future_is_a_warning_and_one_without_a_zone_a_notice(alice: Any, bob: Any) -> None:
    rows = numbered(row("1"), row("2", timestamp="2999-01-05T10:00:01Z"), row("3", timestamp="2026-01-05 09:00"))
    result, problems = imported(rows)
    assert problems == [
        "row 3, timestamp: the time lies in the future: is it right?",
        "row 4, timestamp: the time has no zone; taken as UTC.",
    ]
    assert (result.stored.messages, result.warnings, result.notices) == (3, 1, 1)


def test_a_message_to_oneself_and_a_text_of_foreign_blanks_are_messages(bob: Any) -> None:
    imported(numbered(row("1", sender="bob"), row("2", sender="bob", content=" \u3000\u00a0 ")))
    assert list(Message.objects.order_by("id").values_list("content", flat=True)) == ["hello", " \u3000\u00a0 "]


def test_ids_are_texts(alice: Any, bob: Any) -> None:
    """They are never numbers: 7, ' 7 ' and 00012 are three messages, and each finds its own replies."""
    ids = ["0", "-1", "1.0", "1e3", "９", "9223372036854775808", "00012", "1_000", " 7 ", "7", "x" * 255]
    imported(numbered(*(row(one) for one in ids), *(row(f"reply to {one}"[:255], one) for one in ids)))
    assert set(Message.objects.filter(parent_message=None).values_list("external_id", flat=True)) == set(ids)
    assert Message.objects.get(external_id="reply to  7 ").parent_message.external_id == " 7 "  # type: ignore[union-attr]


def test_a_chain_of_five_thousand_replies_is_one_conversation(alice: Any, bob: Any) -> None:
    rows = [row("0"), *(row(str(number), str(number - 1)) for number in range(1, 5_000))]
    result, _ = imported(numbered(*reversed(rows)))
    assert result.stored == ImportCounts(messages=5_000, replies=4_999, conversations=1, users=0)
    assert_counts_hold()


def test_progress_counts_messages(alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking is the first half, storing the second."""
    seen: list[tuple[int, int | None]] = []
    advance = Run.advance

    def noted(run: Run, done: int | None = None, total: int | None = None) -> None:
        advance(run, done, total)
        seen.append((run.done, run.total))

    import_ = checked(*(row(str(number)) for number in range(10_500)))
    with monkeypatch.context() as patched:
        patched.setattr(Run, "advance", noted)
        result_of(import_)
    assert {total for _, total in seen} == {10_500}
    done = [number for number, _ in seen]
    assert done == sorted(done)
    assert 5_250 + PIECE // 2 in done
    assert done[-1] == 10_500


def test_the_number_of_queries_does_not_grow_with_the_rows(alice: Any, bob: Any) -> None:
    def queries(first: int, last: int) -> int:
        rows = [row(str(number), "" if number == first else str(first)) for number in range(first, last)]
        with CaptureQueriesContext(connection) as captured:
            imported(numbered(*rows), create_users=True, notify=True)
        return len(captured)

    queries(0, 1)  # the first message creates SQLite's counter of ids
    few = queries(100, 110)
    assert queries(1_000, 2_000) == few
    assert few <= {"sqlite": 128, "postgresql": 152}[connection.vendor]


def test_an_import_leaves_no_temporary_table(alice: Any, bob: Any) -> None:
    imported(numbered(row(timestamp=TIME)))
    catalogues = {"sqlite": "sqlite_temp_master", "postgresql": "pg_class WHERE relpersistence = 't'"}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {catalogues[connection.vendor]}")
        assert cursor.fetchone() == (0,)
