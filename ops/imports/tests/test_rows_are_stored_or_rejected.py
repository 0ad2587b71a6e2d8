"""A row is imported or left out, as its mark shows, and a row that is left out leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.models import Message, MessageHistory
from messaging.tests.examples import examples
from ops.imports import steps
from ops.imports.checking.findings import Mark
from ops.imports.jobs.files import check_with_preview
from ops.imports.models import Import
from ops.imports.staging.databases import staging_on
from ops.imports.tests.files import imported, numbered, row
from ops.imports.tests.importing import brought, do, rolled_back, stored_import

pytestmark = pytest.mark.django_db
with_people = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
IDS = ["1", "2", "3", "4", ""]
ROWS = st.builds(
    row,
    st.sampled_from(IDS),
    st.sampled_from(["", "", *IDS, "gone"]),
    sender=st.sampled_from(["alice", "alice", "alice", "bob", "nobody"]),
    content=st.sampled_from(["hello", "new", "newer", ""]),
)


def test_two_texts_for_one_stored_message_are_both_rejected(alice: Any, bob: Any) -> None:
    imported(numbered(row("1"), row("2")))
    rows = [row("1", content="first"), row("1", content="second"), row("2", content="new")]
    import_ = stored_import(*rows, existing="edit", only_valid=True)
    assert list(Message.objects.order_by("external_id").values_list("content", "edited")) == [
        ("hello", False),
        ("new", True),
    ]
    assert MessageHistory.objects.count() == 1
    counts = import_.counts
    assert (counts["changed"], counts["rejected"], import_.outcome["changed"]) == (1, 2, 1)


def marks_of(import_: Import) -> tuple[bytearray, dict[str, Any]]:
    """Return the marks of a check, by row number, and its counts."""
    with staging_on(DEFAULT_DB_ALIAS) as staging:
        checked = check_with_preview(import_, staging, lambda rows: None)
        assert checked is not None
        return checked.findings.marks, checked.counts


@with_people
@given(
    before=st.lists(ROWS, max_size=4),
    rows=st.lists(ROWS, min_size=1, max_size=8),
    existing=st.sampled_from(["edit", "skip", "refuse"]),
    start=st.booleans(),
)
def test_the_import_stores_exactly_the_marked_rows(
    folder: Any, alice: Any, bob: Any, before: list[Any], rows: list[Any], existing: str, start: bool
) -> None:
    """Rows and stored messages may have any values."""
    with rolled_back():
        do(steps.store(brought(*before, row("9"), only_valid=True, start_conversations=True), by=None, kick=False))
        texts = dict(Message.objects.values_list("pk", "content"))
        histories = MessageHistory.objects.count()
        import_ = brought(*rows, row("last"), existing=existing, only_valid=True, start_conversations=start)
        marks, counts = marks_of(import_)
        do(steps.store(import_, by=None, kick=False))
        import_.refresh_from_db()
        found_marks = zip(rows, marks[2:], strict=False)  # without the last row; row numbers of the file begin at 2
        marked: dict[int, list[Any]] = {mark: [] for mark in Mark}
        for one, mark in found_marks:
            marked[mark].append(one)
        new = Message.objects.exclude(pk__in=texts).exclude(external_id="last")
        found = sorted((message.external_id or "", message.content) for message in new)
        assert found == sorted((one[0], one[-1]) for one in marked[Mark.NEW])
        replaced = Message.objects.filter(pk__in=texts)
        changed = {one.external_id: one.content for one in replaced if texts[one.pk] != one.content}
        assert changed == {one[0]: one[-1] for one in marked[Mark.CHANGED]}
        assert MessageHistory.objects.count() - histories == len(changed) == import_.outcome["changed"]
        assert counts["new"] == len(marked[Mark.NEW]) + 1
        if existing != "refuse":
            assert counts["changed"] == len(changed)
        assert counts["rejected"] == len(marked[Mark.EXCLUDED])
