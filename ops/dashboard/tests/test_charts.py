"""Charts: plain SVG without scripts or styles, lines at round numbers, labels that fit, and the same in words."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from ops.dashboard.charts.drawing import Chart, Kind, Series, labelled
from ops.dashboard.charts.units import DAY, HOUR, MINUTE, Unit, in_words, round_ticks

DAYS = tuple(f"{day} Nov" for day in range(1, 31))
HOSTILE = "<script>alert(1)</script>"


def chart(kind: Kind, *series: tuple[float | None, ...], unit: Unit = Unit.NUMBER) -> Chart:
    named = tuple(Series(f"{HOSTILE} {number}", values) for number, values in enumerate(series))
    return Chart("backlog", "Backlog", "Day", DAYS[: len(series[0])], named, kind, unit)


@pytest.mark.parametrize(
    ("most", "unit", "ticks"),
    [
        (0, Unit.NUMBER, ["0", "1"]),
        (7, Unit.NUMBER, ["0", "2", "4", "6", "8"]),
        (4_328, Unit.NUMBER, ["0", "2,000", "4,000", "6,000"]),
        (0.31, Unit.SHARE, ["0%", "10%", "20%", "30%", "40%"]),
        (50, Unit.DURATION, ["0 s", "15 s", "30 s", "45 s", "1 min"]),
        (5 * HOUR, Unit.DURATION, ["0 s", "2 h", "4 h", "6 h"]),
        (41 * DAY, Unit.DURATION, ["0 s", "20 d", "40 d", "60 d"]),
        (2_500_000, Unit.BYTES, ["0 bytes", "1 MB", "2 MB", "3 MB"]),
    ],
)
def test_lines_are_at_round_numbers(most: float, unit: Unit, ticks: list[str]) -> None:
    assert [in_words(tick, unit) for tick in round_ticks(most, unit)] == ticks
    wide, narrow = chart(Kind.COLUMNS, (most,) * 30, unit=unit).drawings
    assert all(f">{tick}</text>" in drawing for tick in ticks for drawing in (wide, narrow))


def test_values_in_words() -> None:
    times = [None, 59, 61, 3 * HOUR + 20 * MINUTE, 30 * HOUR, 49 * HOUR, 400 * DAY, -5]
    expected = ["–", "59 s", "1 min", "3 h 20 min", "30 h", "2 d 1 h", "400 d", "−5 s"]
    assert [in_words(one, Unit.DURATION) for one in times] == expected
    assert [in_words(0.125, Unit.SHARE), in_words(1.5), in_words(0.7, Unit.RATIO)] == ["12.5%", "1.5", "0.70"]
    sizes = [1, 999, 1_234, 99_950, 999_499, 999_900, 12_345_678, 1_400_000_000, 5 * 10**15]
    expected = ["1 byte", "999 bytes", "1.23 kB", "100 kB", "999 kB", "1 MB", "12.3 MB", "1.4 GB", "5,000 TB"]
    assert [in_words(one, Unit.BYTES) for one in sizes] == expected


@pytest.mark.parametrize("kind", Kind)
def test_drawings_contain_no_script_style_or_link(kind: Kind) -> None:
    for drawing in chart(kind, (1, None, 3), (0, 2, 2), (None, None, None)).drawings:
        ElementTree.fromstring(drawing)
        assert not re.search(r"script|style|\son[a-z]+=|href|NaN", drawing)


def test_columns_stand_on_top_of_each_other() -> None:
    wide, _ = chart(Kind.COLUMNS, (1, 2), (3, 0)).drawings
    boxes = [
        {key: float(value) for key, value in one.attrib.items()}
        for one in ElementTree.fromstring(wide).iter("rect")
        if "fill" not in one.attrib
    ]
    lower, second, upper = boxes  # a value of 0 has no column
    assert lower["x"] == upper["x"] < second["x"]
    assert upper["y"] + upper["height"] == pytest.approx(lower["y"], abs=0.2)
    assert upper["height"] == pytest.approx(3 * lower["height"], abs=0.3)


def test_a_line_is_interrupted_and_a_value_alone_is_a_dot() -> None:
    wide, _ = chart(Kind.LINES, (1, 2, None, 3, None)).drawings
    assert (wide.count("<polyline"), wide.count("<circle")) == (2, 3)


def test_cells_are_darker_the_more_there_is() -> None:
    wide, _ = chart(Kind.HEAT, (0, 1, 50), (99, 100, 20)).drawings
    assert re.findall(r'class="h(\d)"', wide) == ["0", "1", "3", "5", "5", "1"]


@pytest.mark.parametrize("places", [7, 13, 24])
def test_drawings_end_with_their_last_place(places: int) -> None:
    for kind in (Kind.COLUMNS, Kind.HEAT):
        for drawing, width in zip(chart(kind, (1,) * places, (2,) * places).drawings, (640, 340), strict=True):
            boxes = [one.attrib for one in ElementTree.fromstring(drawing).iter("rect") if "fill" not in one.attrib]
            first = min(float(one["x"]) for one in boxes)
            last = max(float(one["x"]) + float(one["width"]) for one in boxes)
            assert last - first > 0.82 * width


def test_labels_are_left_out_and_never_cut() -> None:
    places = labelled(DAYS, 300)
    assert places[-1] == 29 and len(places) <= 6
    for drawing in chart(Kind.COLUMNS, (1,) * 30).drawings[1:]:
        shown = [one.text or "" for one in ElementTree.fromstring(drawing).iter("text")]
        assert "30 Nov" in shown and 3 <= sum("Nov" in text for text in shown) <= 6


@pytest.mark.parametrize("kind", Kind)
def test_charts_have_a_summary_and_a_table_of_their_values(kind: Kind) -> None:
    shown = chart(kind, (1, None, 30), (0, 2, 2))
    assert "highest 3" in shown.summary and "3 Nov" in shown.summary
    rows_of_table = [(label, [value for value, _ in values]) for label, values in shown.rows]
    assert rows_of_table == [("1 Nov", ["1", "0"]), ("2 Nov", ["–", "2"]), ("3 Nov", ["30", "2"])]


@pytest.mark.parametrize("kind", Kind)
def test_empty_values_can_be_drawn(kind: Kind) -> None:
    assert chart(kind, (None, None)).is_empty
    for nothing in (chart(kind, (None, None)), chart(kind, (0, 0))):
        assert all("<svg" in drawing for drawing in nothing.drawings)
    assert chart(Kind.COLUMNS, (0, 0)).summary == "Nothing in this period."
