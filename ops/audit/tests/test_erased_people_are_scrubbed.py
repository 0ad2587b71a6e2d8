"""The personal copies of an erased person can be emptied; what happened stays, and the chain holds."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.editors import editing_as
from ops.accounts.events import AccountEvent
from ops.audit import context, recording, scrubbing
from ops.audit.context import Facts
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.sealing import chain, verification

REASON = "Request 17"


@pytest.fixture
def erased(rosa: Any, rita: Any, alice: Any) -> int:
    """The number of Rita's account, which Rosa deleted; Rita had signed in, mistyped her password, read about Alice."""
    with context.one_action(Facts(ip="192.0.2.7", user_agent="Browser")):
        recording.record(Event.SIGNED_IN, actor=rita, target=rita)
        recording.record(AccountEvent.PERSON_READ, actor=rita, target=alice, reason="A report")
        recording.record(AccountEvent.PERSON_READ, actor=rosa, target=rita, reason="Rita asked for it")
        recording.record_refused_sign_in("rita")
    chain.seal()
    key = rita.pk
    with editing_as(rosa):
        rita.delete()
    return key


def everything_kept() -> str:
    return str([list(row.items()) for row in Entry.objects.values()])


def test_nothing_names_the_person_any_more(rosa: Any, erased: int) -> None:
    assert "rita" in everything_kept()
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    assert "rita" not in everything_kept().lower()


def test_what_happened_stays(rosa: Any, erased: int) -> None:
    before = list(Entry.objects.order_by("pk").values_list("event", "actor_id", "target_id", "at"))
    entry = scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    rest = Entry.objects.exclude(pk=entry.pk).order_by("pk")
    assert list(rest.values_list("event", "actor_id", "target_id", "at")) == before


def test_what_the_person_read_about_others_keeps_its_label(rosa: Any, alice: Any, erased: int) -> None:
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    entry = Entry.objects.get(actor_id=erased, target_id=str(alice.pk))
    assert (entry.actor_name, entry.ip, entry.user_agent, entry.target_label) == ("", "", "", "alice")
    assert entry.scrubbed_at is not None


def test_whoever_acted_on_the_person_stays_named(rosa: Any, erased: int) -> None:
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    entry = Entry.objects.get(event=AccountEvent.PERSON_READ, target_id=str(erased))
    assert (entry.actor_name, entry.ip, entry.target_label, entry.reason) == ("rosa", "192.0.2.7", "", "")


def test_the_chain_holds_whether_entries_were_sealed_or_not(rosa: Any, erased: int) -> None:
    assert Entry.objects.waiting().exists()
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    verification.verify()
    chain.seal()
    assert verification.verify().unsealed == 0


def test_scrubbing_is_recorded_itself(rosa: Any, erased: int) -> None:
    entry = scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    assert (entry.event, entry.actor, entry.target_id, entry.reason) == ("audit.scrubbed", rosa, str(erased), REASON)
    assert (entry.target_label, entry.scrubbed_at) == ("", None)
    assert min(entry.details.values()) >= 2


def test_scrubbing_twice_empties_nothing_more_but_keeps_its_own_entry(rosa: Any, erased: int) -> None:
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    again = scrubbing.scrub_person(erased, by=rosa, reason="Request 18")
    assert again.details == {"as_actor": 0, "as_target": 0}
    assert Entry.objects.filter(event=Event.PERSON_SCRUBBED, reason=REASON).exists()
    chain.seal()
    verification.verify()


def test_two_people_of_one_entry_are_scrubbed_apart(rosa: Any, alice: Any, erased: int) -> None:
    key = alice.pk
    alice.delete()
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    first = Entry.objects.get(actor_id=erased, target_id=str(key)).scrubbed_at
    scrubbing.scrub_person(key, by=rosa, reason=REASON)
    entry = Entry.objects.get(actor_id=erased, target_id=str(key))
    assert (entry.target_label, entry.reason, entry.scrubbed_at) == ("", "", first)
    chain.seal()
    verification.verify()


def test_nobody_is_scrubbed_whose_account_is_still_there(rosa: Any, alice: Any) -> None:
    recording.record(Event.SIGNED_IN, actor=alice, target=alice)
    with pytest.raises(scrubbing.StillThere, match="This account still exists: delete it first"):
        scrubbing.scrub_person(alice.pk, by=rosa, reason=REASON)
    assert Entry.objects.filter(actor_name="alice").exists()
