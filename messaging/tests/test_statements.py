"""Rows stored in one statement equal rows stored one by one, and compiled statements query the database on each run."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, IntegrityError, NotSupportedError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from messaging.database import prepared
from messaging.database.alike import bulk_insert, bulk_store, insert_missing, like
from messaging.database.statements import CompiledQuerySet, compiled_statement, row_converter, slot
from messaging.models import Message, MessageHistory
from messaging.tests.cast import make_user
from messaging.tests.conversations import write

USING = DEFAULT_DB_ALIAS
AT = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


def history(message: Message, revision: int, **fields: Any) -> MessageHistory:
    return MessageHistory(**{"message": message, "revision": revision, "old_content": "old", "edited_at": AT, **fields})


def stored() -> list[Any]:
    names = ("pk", "message", "revision", "old_content", "edited_at", "edited_by")
    return list(MessageHistory.objects.order_by("pk").values_list(*names))


@pytest.fixture
def message(db: None) -> Message:
    return write(make_user("alice"), make_user("bob"))


def test_differing_values_are_stored_for_each_row(message: Message) -> None:
    editor = make_user("editor")
    texts = ("", "'); --", 'a "quoted" {text} %s', "👩‍👩‍👧 ünï\n\ttab\u2028")
    rows = [
        history(message, place, old_content=text, edited_at=AT + timedelta(microseconds=place), edited_by=who)
        for place, (text, who) in enumerate(zip(texts, (None, editor, None, editor), strict=True), start=1)
    ]
    made = bulk_insert(rows, using=USING)
    assert [row.pk for row in made] == sorted(row.pk for row in made)
    assert not any(row._state.adding for row in made)
    assert stored() == [
        (row.pk, message.pk, row.revision, row.old_content, row.edited_at, row.edited_by_id) for row in made
    ]


def test_a_copied_row_is_stored_separately(message: Message) -> None:
    one = history(message, 1)
    other = like(one, revision=2, edited_by=make_user("editor"))
    assert (one.revision, one.edited_by) == (1, None)
    bulk_insert([one], using=USING)
    assert (other.pk, other._state.adding) == (None, True)
    bulk_insert([other], using=USING)
    assert other.message is message
    assert stored()[1] == (other.pk, message.pk, 2, "old", AT, other.edited_by_id)


def test_identical_rows_are_all_inserted(message: Message) -> None:
    rows = [MessageHistory(message=message, revision=1, old_content="same", edited_at=AT)]
    bulk_insert(rows, using=USING)
    with pytest.raises(IntegrityError), transaction.atomic():  # both are inserted, with the same revision
        bulk_insert([history(message, 2), history(message, 2)], using=USING)
    assert len(stored()) == 1


def test_inserting_no_rows_takes_no_query(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert bulk_insert([], using=USING) == []


@pytest.mark.parametrize("number", [2, 40])
def test_inserting_many_rows_takes_one_query(message: Message, django_assert_num_queries: Any, number: int) -> None:
    with django_assert_num_queries(1):
        bulk_insert((history(message, place) for place in range(1, number + 1)), using=USING)
    assert len(stored()) == number


@pytest.mark.parametrize("number", [2, 40])
def test_named_fields_of_many_are_changed_in_one_query(
    message: Message, django_assert_num_queries: Any, number: int
) -> None:
    editor = make_user("editor")
    rows = bulk_insert((history(message, place) for place in range(1, number + 3)), using=USING)
    before = stored()
    changed = rows[1:-1]
    for place, row in enumerate(changed):
        row.old_content, row.revision = f"new “{place}”", 1_000 + place
        row.edited_at += timedelta(microseconds=place)
        row.edited_by = editor if place % 2 else None
    with django_assert_num_queries(1):
        bulk_store(changed, ["old_content", "edited_at", "edited_by"], using=USING)
    assert stored() == [
        before[0],
        *(
            (row.pk, message.pk, place, row.old_content, row.edited_at, row.edited_by_id)
            for place, row in enumerate(changed, start=2)
        ),
        before[-1],
    ]
    with django_assert_num_queries(0):
        bulk_store([], ["old_content"], using=USING)


def test_existing_rows_are_not_inserted_again(message: Message, django_assert_num_queries: Any) -> None:
    bulk_insert([history(message, 1)], using=USING)
    with django_assert_num_queries(1):
        insert_missing((history(message, place, old_content="other") for place in (1, 2, 3, 3)), using=USING)
    assert [row[2:4] for row in stored()] == [(1, "old"), (2, "other"), (3, "other")]
    with django_assert_num_queries(0):
        insert_missing([], using=USING)


def test_a_statement_takes_new_values_each_time(message: Message) -> None:
    first, second = (write(message.sender, message.receiver, text) for text in ("one", "two"))
    statement = compiled_statement(
        Message.objects.filter(pk=slot("message"), content__gte="a").values("content"), using=USING
    )
    asked = [statement.ask(using=USING, message=one.pk) for one in (first, second, first)]
    assert asked == [[("one",)], [("two",)], [("one",)]]


def test_models_of_a_statement_are_those_of_its_queryset(message: Message, django_assert_num_queries: Any) -> None:
    other = write(message.sender, message.receiver)
    rows = [history(message, 1, edited_by=make_user("editor")), history(message, 2), history(other, 1)]
    bulk_insert(rows, using=USING)

    def of(key: Any) -> Any:
        found = MessageHistory.objects.filter(message=key).select_related("message__sender", "edited_by")
        return found.annotate(half=F("revision") + 0.5).order_by("-revision")[:2]

    models = CompiledQuerySet(of(slot("message")), using=USING)
    for key in (message.pk, other.pk, -1):
        with django_assert_num_queries(1):
            asked = models.ask(message=key)
            along = [(one.message.sender.username, one.edited_by, one.half) for one in asked]
        expected = list(of(key))
        assert asked == expected
        assert along == [(one.message.sender.username, one.edited_by, one.half) for one in expected]
        for one, same in zip(asked, expected, strict=True):
            assert not one._state.adding
            for field in MessageHistory._meta.concrete_fields:
                assert getattr(one, field.attname) == getattr(same, field.attname)


@pytest.mark.postgresql
@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite prepares by itself")
def test_a_statement_that_runs_again_is_prepared_with_all_but_its_slots(bob: Any) -> None:
    names = get_user_model().objects.filter(pk=slot("person"), is_active=True).exclude(username="100%s")
    statement = compiled_statement(names.values_list("username"), using="default")
    assert [one.name for one in statement.params] == ["person"]
    connection.ensure_connection()
    threshold, connection.connection.prepare_threshold = connection.connection.prepare_threshold, 1
    try:
        for _ in range(3):
            assert statement.ask(using="default", person=bob.pk) == [("bob",)]
        with CaptureQueriesContext(connection) as queries:
            assert statement.ask(using="default", person=bob.pk + 2**40) == []
    finally:
        connection.connection.prepare_threshold = threshold
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        (text,) = (text for (text,) in cursor.fetchall() if "100%s" in text)
    assert text.count("$") == 1
    (shown,) = queries
    assert str(bob.pk + 2**40) in shown["sql"]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite prepares by itself")
def test_a_column_may_get_another_type_while_servers_run() -> None:
    """Servers keep running during a migration. The stale statement is retried or, within a transaction, fails once."""

    def words() -> list[tuple[Any, ...]]:
        return prepared.ask(connection, "SELECT word FROM retyped WHERE word = %s", ["a"])

    migrating = connection.copy()
    with closing(migrating), migrating.cursor() as cursor:
        cursor.execute("CREATE TABLE retyped (word varchar(10))")
        try:
            cursor.execute("INSERT INTO retyped VALUES ('a')")
            assert [words() for _ in range(3)] == [[("a",)]] * 3
            cursor.execute("ALTER TABLE retyped ALTER word TYPE varchar(20)")
            assert [words() for _ in range(3)] == [[("a",)]] * 3
            cursor.execute("ALTER TABLE retyped ALTER word TYPE varchar(30)")
            with pytest.raises(NotSupportedError), transaction.atomic():
                words()
            connection.close_if_unusable_or_obsolete()  # as before each request
            with transaction.atomic():
                assert words() == [("a",)]
        finally:
            cursor.execute("DROP TABLE retyped")


@pytest.mark.django_db
def test_values_are_read_as_a_queryset_reads_them(alice: Any, bob: Any) -> None:
    people = get_user_model().objects.order_by("username").values_list("username", "date_joined")
    stored_values = compiled_statement(people, using="default").ask(using="default")
    assert [tuple(row) for row in row_converter(people, using="default")(stored_values)] == list(people)
    assert len(stored_values) == 2
