"""Files as people have them (../shared/data/field): the chosen meaning of their times, words, ids and formulas."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.models import Message
from messaging.tests.cast import make_user
from ops.imports import options
from ops.imports.models import Import
from ops.imports.pages.previews import load_problems
from ops.imports.tests.files import SHARED, stored
from ops.imports.tests.importing import checked, preview, problems, stored_import

FIELD = SHARED / "field"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("folder", "cast"),
    pytest.mark.skipif(not FIELD.is_dir(), reason=f"the files of the field are not at {FIELD}"),
]


@pytest.fixture
def cast(db: Any) -> None:
    for username in ("alice", "bob", "carol", "dave"):
        make_user(username)


def content(name: str) -> bytes:
    return (FIELD / name).read_bytes()


def suggested(import_: Import) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = preview(import_)["suggestions"]
    return found


def take(name: str, *places: int, only_valid: bool = False, **reading: Any) -> Import:
    """Check a file, take one suggestion after each check (by its place), and store it."""
    import_ = checked(content=content(name), **reading)
    for place in places:
        taken = options.take(suggested(import_)[place], import_.get_reading(), import_.get_choices())
        chosen = {**taken[0].as_json(), **taken[1].as_json()}
        import_ = checked(content=content(name), **chosen)
    chosen = {**import_.get_reading().as_json(), **import_.get_choices().as_json(), "only_valid": only_valid}
    return stored_import(content=content(name), **chosen)


def times() -> dict[str, str]:
    """Return the stored times by external id."""
    return {one.external_id or "": f"{one.timestamp:%Y-%m-%d %H:%M:%S.%f}" for one in Message.objects.all()}


@pytest.mark.parametrize(
    ("name", "rows", "shown", "alike"),
    [("03-excel-ate-ids.csv", 3, "1.17895E+18", []), ("03b-excel-ate-ids-same-text.csv", 2, "7.77711E+17", [(2, 3)])],
)
def test_ids_that_a_spreadsheet_has_shortened_are_refused_or_left_out(
    name: str, rows: int, shown: str, alike: list[tuple[int, int]]
) -> None:
    import_ = checked(content=content(name))
    cause = f"external_id: a spreadsheet has shortened these ids ({shown}): save the ids as text"
    assert next(problem for problem in problems(import_) if cause in problem).startswith("row 2, ")
    assert import_.counts["rejected"] == rows
    assert import_.counts["repeated"] == 0
    (offer,) = suggested(import_)
    assert (offer["option"], offer["value"]) == ("ids", "none")
    assert "replies cannot join what they answer" in offer["sentence"]
    import_ = take(name, 0)
    assert [one[0] for one in stored()] == [None] * rows
    assert Message.objects.filter(parent_message=None).count() == rows
    without_ids, *others = problems(import_)
    assert without_ids.startswith("The ids of this file are left out, as was chosen")
    # Without ids, messages with the same text cannot be distinguished: both come in, and the page names them.
    assert others == [
        f"Rows {one} and {other} are alike and have no id. All of them are imported." for one, other in alike
    ]


def test_seconds_with_microseconds_are_read_exactly() -> None:
    (offer,) = suggested(checked(content=content("09-slack-ts.json")))
    assert (offer["option"], offer["value"]) == ("dates", "seconds")
    take("09-slack-ts.json", 0)
    assert times() == {"1483051909.018632": "2016-12-29 22:51:49.018632"}


def test_numbers_that_count_different_things_are_read_by_their_size() -> None:
    import_ = checked(content=content("54-epoch.csv"))
    assert all("a bare number does not say what it counts" in problem for problem in problems(import_))
    (offer,) = suggested(import_)
    assert (offer["option"], offer["value"]) == ("dates", "by-size")
    assert [sample["read"] for sample in offer["samples"]] == [
        "15 January 2024, 10:00 UTC",
        "15 January 2024, 10:00:00.123000 UTC",
        "15 January 2024, 10:00 UTC",
    ]
    take("54-epoch.csv", 0)
    assert set(times().values()) == {"2024-01-15 10:00:00.000000", "2024-01-15 10:00:00.123000"}


def test_narrow_blanks_brackets_and_half_days_are_read() -> None:
    (offer,) = suggested(checked(content=content("10-whatsapp-nnbsp.csv")))
    assert (offer["option"], offer["value"]) == ("dates", "day-first")
    take("10-whatsapp-nnbsp.csv", 0)
    assert times() == {"w1": "2023-04-01 19:02:00.000000", "w2": "2019-12-31 02:14:40.000000"}


def test_a_column_that_mixes_orders_has_its_rows_named_and_none_guessed() -> None:
    import_ = checked(content=content("11-day-month.csv"))
    assert not any("ambiguous" in problem for problem in problems(import_))
    by_day, by_month = suggested(import_)
    assert {by_day["value"], by_month["value"]} == {"day-first", "month-first"}
    assert "row 2" in by_day["sentence"] and "row 3" in by_day["sentence"]
    import_ = checked(content=content("11-day-month.csv"), dates="day-first")
    (problem,) = [one for one in load_problems(import_) if one.level == "error"]
    assert problem.row == 3
    assert import_.counts["cures"]["dates"] == 1
    take("11-day-month.csv", dates="day-first", only_valid=True)
    at = "2021-08-21 23:06:00.000000"
    assert times() == {"d1": "2021-08-03 12:30:00.000000", "d3": at, "d4": at, "d5": at}


def test_all_shapes_of_iso_are_read_and_cut_to_microseconds() -> None:
    found = list(load_problems(checked(content=content("31-nanoseconds.csv"))))
    assert [one.row for one in found if "cut off" in one.message] == [2, 3, 4, 6, 11]
    assert {one.level for one in found} == {"notice"}
    take("31-nanoseconds.csv")
    read = times()
    assert len(read) == 12
    assert {at[:16] for at in read.values()} == {"2025-02-23 20:21"}
    assert (read["ns3"], read["ns4"]) == ("2025-02-23 20:21:44.500000", "2025-02-23 20:21:44.999999")


def test_a_leap_second_is_read_and_the_edges_of_the_calendar_are_refused() -> None:
    import_ = checked(content=content("32-leap-second.csv"))
    found = list(load_problems(import_))
    assert (found[0].level, found[0].message) == ("notice", "the leap second :60 is taken as :59.")
    assert [one.row for one in found if one.level == "error"] == [3, 4, 5, 6]
    assert {one.message.partition(":")[0] for one in found[1:]} == {
        "times before 0001-01-03 and after 9999-12-29 do not exist in every time zone"
    }
    take("32-leap-second.csv", only_valid=True)
    assert times() == {"ls1": "2016-12-31 23:59:59.000000"}


def test_times_that_exist_twice_are_the_first_or_by_choice_the_second() -> None:
    import_ = checked(content=content("34-dst.csv"), time_zone="Europe/Berlin")
    assert import_.counts["errors"] == 0
    assert import_.counts["warnings"] == 10
    assert "exists twice, taken as the first (summer time)" in problems(import_)[0]
    (offer,) = suggested(import_)
    assert (offer["option"], offer["value"]) == ("repeated_times", "second")
    take("34-dst.csv", 0, time_zone="Europe/Berlin")
    assert times()["ds0"] == "2023-10-29 01:00:00.000000"


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("46-psql-bools.csv", {"pb1": (True, False), "pb2": (False, True)}),
        ("46b-bools.csv", {**{f"bo{number}": (True, False) for number in range(7)}, "bo7": (False, False)}),
    ],
)
def test_words_for_true_and_false_are_suggested(name: str, marks: dict[str, tuple[bool, bool]]) -> None:
    import_ = checked(content=content(name))
    assert import_.counts["errors"]
    (offer,) = suggested(import_)
    assert offer["option"] == "yes"
    assert options.as_argument(offer).startswith("--yes ")
    take(name, 0)
    values = Message.objects.values_list("external_id", "edited", "read")
    assert {key: (edited, read if name.startswith("46-") else False) for key, edited, read in values} == marks


def test_ids_of_pandas_are_whole_numbers_or_none() -> None:
    name = "47-pandas-floats.csv"
    import_ = checked(content=content(name))
    assert any("12.0 is 12" in problem for problem in problems(import_))
    (offer,) = suggested(import_)
    assert (offer["option"], offer["value"]) == ("nothing", ["nan", "NULL", "\\N", "0"])
    assert options.as_argument(offer) == "--nothing nan NULL '\\N' 0"
    take(name, 0)
    answered = {one[0]: one[7] for one in stored()}
    assert answered == {"12": None, "13": "12", "14": None, "15": None, "16": None, "17": None}


def test_saved_values_of_formulas_are_offered_with_a_warning() -> None:
    import_ = checked(content=content("29-formulas.xlsx"))
    assert all("external_id holds a formula" in problem for problem in problems(import_))
    (offer,) = suggested(import_)
    assert (offer["option"], offer["value"]) == ("saved_values", True)
    assert [sample["read"] for sample in offer["samples"]] == ["f2", "f3", "f4"]
    import_ = take("29-formulas.xlsx", 0)
    assert import_.counts["warnings"] == 1
    assert {one[0] for one in stored()} == {"f2", "f3", "f4"}
