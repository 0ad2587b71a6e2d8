"""Reports that are exported and imported again do not change, in any format."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from messaging.tests.examples import examples
from ops.exports.models import Export
from ops.exports.reviews.tests.test_reports_and_decisions_are_exported import READS
from ops.exports.tests.exporting import exported, make_exporter, unzipped
from ops.exports.tests.test_round_trip import TRICKY
from ops.moderation import flagging
from ops.moderation.models import Case, Flag, Label, Severity, Source
from ops.moderation.report_imports import storing
from ops.moderation.report_imports.checking import check_file

SINCE = datetime(2026, 2, 1, 10, 30, tzinfo=UTC)
KEPT = ("message", "revision", "label", "reporter", "note", "created_at", "outcome", "settled_at")


def stored() -> list[tuple[Any, ...]]:
    """Return the fields of each report that an import restores."""
    return sorted(Flag.objects.values_list(*KEPT), key=repr)


def assert_round_trip(by: Any, format: str, file: Path) -> None:
    """Export all reports, delete them with their cases, and import them: nothing may be lost or invented."""
    before, queue = (
        stored(),
        list(Case.objects.order_by("rank_at", "pk").values_list("conversation", "rank_at", "state")),
    )
    file.write_bytes(unzipped(exported(by, format=format, reviews=True))[f"flags.{format}"])
    found = check_file(file, now=timezone.now(), using=DEFAULT_DB_ALIAS)
    assert (found.known, found.problems) == (len(before), [])  # they are still stored
    Flag.objects.all().delete()
    Case.objects.all().delete()
    found = check_file(file, now=timezone.now(), using=DEFAULT_DB_ALIAS)
    assert [str(problem) for problem in found.problems] == []
    storing.store(found.ready, by=None)
    assert stored() == before
    assert list(Case.objects.order_by("rank_at", "pk").values_list("conversation", "rank_at", "state")) == queue


def labels() -> list[Label]:
    return [
        Label.objects.create(name=slug, slug=slug, severity=severity)
        for slug, severity in (("spam", Severity.LOW), ("threat", Severity.THREAT))
    ]


@pytest.mark.parametrize("format", Export.Format.values)
def test_tricky_notes_and_ids_survive_the_round_trip(emma: Any, tmp_path: Path, format: str) -> None:
    spam, threat = labels()
    alice, bob = make_user("alice"), make_user("bob")
    for number, text in enumerate(TRICKY):
        message = write(alice, bob, text, minute=number, external_id=text if number % 2 else None)
        at = SINCE + timedelta(hours=number, microseconds=number % 3)
        label, by = (spam, bob) if number % 2 else (threat, None)
        flagging.flag(message, label=label, by=by, source=Source.PARTICIPANT, note=text, at=at)
    assert_round_trip(emma, format, tmp_path / "flags")


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    reports=st.lists(
        st.tuples(
            st.integers(0, 10**12),
            st.integers(0, 2),
            st.integers(0, 2),
            st.integers(0, 1),
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30),
        ),
        min_size=1,
        max_size=9,
        unique_by=lambda one: one[1:3],
    ),
    format=st.sampled_from([Export.Format.CSV, Export.Format.JSON_LINES]),
)
def test_any_reports_survive_the_round_trip(
    emma: Any, place: tuple[list[Any], list[Label], list[Message]], tmp_path: Path, reports: list[Any], format: str
) -> None:
    people, its_labels, messages = place
    Flag.objects.all().delete()
    Case.objects.all().delete()
    for microseconds, message, person, label, note in sorted(reports):
        at = SINCE + timedelta(microseconds=microseconds)
        by = people[person]
        flagging.flag(messages[message], label=its_labels[label], by=by, source=Source.PARTICIPANT, note=note, at=at)
    assert_round_trip(emma, format, tmp_path / "flags")


@pytest.fixture
def emma(db: Any, folder: Path) -> Any:
    """Emma exports messages with reports and decisions."""
    return make_exporter("emma", *READS, "export_reviews")


@pytest.fixture
def place(db: Any) -> tuple[list[Any], list[Label], list[Message]]:
    """Three people, two labels, three messages."""
    people = [make_user(name) for name in ("alice", "bob", "carol")]
    return people, labels(), [write(people[0], people[1], f"text {number}", minute=number) for number in range(3)]
