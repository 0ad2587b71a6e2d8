"""Hashed values have one canonical form: the same before they are stored and after they are read from either
database."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from messaging.tests.examples import examples
from ops.audit import recording
from ops.audit.details import Key
from ops.audit.events import Event
from ops.audit.models import SEALED_FIELDS, Entry
from ops.audit.sealing import canonical, chain, verification

texts = st.text(st.characters(), max_size=40)  # including surrogates and NUL
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(10**300), 10**300) | st.floats() | texts.map(Key),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts.map(Key), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.django_db
@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=st.lists(st.tuples(values, texts, texts), min_size=5, max_size=5))
@example([([1e16, -0.0, 1e308, 5e-324, 0.1, 1.5e300, 10**400, math.nan, -math.inf], "\x00", "\udfff")])
@example([({"b": 1, "a": {"ä": 2, Key("\x00"): 3}, Key("😀"): Key("\U0010ffff")}, "é", "e\u0301")])
def test_any_entry_verifies_after_a_round_trip(some: list[tuple[Any, str, str]]) -> None:
    """Each example has several entries, because verifying takes far longer than storing one."""
    recorded = {}
    for details, label, reason in some:
        entry = recording.record(Event.SEARCH_MADE, actor=None, details=details, label=label, reason=reason)
        recorded[entry.pk] = entry.details
    chain.seal()
    verification.verify()
    assert dict(Entry.objects.filter(pk__in=recorded).values_list("pk", "details")) == recorded


@given(values)
def test_storable_details_are_stable(details: Any) -> None:
    once = canonical.storable_details(details)
    assert canonical.canonical(canonical.storable_details(once)) == canonical.canonical(once)


def test_the_order_of_keys_does_not_matter() -> None:
    assert canonical.canonical({"a": 1, "b": [True, None]}) == canonical.canonical({"b": [True, None], "a": 1})


def test_moments_are_in_utc_with_microseconds() -> None:
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    elsewhere = noon.astimezone(timezone(timedelta(hours=5)))
    assert canonical.canonical(noon) == canonical.canonical(elsewhere) == b'"2026-01-05T12:00:00.000000+00:00"'


def test_a_seal_hash_depends_on_all_of_its_inputs() -> None:
    now, part = datetime(2026, 1, 5, tzinfo=UTC), list(range(len(SEALED_FIELDS)))
    links = {
        chain.seal_hash("a", 1, now, part),
        chain.seal_hash("b", 1, now, part),
        chain.seal_hash("a", 2, now, part),
        chain.seal_hash("a", 1, now + timedelta(microseconds=1), part),
        *(chain.seal_hash("a", 1, now, [*part[:place], None, *part[place + 1 :]]) for place in range(len(part))),
    }
    assert len(links) == 4 + len(part)


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, "1"), (None, "null"), ([], {}), (["a,b"], ["a", "b"])])
def test_different_values_have_different_canonical_forms(one: Any, other: Any) -> None:
    assert canonical.canonical(one) != canonical.canonical(other)
