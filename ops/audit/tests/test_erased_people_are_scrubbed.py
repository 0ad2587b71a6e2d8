"""The personal copies of an erased person can be emptied; the events stay, and the chain remains valid."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.apps import apps
from django.test import RequestFactory

from messaging.editors import editing_as
from messaging.people.naming import FILTERS, name_pattern
from messaging.search.filters import Reader, Refused
from ops.accounts.events import AccountEvent
from ops.audit import context, recording, scrubbing
from ops.audit.context import Facts
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.sealing import chain, verification
from ops.console.searching.asked import vocabulary_of

REASON = "Request 17"


@pytest.fixture(autouse=True)
def proven(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The accounts for which a room has a receipt; at first, all."""
    proven = {"all"}
    room = apps.get_app_config("deletion")

    def proves_erasure(target_type: str, target_id: str) -> bool:
        return "all" in proven or target_id in proven

    monkeypatch.setattr(room, "proves_erasure", proves_erasure)
    return proven


@pytest.fixture
def erased(rosa: Any, rita: Any, alice: Any) -> int:
    """The id of Rita's account, which Rosa deleted after Rita had signed in, mistyped her password and read about
    Alice."""
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


def test_scrubbing_removes_the_name_from_all_entries(rosa: Any, erased: int) -> None:
    assert "rita" in everything_kept()
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    assert "rita" not in everything_kept().lower()


def test_scrubbing_keeps_the_events(rosa: Any, erased: int) -> None:
    before = list(Entry.objects.order_by("pk").values_list("event", "actor_id", "target_id", "at"))
    entry = scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    rest = Entry.objects.exclude(pk=entry.pk).order_by("pk")
    assert list(rest.values_list("event", "actor_id", "target_id", "at")) == before


def test_readings_by_the_person_keep_the_labels_of_others(rosa: Any, alice: Any, erased: int) -> None:
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    entry = Entry.objects.get(actor_id=erased, target_id=str(alice.pk))
    assert (entry.actor_name, entry.ip, entry.user_agent, entry.target_label) == ("", "", "", "alice")
    assert entry.scrubbed_at is not None


def test_the_actor_of_an_entry_about_the_person_stays_named(rosa: Any, erased: int) -> None:
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    entry = Entry.objects.get(event=AccountEvent.PERSON_READ, target_id=str(erased))
    assert (entry.actor_name, entry.ip, entry.target_label, entry.reason) == ("rosa", "192.0.2.7", "", "")


def test_the_chain_stays_valid_for_sealed_and_unsealed_entries(rosa: Any, erased: int) -> None:
    assert Entry.objects.awaiting_seal().exists()
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    verification.verify()
    chain.seal()
    assert verification.verify().unsealed == 0


def test_scrubbing_is_recorded(rosa: Any, erased: int) -> None:
    entry = scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    assert (entry.event, entry.actor, entry.target_id, entry.reason) == ("audit.scrubbed", rosa, str(erased), REASON)
    assert (entry.target_label, entry.scrubbed_at) == ("", None)
    assert min(entry.details.values()) >= 2


def test_scrubbing_twice_changes_nothing_and_keeps_both_entries(rosa: Any, erased: int) -> None:
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    again = scrubbing.scrub_person(erased, by=rosa, reason="Request 18")
    assert again.details == {"as_actor": 0, "as_target": 0}
    assert Entry.objects.filter(event=Event.PERSON_SCRUBBED, reason=REASON).exists()
    chain.seal()
    verification.verify()


def test_two_people_of_one_entry_are_scrubbed_separately(rosa: Any, alice: Any, erased: int) -> None:
    key = alice.pk
    alice.delete()
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    first = Entry.objects.get(actor_id=erased, target_id=str(key)).scrubbed_at
    scrubbing.scrub_person(key, by=rosa, reason=REASON)
    entry = Entry.objects.get(actor_id=erased, target_id=str(key))
    assert (entry.target_label, entry.reason, entry.scrubbed_at) == ("", "", first)
    chain.seal()
    verification.verify()


def test_an_existing_account_is_not_scrubbed(rosa: Any, alice: Any) -> None:
    recording.record(Event.SIGNED_IN, actor=alice, target=alice)
    with pytest.raises(scrubbing.AccountExists, match="This account still exists: delete it first"):
        scrubbing.scrub_person(alice.pk, by=rosa, reason=REASON)
    assert Entry.objects.filter(actor_name="alice").exists()


def test_scrubbing_without_a_receipt_fails_verification(rosa: Any, erased: int, proven: set[str]) -> None:
    """Otherwise anybody who can add an entry could empty the copies of any person."""
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    chain.seal()
    proven.clear()
    with pytest.raises(verification.VerificationFailed, match="or no receipt proves it"):
        verification.verify()
    proven.add(str(erased))
    verification.verify()


