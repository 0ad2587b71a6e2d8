"""Times that went through a spreadsheet: in UTC by their header, exact by the text beside them."""

from __future__ import annotations

import pytest

from ops.files.dialects.utc_times import in_utc

EXACT = "2026-01-05T10:00:23.456789+00:00"


@pytest.mark.parametrize(
    "shown",
    ["2026-01-05 10:00:23.456", "2026-01-05 10:00:23,456", "2026-01-05T10:00:23.460000", "2026-01-05 10:00:23",
     "2026-01-05 10:00:24", "2026-01-05 10:00", " 2026-01-05 10:00:23.456 "],
)  # fmt: skip
def test_the_exact_time_is_used_where_the_shown_one_agrees(shown: str) -> None:
    assert in_utc(shown, EXACT) == EXACT


@pytest.mark.parametrize(
    "shown", ["2026-01-05 10:00:23.5", "2026-01-05 10:00:25", "2026-01-05 10:02", "2025-01-05 10:00"]
)
def test_a_changed_time_is_kept(shown: str) -> None:
    assert in_utc(shown, EXACT) == f"{shown}+00:00"


@pytest.mark.parametrize("shown", ["2026-01-05T10:00:00+02:00", "5.1.2026 10:00", "", "46027.4", "yesterday"])
def test_values_with_a_zone_or_no_time_stay(shown: str) -> None:
    assert in_utc(shown, EXACT) == shown


@pytest.mark.parametrize("exact", ["", "x", "2026", "9999-12-31T23:59:59-12:00"])
def test_without_a_usable_exact_time_the_shown_one_is_read_as_utc(exact: str) -> None:
    assert in_utc("2026-01-05 10:00:00", exact) == "2026-01-05 10:00:00+00:00"
