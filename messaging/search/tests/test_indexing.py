"""The index agrees with the tables after any change, and keeps nothing of erased texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from messaging.editors import editing_as
from messaging.erasing import anonymising, erasure
from messaging.models import Conversation, Message, MessageHistory
from messaging.search import engine, indexing
from messaging.search.checks import index_of_texts
from messaging.search.forgetting import purge_when_due
from messaging.search.normalising import words
from messaging.search.terms import Words
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from messaging.tests.random_threads import rolled_back
from messaging.texts import hiding, redacting

only_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'")


def caught_up() -> None:
    for _ in indexing.catch_up():
        pass


def held(tables: Any) -> dict[int, str]:
    """Return the words that SQLite's index keeps, by row."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT rowid, words FROM {tables.words}")
        return dict(cursor.fetchall())


def vocabulary(tables: Any) -> set[str]:
    """Return the words that can be found by SQLite's index."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, {tables.words}, row)")
        cursor.execute("SELECT term FROM temp.vocabulary")
        found = {term for (term,) in cursor.fetchall()}
        cursor.execute("DROP TABLE temp.vocabulary")
    return found


def pages(tables: Any) -> bytes:
    """Return all that SQLite's index has stored."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT block FROM {tables.words}_data UNION ALL SELECT c0 FROM {tables.words}_content")
        return b"".join(row[0] if isinstance(row[0], bytes) else row[0].encode() for row in cursor.fetchall())


def index_is_right() -> None:
    """Check in both tables that each word finds just the texts that have it, and that deleted words find none."""
    for model in (Message, MessageHistory):
        column = engine.column_of(model)
        stored = {pk: f" {words(text)} " for pk, text in model._base_manager.values_list("pk", column)}
        for word in {*"".join(stored.values()).split(), "first", "second", "changed", "removed"}:
            found = set(model._base_manager.filter(engine.matching(Words(word), model)).values_list("pk", flat=True))
            assert found == {pk for pk, text in stored.items() if f" {word} " in text}, (model, word)


class Person:
    """Changes messages in all possible ways, each on another code path."""

    def __init__(self) -> None:
        self.alice, self.bob, self.carol = (make_user(name) for name in ("alice", "bob", "carol"))

    def message(self, place: int) -> Any:
        messages = list(Message.objects.order_by("pk"))
        return messages[place % len(messages)] if messages else None

    def write(self, place: int) -> None:
        Message.objects.create(sender=self.alice, receiver=self.bob, content=f"first{place} of Alice")

    def write_many(self, place: int) -> None:
        conversation = Conversation.objects.create()
        Message.objects.bulk_create(
            Message(sender=self.bob, receiver=self.alice, conversation=conversation, content=f"second{one} {place}")
            for one in range(3)
        )

    def edit(self, place: int) -> None:
        if message := self.message(place):
            message.content += f" changed{place}"
            message.save()

    def edit_in_sets(self, place: int) -> None:
        Message.objects.filter(pk__gte=place).update(content=Concat(F("content"), Value(" more")))

    def edit_many(self, place: int) -> None:
        messages = list(Message.objects.all()[:2])
        for message in messages:
            message.content = f"many {place}"
        Message.objects.bulk_update(messages, ["content"])

    def hide(self, place: int) -> None:
        hiding.hide([message.pk for message in [self.message(place)] if message])

    def redact(self, place: int) -> None:
        message = self.message(place)
        if message and (spans := redacting.find(message.content, "Alice")):
            redacting.redact(message.pk, spans, revision=message.revision, by=self.carol)

    def delete(self, place: int) -> None:
        if message := self.message(place):
            message.delete()

    def delete_many(self, place: int) -> None:
        Message.objects.filter(pk__in=[message.pk for message in [self.message(place)] if message]).delete()

    def delete_conversation(self, place: int) -> None:
        if message := self.message(place):
            message.conversation.delete()

    def erase(self, place: int) -> None:
        erasure.erase_user_data((self.alice if place % 2 else self.bob).pk)

    def anonymise(self, place: int) -> None:
        counts = anonymising.AnonymisedCounts()
        anonymising.anonymise_batch(self.alice.pk, counts, after=None, size=2, blank=True)

    def by_hand(self, place: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE messaging_message SET content = 'by hand' WHERE id %% 3 = %s", [place % 3])

    def index(self, place: int) -> None:
        caught_up()

    def index_and_forget(self, place: int) -> None:
        if connection.vendor == "sqlite":
            call_command("index_texts", verbosity=0)


ROADS = [name for name in vars(Person) if not name.startswith("_") and name != "message"]


@example_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.sampled_from(ROADS), st.integers(0, 9)), max_size=12))
def test_the_index_is_correct_after_any_changes(db: Any, acts: list[tuple[str, int]]) -> None:
    with rolled_back():
        person = Person()
        with editing_as(person.carol):
            for road, place in acts:
                getattr(person, road)(place)
        index_is_right()
        caught_up()
        index_is_right()
        if connection.vendor == "sqlite":
            for tables, model in zip(indexing.TEXTS, (Message, MessageHistory), strict=True):
                texts = model._base_manager.values_list("pk", tables.column)
                assert held(tables) == {pk: words(text) for pk, text in texts}