def test_scrubbed_entries_that_name_the_person_need_a_receipt(rosa: Any, erased: int, proven: set[str]) -> None:
    recording.record(Event.SIGNED_OUT, actor=rosa, label="rita")
    named = scrubbing.entries_naming(["rita"], user_id=erased)
    scrubbing.scrub_person(erased, by=rosa, reason=REASON, named=named)
    proven.clear()
    proven.add("nobody")
    chain.seal()
    with pytest.raises(verification.VerificationFailed, match="or no receipt proves it"):
        verification.verify()


@pytest.mark.parametrize("given", ["rita", "rita-2", "job.rita", "by_rita"])
def test_a_request_id_that_names_the_person_is_emptied(rosa: Any, erased: int, given: str) -> None:
    with context.one_action(Facts(request_id=given)):
        recording.record(Event.SIGNED_OUT, actor=rosa, label="")
    named = scrubbing.entries_naming(["rita"], user_id=erased)
    scrubbing.scrub_person(erased, by=rosa, reason=REASON, named=named)
    assert "rita" not in everything_kept().lower()
    chain.seal()
    verification.verify()


def test_entries_about_a_target_of_the_person_are_scrubbed_separately(rosa: Any, erased: int) -> None:
    thing = ("deletion.deletionrequest", "11111111-2222-3333-4444-555555555555")
    recording.record(Event.RECORD_CHANGED, actor=rosa, target=thing, label="rita", reason="Rita asked")
    assert scrubbing.entries_naming(["rita"], user_id=erased, apart=[thing]) == []
    entry = scrubbing.scrub_target(thing, by=rosa, reason=REASON)
    assert (entry.target_id, entry.details) == (thing[1], {"as_target": 1})
    scrubbing.scrub_person(erased, by=rosa, reason=REASON)
    assert "rita" not in everything_kept().lower()
    chain.seal()
    verification.verify()


@pytest.mark.parametrize(
    ("text", "names_jo"),
    [
        ("jo", True),
        ("harbour from:jo", True),
        ('-with:"Jo" boat', True),
        ('between:"Al Bee",jo', True),
        ("(to:ed,jo OR boat)", True),
        ("q=from:jo&o=oldest", True),
        ("from:joanna", False),
        ("from:al jo", False),
        ("I know jo", False),
    ],
)
def test_a_short_name_is_found_where_a_search_names_a_person(text: str, names_jo: bool) -> None:
    pattern = name_pattern(["jo"])
    assert pattern is not None and bool(pattern.search(text)) == names_jo


def test_a_name_is_found_as_searches_find_it() -> None:
    """Accents, and punctuation between words, do not count."""
    pattern = name_pattern(["Café", "jo.doe"])
    assert pattern is not None
    assert all(pattern.search(text) for text in ("from:cafe harbour", "from:CAFÉ", '"jo doe" boat', "with:jo.doe"))


@pytest.mark.parametrize("filter_name", FILTERS)
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("cafe", "café"),
        ("cafe", "CAFE\u0301"),
        ("cafe", "\uff43\uff41\uff46\uff45"),
        ("Lukasz", "Łukasz"),
        ("Łukasz", "lukasz"),
        ("jo", "Jö"),
        ("é", "E"),
        ("strasse", "Straße"),
        ("ca fe", "cá\u200b fé"),
    ],
)
def test_a_name_is_found_whatever_accents_a_search_gave_it(filter_name: str, name: str, typed: str) -> None:
    pattern = name_pattern([name])
    assert pattern is not None
    assert pattern.search(f'boat -{filter_name}:"{typed}" harbour')
    assert not pattern.search(f"{filter_name}:{typed.replace(' ', '')}x boat")


def test_all_search_filters_that_take_a_name_are_known(rosa: Any) -> None:
    """A filter of any room that FILTERS lacked would leave names in recorded searches."""
    request = RequestFactory().get("/")
    request.user = rosa
    asked: list[str] = []

    def person(name: str) -> Any:
        asked.append(name)
        return rosa

    naming = set()
    for one in vocabulary_of(request):
        asked.clear()
        values = (one.value or one.example).replace('"', "").split(",")
        with suppress(Refused):
            if one.joint:
                one.joint(values, Reader(person))
            else:
                one.condition(values[0], Reader(person))
        naming |= {one.name} if asked else set()
    assert naming == set(FILTERS)


def test_a_name_is_removed_from_a_text_with_other_accents() -> None:
    pattern = name_pattern(["cafe", "jo doe"])
    assert pattern is not None
    assert (
        pattern.sub("[…]", "Café, CAFE and the café’s Jo\u0301 Doe; cafeteria")
        == "[…], […] and the […]’s […]; cafeteria"
    )


@pytest.mark.parametrize("typed", ["from:café harbour", "with:Rítà", "rità boat"])
def test_a_recorded_search_with_other_accents_is_emptied(rosa: Any, erased: int, typed: str) -> None:
    recording.record(Event.SEARCH_MADE, actor=rosa, label=typed)
    named = scrubbing.entries_naming(["rita", "cafe"], user_id=erased)
    scrubbing.scrub_person(erased, by=rosa, reason=REASON, named=named)
    assert not Entry.objects.filter(event=Event.SEARCH_MADE).exclude(target_label="").exists()
    chain.seal()
    verification.verify()
