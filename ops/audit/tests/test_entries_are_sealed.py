"""Entries are sealed into a chain after their commit, in the order of their ids, and nobody waits for their seals."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models.query import QuerySet

from messaging.tests.concurrency import needs_row_locks, run_concurrently
from ops.audit import recording
from ops.audit.events import Event
from ops.audit.models import Entry, Seal, Unsealed
from ops.audit.sealing import chain, verification
from ops.audit.tests.emptying import triggers_removed
from ops.audit.tests.on_the_disk import as_in_production, waits_for_the_disk

__all__ = ["as_in_production", "waits_for_the_disk"]

only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite always waits for the disk")


def record(**details: Any) -> Entry:
    return recording.record(Event.RECORD_CHANGED, actor=None, details=details)


def sealed() -> list[int]:
    """Return the ids of entries in the order of the chain, after checking that its positions have no gaps."""
    rows = list(Seal.objects.order_by("position").values_list("position", "entry_id"))
    assert [position for position, _ in rows] == list(range(1, len(rows) + 1))
    return [key for _, key in rows]


@pytest.mark.django_db(transaction=True)
def test_an_entry_is_sealed_when_it_is_committed() -> None:
    with transaction.atomic():
        entry = record()
        assert sealed() == []
    assert sealed() == [entry.pk]
    assert not Unsealed.objects.exists()


@only_postgresql
def test_recording_does_not_wait_for_the_seal_to_be_flushed(
    waits_for_the_disk: Callable[[], dict[str, bool]],
) -> None:
    for _ in range(2):
        record()
        assert waits_for_the_disk() == {"audit_entry": True, "audit_seal": False}


@only_postgresql
def test_a_transaction_that_seals_waits_for_the_flush(
    waits_for_the_disk: Callable[[], dict[str, bool]],
) -> None:
    with transaction.atomic():
        record()
        chain.seal()
    assert waits_for_the_disk() == {"audit_entry": True, "audit_seal": True}


@only_postgresql
@pytest.mark.usefixtures("as_in_production")
def test_verification_flushes_the_head_before_returning() -> None:
    record()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()")
        (written,) = cursor.fetchone()
        verification.verify()
        cursor.execute("SELECT pg_current_wal_flush_lsn() >= %s", [written])
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db(transaction=True)
def test_entries_of_one_transaction_are_sealed_together() -> None:
    with transaction.atomic():
        entries = [record() for _ in range(5)]
        assert len(connection.run_on_commit) == 1
    assert sealed() == [entry.pk for entry in entries]


@pytest.mark.django_db(transaction=True)
def test_a_failed_seal_does_not_undo_the_act(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def stopped(**_: Any) -> None:
        raise OperationalError("interrupted")

    with monkeypatch.context() as patch:
        patch.setattr(chain, "seal", stopped)
        first = record()
    assert "interrupted" in caplog.text
    assert sealed() == []
    second = record()
    assert sealed() == [first.pk, second.pk]


@pytest.mark.django_db(transaction=True)
def test_entries_after_a_rolled_back_savepoint_are_sealed() -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            record()
            raise ZeroDivisionError
        kept = record()
    assert sealed() == [kept.pk]


@pytest.mark.django_db(transaction=True)
def test_entries_before_a_rolled_back_savepoint_are_sealed() -> None:
    with transaction.atomic():
        kept = record()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            record()
            raise ZeroDivisionError
    assert sealed() == [kept.pk]


@pytest.mark.django_db
def test_sealing_includes_all_pending_entries() -> None:
    left = [record() for _ in range(chain.BATCH + 1)]
    assert chain.seal() == len(left)
    assert sealed() == [entry.pk for entry in left]
    assert chain.seal() == 0


@pytest.mark.django_db
def test_missing_unsealed_entries_do_not_stop_sealing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)
    for _ in range(3):
        record()
    with triggers_removed(connection):
        QuerySet._raw_delete(Entry.objects.all(), "default")
    kept = record()
    assert chain.seal() == 1
    assert sealed() == [kept.pk]


@pytest.mark.django_db
def test_entries_added_with_sql_are_queued_for_sealing() -> None:
    entry = record()
    columns = ", ".join(str(field.column) for field in Entry._meta.fields if field.name != "id")
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO audit_entry ({columns}) SELECT {columns} FROM audit_entry")
    assert chain.seal() == 2
    assert sealed()[0] == entry.pk


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_chain(django_assert_num_queries: Any) -> None:
    for length in (1, 20):
        for _ in range(length):
            record()
        chain.seal()
        record()
        # Savepoint, head, queue, entries, seals, queue, release; check. On PostgreSQL: read, store; check.
        with django_assert_num_queries(3 if connection.vendor == "postgresql" else 8):
            chain.seal()


@pytest.mark.django_db
def test_sealing_skips_a_queued_entry_that_does_not_exist() -> None:
    """``verify_audit`` reports it."""
    first = record()
    Unsealed.objects.create(entry_id=first.pk + 1_000)
    last = record()
    assert chain.seal() == 2
    assert sealed() == [first.pk, last.pk]
    assert Unsealed.objects.get().entry_id == first.pk + 1_000


class TestWriters:
    pytestmark = needs_row_locks

    def test_twenty_concurrent_writers_lose_and_duplicate_no_entry(self, transactional_db: Any) -> None:
        def work(writer: int) -> None:
            for number in range(10):
                with transaction.atomic():
                    record(writer=writer, number=number)

        assert run_concurrently(*[lambda writer=writer: work(writer) for writer in range(20)]) == [None] * 20
        written = Entry.objects.values_list("details__writer", "details__number")
        assert sorted(written) == [(writer, number) for writer in range(20) for number in range(10)]
        assert sorted(sealed()) == sorted(Entry.objects.values_list("pk", flat=True))
        assert verification.verify().sealed == 200

    def test_a_writer_without_the_lock_does_not_wait(self, transactional_db: Any) -> None:
        with transaction.atomic():
            hold_the_lock()
            entry = on_another_connection(record)
            assert sealed() == []
        assert chain.seal() == 1
        assert sealed() == [entry.pk]

    def test_the_sealer_also_seals_entries_recorded_meanwhile(
        self, transactional_db: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Bob commits while Alice seals, after she has read the pending entries: she seals his entry as well."""

        def bob_does_not_get_it() -> Entry:
            with transaction.atomic():
                hold_the_lock()
                return on_another_connection(record)

        late = before_storing(monkeypatch, bob_does_not_get_it)
        first = record()
        assert sealed() == [first.pk, late[0].pk]

    @pytest.mark.parametrize("number", [1, 3])
    def test_concurrent_sealing_does_not_branch_the_chain(
        self, transactional_db: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any, number: int
    ) -> None:
        """Bob seals Alice's entries with his own after she has read the end of the chain: her seals are not stored."""
        late = before_storing(monkeypatch, lambda: on_another_connection(record))
        with transaction.atomic():
            entries = [record() for _ in range(number)]
        assert sealed() == [*(entry.pk for entry in entries), late[0].pk]
        assert not Unsealed.objects.exists()
        assert verification.verify().sealed == number + 1
        assert not caplog.records

    def test_an_entry_that_is_committed_late_takes_the_next_position(self, transactional_db: Any) -> None:
        with transaction.atomic():
            late = record()
            early = on_another_connection(record)
            assert late.pk < early.pk
        assert sealed() == [early.pk, late.pk]
        verification.verify()


def hold_the_lock() -> None:
    """Hold the lock of sealing until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [chain.LOCK])
        assert cursor.fetchone() == (True,)


def before_storing(monkeypatch: pytest.MonkeyPatch, meanwhile: Any) -> list[Entry]:
    """Call ``meanwhile`` once between reading pending entries and storing seals; its entry is put into the returned
    list."""
    found: list[Entry] = []
    seals_of = chain._seals

    def and_meanwhile(queued: Any) -> Any:
        if not found:
            found.append(None)  # type: ignore[arg-type]  # sealing meanwhile calls this too
            found[0] = meanwhile()
        return seals_of(queued)

    monkeypatch.setattr(chain, "_seals", and_meanwhile)
    return found


def on_another_connection(work: Any) -> Any:
    def and_close() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(and_close).result(timeout=30)