@only_sqlite
def test_changes_without_triggers_are_noted_for_indexing(alice: Any, bob: Any) -> None:
    """A migration copies a table to change it; meanwhile it has no triggers."""
    changed, deleted, kept = (write(alice, bob, f"first {word}") for word in ("changed", "gone", "kept"))
    caught_up()
    tables = indexing.TEXTS[0]
    with connection.cursor() as cursor:
        for name in tables.triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute("UPDATE messaging_message SET content = 'by hand' WHERE id = %s", [changed.pk])
        gone = deleted.pk
        deleted.delete()
        new = write(bob, alice, "second new")
        indexing.after_migrating("default")
        cursor.execute(f"SELECT id FROM {tables.noted}")
        assert {pk for (pk,) in cursor.fetchall()} == {changed.pk, gone, new.pk} and kept.pk
        index_is_right()
        caught_up()
        index_is_right()


@pytest.mark.django_db
class TestErasedWords:
    @only_sqlite
    @pytest.mark.parametrize("road", ["erase", "redact", "delete", "anonymise"])
    def test_erased_words_are_in_no_page_of_the_index(self, alice: Any, bob: Any, road: str) -> None:
        for number in range(40):  # so many segments that FTS5 has merged some
            Message.objects.create(sender=bob, receiver=bob, content=f"other{number} words that stay")
            caught_up()
        message = Message.objects.create(sender=alice, receiver=bob, content="keep xylophonist keep")
        caught_up()
        messages, _ = indexing.TEXTS
        assert b"xylophonist" in pages(messages)
        if road == "erase":
            erasure.erase_user_data(alice.pk)
        elif road == "redact":
            redacting.redact(message.pk, redacting.find(message.content, "xylophonist"), revision=1, by=bob)
        elif road == "delete":
            message.delete()
        else:
            counts = anonymising.AnonymisedCounts()
            anonymising.anonymise_batch(alice.pk, counts, after=None, size=2, blank=True)
        caught_up()
        assert b"xylophonist" in pages(messages)
        call_command("forget_words")
        assert "xylophonist" not in vocabulary(messages)
        assert b"xylophonist" not in pages(messages)
        assert b"ylophonist" not in pages(messages)  # FTS5 omits the beginning that two neighbouring words share
        if road != "redact":  # redaction keeps the original for those who may read it
            whole: Any = connection.connection
            assert b"ylophonist" not in whole.serialize() and b"words that stay" in whole.serialize()
        index_is_right()
        assert list(indexing.purge_deleted_words()) == []

    @pytest.mark.skipif("connection.vendor != 'postgresql'")
    @pytest.mark.django_db(transaction=True)
    def test_erased_words_are_in_no_page_of_the_postgresql_index(self, alice: Any, bob: Any) -> None:
        message = write(alice, bob, "keep harpsichordist keep")
        message.content = "keep xylophonist keep"
        message.save()
        write(bob, bob, "others stay")
        erasure.erase_user_data(alice.pk)
        assert b"xylophonist" in self.files_of_postgresql() and b"harpsichordist" in self.files_of_postgresql()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM messaging_message, messaging_messagehistory")
        noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
        assert not purge_when_due(noon)  # starts counting
        with connection.cursor() as cursor:
            Message.objects.update(read=True)
            cursor.execute(
                "SELECT pg_stat_force_next_flush()" if getattr(connection, "pg_version", 0) >= 150000 else "SELECT 1"
            )
        assert not purge_when_due(noon + timedelta(hours=26))
        assert b"xylophonist" in self.files_of_postgresql()
        assert purge_when_due(noon + timedelta(hours=38))  # at two o'clock
        assert b"xylophonist" not in self.files_of_postgresql()
        assert b"harpsichordist" not in self.files_of_postgresql()
        assert not purge_when_due(noon + timedelta(hours=86))  # nothing changed
        assert b"others" in self.files_of_postgresql()
        index_is_right()

    @staticmethod
    def files_of_postgresql() -> bytes:
        """Return the bytes on disk of the indexes of messages and of earlier texts."""
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            found = b""
            for tables in indexing.TEXTS:
                name = indexing.index_name(tables)
                cursor.execute("SELECT pg_read_binary_file(pg_relation_filepath(%s))", [name])
                found += bytes(cursor.fetchone()[0])
            return found


