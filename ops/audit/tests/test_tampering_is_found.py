"""``verify_audit`` reports the first place where somebody with full control of the database changed the trail."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F, Value
from django.db.models.query import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ops.audit import recording
from ops.audit.events import Event
from ops.audit.models import Entry, Seal, Unsealed
from ops.audit.sealing import chain, triggers, verification
from ops.audit.tests.emptying import triggers_removed

ENTRIES = 6
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL's triggers")


@pytest.fixture
def trail(db: Any) -> list[int]:
    """The ids of six sealed entries, at positions 1 to 6."""
    for number in range(ENTRIES):
        recording.record(Event.RECORD_CHANGED, actor=None, details={"number": number}, label=f"Thing {number}")
    chain.seal()
    return list(Entry.objects.order_by("pk").values_list("pk", flat=True))


def verify(**options: Any) -> str:
    """Return what the command prints. Raises CommandError, with which the command exits 1."""
    out = io.StringIO()
    call_command("verify_audit", stdout=out, no_color=True, **options)
    return out.getvalue()


def refusal(**options: Any) -> str:
    with pytest.raises(CommandError) as error:
        verify(**options)
    assert error.value.returncode == 1
    return str(error.value)


def attack(rows: Any, **changes: Any) -> None:
    """Change these rows, bypassing the models and the triggers, as the tables' owner can; without changes, delete
    them."""
    with triggers_removed(connection):
        if changes:
            QuerySet.update(rows, **changes)
        else:
            QuerySet._raw_delete(rows, rows.db)


def entry(key: int) -> Any:
    return Entry.objects.filter(pk=key)


def seal(position: int) -> Any:
    return Seal.objects.filter(position=position)


def swap(rows: Any, field: str, one: Any, other: Any, *, between: Any) -> None:
    """Swap the values of two rows in a unique field."""
    with triggers_removed(connection):
        for here, there in ((one, between), (other, one), (between, other)):
            QuerySet.update(rows.filter(**{field: here}), **{field: there})


def test_an_intact_trail_is_confirmed_with_its_anchor(trail: list[int]) -> None:
    lines = verify().splitlines()
    assert lines[0] == "The audit trail is intact: 6 sealed entries."
    assert re.fullmatch(r"Anchor 6:[0-9a-f]{64}", lines[1])
    assert verify(anchor=True) == f"{Seal.objects.get(position=6)}\n"


@pytest.mark.django_db
def test_an_empty_trail_is_intact() -> None:
    assert verify().startswith("The audit trail is intact: 0 sealed entries.")


@pytest.mark.parametrize(
    "changes",
    [
        {"details": {"number": 7}},
        {"actor": 1},
        {"actor_role": "superuser"},
        {"event": Event.RECORD_DELETED},
        {"target_id": "7"},
        {"at": F("at") + timedelta(seconds=1)},
        {"action": "00000000-0000-0000-0000-000000000001"},
        {"target_digest": "0" * 64},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_altered_entry_is_reported(trail: list[int], changes: dict[str, Any]) -> None:
    attack(entry(trail[2]), **changes)
    attack(entry(trail[4]), **changes)
    assert refusal() == (f"Entry {trail[2]} (position 3) does not match its seal: the entry or the seal was altered.")


@pytest.mark.parametrize("copy", ["actor_name", "ip", "user_agent", "target_label", "reason", "request_id"])
def test_an_altered_copy_is_reported(trail: list[int], copy: str) -> None:
    attack(entry(trail[2]), **{copy: "mallory"})
    assert refusal().startswith(f"Entry {trail[2]} (position 3): ")
    assert "one of these copies was altered" in refusal()


def test_unexplained_emptied_copies_are_reported(trail: list[int]) -> None:
    attack(entry(trail[2]), target_label="", reason="", request_id="", target_salt="")
    assert "they are neither intact nor marked as scrubbed" in refusal()
    attack(entry(trail[2]), scrubbed_at=timezone.now())
    assert refusal() == (
        f"Entry {trail[2]} (position 3): target_label, reason, request_id: these copies were emptied, but no entry "
        "records that the person was erased, or no receipt proves it."
    )


@pytest.mark.parametrize("changes", [{"hash": "0" * 64}, {"sealed_at": F("sealed_at") - timedelta(days=1)}])
def test_an_altered_seal_is_reported(trail: list[int], changes: dict[str, Any]) -> None:
    attack(seal(4), **changes)
    assert refusal().startswith(f"Entry {trail[3]} (position 4) does not match its seal")


def test_a_missing_entry_is_reported(trail: list[int]) -> None:
    attack(entry(trail[3]))
    assert refusal() == f"Entry {trail[3]} is missing: it was sealed at position 4."


def test_an_entry_that_is_missing_with_its_seal_leaves_a_gap(trail: list[int]) -> None:
    attack(entry(trail[3]))
    attack(seal(4))
    assert refusal() == f"Position 4 is missing: the next seal has position 5 (entry {trail[4]})."


def test_a_closed_gap_is_reported(trail: list[int]) -> None:
    attack(entry(trail[3]))
    attack(seal(4))
    for position in (5, 6):
        attack(seal(position), position=position - 1)
    assert refusal().startswith(f"Entry {trail[4]} (position 4) does not match its seal")


def test_swapped_entries_are_reported(trail: list[int]) -> None:
    swap(Seal.objects.all(), "entry_id", trail[1], trail[4], between=10**9)
    assert refusal() == f"Position 2 holds entry {trail[4]}, but entry {trail[1]} was sealed there: reordered."


def test_swapped_seals_are_reported(trail: list[int]) -> None:
    swap(Seal.objects.all(), "position", 2, 5, between=10**9)
    assert refusal().startswith(f"Entry {trail[4]} (position 2) does not match its seal")


def test_swapped_contents_are_reported(trail: list[int]) -> None:
    swap(Entry.objects.all(), "id", trail[1], trail[4], between=10**9)
    assert refusal().startswith(f"Entry {trail[1]} (position 2) does not match its seal")


def test_seals_cut_off_at_the_end_are_reported(trail: list[int]) -> None:
    attack(Seal.objects.filter(position__gt=4))
    assert refusal().startswith(
        f"Entry {trail[4]} has no seal and is not queued for one: its seal was cut off after position 4"
    )


def test_entries_cut_off_with_their_seals_are_found_by_an_anchor(trail: list[int]) -> None:
    anchor = verify(anchor=True)
    attack(Entry.objects.filter(pk__gte=trail[4]))
    attack(Seal.objects.filter(position__gt=4))
    assert verify().startswith("The audit trail is intact: 4 sealed entries.")
    assert refusal(expect=anchor) == (
        "The chain ends at position 4, but the anchor is of position 6: the end of the chain was cut off."
    )


def test_a_trail_that_was_emptied_is_found_by_an_anchor(trail: list[int]) -> None:
    anchor = verify(anchor=True)
    attack(Entry.objects.all())
    attack(Seal.objects.all())
    assert refusal(expect=anchor).startswith("The chain ends at position 0, but the anchor is of position 6")


def test_a_rewritten_chain_is_found_by_an_anchor(trail: list[int]) -> None:
    anchor = verify(anchor=True)
    attack(entry(trail[2]), details={})
    attack(Seal.objects.all())
    verify(seal=True)
    assert verify().startswith("The audit trail is intact: 6 sealed entries.")
    assert refusal(expect=anchor).startswith("Position 6 has a different hash than the anchor")


def test_an_older_anchor_stays_valid_while_the_trail_grows(trail: list[int]) -> None:
    anchor = verify(anchor=True)
    recording.record(Event.SIGNED_OUT, actor=None)
    chain.seal()
    assert verify(expect=anchor).startswith("The audit trail is intact: 7 sealed entries.")


@pytest.mark.parametrize("nonsense", ["", ":", "6", "six:" + "0" * 64, "6:xyz", "²:" + "0" * 64])
def test_an_invalid_anchor_is_refused_with_a_sentence(nonsense: str) -> None:
    with pytest.raises(ValueError, match=r"is not an anchor, such as 1042:9f86d0… \(verify_audit --anchor prints it\)"):
        verification.parse_anchor(nonsense)


def test_pending_entries_are_counted_and_are_no_fault(trail: list[int]) -> None:
    waiting = recording.record(Event.SIGNED_OUT, actor=None)
    assert verify().splitlines()[2] == f"Not sealed yet: 1, the oldest since {waiting.at:%Y-%m-%d %H:%M:%S} UTC."
    assert verify(seal=True).splitlines()[:2] == ["Sealed 1 entries.", "The audit trail is intact: 7 sealed entries."]


def test_an_entry_pending_too_long_is_a_fault(trail: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = recording.record(Event.SIGNED_OUT, actor=None)
    then = timezone.now() + timedelta(minutes=16)
    monkeypatch.setattr(timezone, "now", lambda: then)
    assert refusal().startswith(f"Entry {waiting.pk} has been awaiting its seal since ")


def test_a_missing_unsealed_entry_is_reported(trail: list[int]) -> None:
    waiting = recording.record(Event.SIGNED_OUT, actor=None)
    attack(entry(waiting.pk))
    assert refusal() == f"Entry {waiting.pk} is missing: it was awaiting its seal."
    assert chain.seal() == 0


def test_an_entry_removed_from_the_queue_is_reported(trail: list[int]) -> None:
    hidden = recording.record(Event.SIGNED_OUT, actor=None)
    Unsealed.objects.all().delete()
    assert refusal().startswith(f"Entry {hidden.pk} has no seal and is not queued for one")


def test_missing_triggers_are_reported(trail: list[int]) -> None:
    triggers.remove(connection)
    message = refusal()
    assert message.startswith("The chain is valid, but the database no longer refuses changes: ")
    assert {f"{name} is missing" for name, _ in triggers._names(connection)} <= set(
        message[:-1].split(": ")[1].split(", ")
    )


WEAKENED = {
    "sqlite": [
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry WHEN OLD.id > 10 "
        "BEGIN SELECT RAISE(ABORT, 'The audit trail is append-only'); END",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT 1; END",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_unsealed "
        "BEGIN SELECT RAISE(ABORT, 'The audit trail is append-only'); END",
    ],
    "postgresql": [
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry FOR EACH ROW WHEN (OLD.id > 10) "
        "EXECUTE FUNCTION audit_refuse()",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_queue()",
        "CREATE TRIGGER audit_entry_no_delete AFTER DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    ],
}


@pytest.mark.parametrize("way", range(3))
def test_a_changed_trigger_is_reported(trail: list[int], way: int) -> None:
    table = "" if connection.vendor == "sqlite" else " ON audit_entry"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER audit_entry_no_delete{table}")
        cursor.execute(WEAKENED[connection.vendor][way])
    assert refusal() == (
        "The chain is valid, but the database no longer refuses changes: audit_entry_no_delete was changed."
    )


@pytest.mark.postgresql
@only_postgresql
@pytest.mark.parametrize("way", ["DISABLE", "ENABLE REPLICA"])
def test_a_disabled_trigger_is_reported(trail: list[int], way: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE audit_seal {way} TRIGGER audit_seal_no_update")
    assert refusal().endswith(": audit_seal_no_update is disabled.")


@pytest.mark.postgresql
@only_postgresql
def test_a_changed_trigger_function_is_reported(trail: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$"
        )
    assert refusal().endswith(": audit_refuse was changed.")


def test_verification_takes_two_queries_per_chunk(trail: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Verifying runs two queries per chunk of the chain; the number of the others does not depend on its length."""

    def queries(size: int) -> int:
        monkeypatch.setattr(verification, "CHUNK", size)
        with CaptureQueriesContext(connection) as captured:
            assert verification.verify().sealed == ENTRIES
        return len(captured)

    assert queries(2) - queries(6) == 2 * 2


def test_a_fault_in_a_later_chunk_is_found(trail: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "CHUNK", 2)
    attack(entry(trail[4]), target_type=Value("elsewhere"))
    assert f"Entry {trail[4]} (position 5)" in refusal()