@pytest.mark.django_db(transaction=True)
class TestBuilding:
    def test_rebuilding_completes_the_index(self, alice: Any, bob: Any) -> None:
        Message.objects.create(sender=alice, receiver=bob, content="find me")
        out = StringIO()
        call_command("rebuild_search", stdout=out, verbosity=0)
        assert "The index of messages is complete." in out.getvalue()
        index_is_right()

    def test_a_missing_index_is_reported_and_rebuilt(self, alice: Any, bob: Any) -> None:
        Message.objects.create(sender=alice, receiver=bob, content="find me")
        try:
            with connection.cursor() as cursor:
                for tables in indexing.TEXTS:
                    if connection.vendor == "sqlite":
                        cursor.execute(f"DROP TRIGGER {next(iter(tables.triggers))}")
                    else:
                        cursor.execute(f"DROP INDEX {indexing.index_name(tables)}")
            assert not any(one.is_complete for one in indexing.states())
            assert "missing" in indexing.states()[0].sentence
            assert [warning.id for warning in index_of_texts(["default"])] == ["messaging.W001"] * 2
        finally:
            call_command("rebuild_search", verbosity=0, stdout=StringIO())
        assert all(one.is_complete for one in indexing.states())
        assert index_of_texts(["default"]) == []
        index_is_right()

    @only_sqlite
    def test_an_interrupted_build_is_resumed(self, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(indexing, "BATCH_SIZE", 2)
        for number in range(7):
            Message.objects.create(sender=alice, receiver=bob, content=f"text {number}")
        indexing.remove("default")
        indexing.install("default")
        building = indexing.catch_up()
        assert next(building) == 2
        state, _ = indexing.states()
        assert (state.waiting, state.is_complete) == (5, True)
        assert "complete but for 5" in state.sentence
        index_is_right()
        indexing.install("default")  # like a repeated migration
        caught_up()
        assert indexing.states()[0].waiting == 0
        index_is_right()

    @only_sqlite
    def test_the_state_reports_the_number_of_waiting_texts(
        self, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        caught_up()
        monkeypatch.setattr(indexing, "MOST_NOTED", 1)
        for number in range(3):
            Message.objects.create(sender=alice, receiver=bob, content=f"text {number}")
        state, _ = indexing.states()
        assert not state.is_complete
        assert state.sentence == "The index of messages is being built: 3 are not in it yet."

    @only_sqlite
    def test_a_batch_takes_few_long_texts(self, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """No writer has to wait long."""
        caught_up()
        monkeypatch.setattr(indexing, "BATCH_CHARACTERS", 10)
        for text in ("four", "five", "six", "twenty characters or more", "one", "two"):
            Message.objects.create(sender=alice, receiver=bob, content=text)
        assert list(indexing.catch_up()) == [2, 1, 2, 1]
        index_is_right()

    @only_sqlite
    def test_a_failed_rebuild_keeps_the_old_index(self, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        Message.objects.create(sender=alice, receiver=bob, content="find me")

        def fail(using: str) -> None:
            raise InterruptedError

        with monkeypatch.context() as patch, pytest.raises(InterruptedError):
            patch.setattr(indexing, "install", fail)
            call_command("rebuild_search", verbosity=0, stdout=StringIO())
        assert all(one.is_complete for one in indexing.states())
        index_is_right()


@pytest.mark.django_db
def test_a_text_is_written_over_again_and_again(alice: Any, bob: Any) -> None:
    """The conflict clause of an upsert applies within triggers, too."""
    history = MessageHistory.objects.create(message=write(alice, bob, "now"), revision=1, old_content="first")
    overwrite: Any = {"update_conflicts": True, "unique_fields": ["id"], "update_fields": ["old_content"]}
    for text in ("second", "third"):
        history.old_content = text
        MessageHistory.objects.bulk_create([history], **overwrite)
        index_is_right()
        caught_up()
        index_is_right()
