"""Matching headers with columns: found by name, or chosen."""

from __future__ import annotations

import pytest

from ops.files.headers import fitting
from ops.files.headers.columns import Columns
from ops.files.headers.fitting import Fit
from ops.files.headers.unfit import HeaderUnfit
from ops.files.sources import Reading
from ops.files.tests.files import COLUMNS, TABLE

SIX = [name for name in COLUMNS if name not in ("edited", "read")]
EXPECTED = (
    "Expected, once each: external_id, parent_external_id, sender, receiver, timestamp, content; edited and read may "
    "be there as well."
)


def fit(headers: list[str], reading: Reading, columns: Columns = TABLE) -> Fit:
    return fitting.fit(headers, columns, reading, row=1)


def unfit(headers: list[str], **options: object) -> HeaderUnfit:
    with pytest.raises(HeaderUnfit) as caught:
        fit(headers, Reading(**options))  # type: ignore[arg-type]
    return caught.value


def test_columns_are_found_in_any_order_and_some_may_be_missing() -> None:
    assert fit(SIX[::-1], Reading()).sources == (*SIX[:5], None, None, "content")
    assert fit(list(COLUMNS), Reading()).sources == COLUMNS


def test_columns_are_found_by_their_aliases() -> None:
    headers = ["id", "parent_id", *SIX[2:]]
    assert fit(headers, Reading()).sources[:2] == ("id", "parent_id")
    # If both are there, ours is used.
    assert unfit([*headers, "external_id"]).unknown == ["id"]


def test_a_column_called_problem_is_ignored() -> None:
    assert fit([*SIX, "problem"], Reading()).unknown == ()


def test_unknown_missing_and_repeated_columns_are_named_together() -> None:
    error = unfit(["sender", "sender", "text", "content"])
    assert str(error) == (
        "the columns of the header do not fit; unknown: text; missing: external_id, parent_external_id, receiver, "
        f"timestamp; repeated: sender in columns 1 and 2 (A and B). {EXPECTED} Of columns with one name keep one; give "
        "the others other names, or remove them."
    )
    assert (error.headers, error.unknown) == (["sender", "sender", "text", "content"], ["text"])
    assert error.missing == ["external_id", "parent_external_id", "receiver", "timestamp"]
    assert error.repeated == ["sender"]
    assert (error.problem.row, error.problem.cure) == (1, "")


def test_unknown_columns_can_be_ignored_missing_and_repeated_ones_cannot() -> None:
    assert unfit([*SIX, "mood", "mood"]).problem.cure == "ignore_unknown"
    assert fit([*SIX, "mood", "mood"], Reading(ignore_unknown=True)).unknown == ("mood",)
    missing = unfit([*SIX[:5], "mood"], ignore_unknown=True)
    assert (missing.unknown, missing.missing, missing.problem.cure) == ([], ["content"], "columns")
    assert unfit([*SIX, "content"], ignore_unknown=True).repeated == ["content"]


def test_the_header_of_a_column_can_be_chosen() -> None:
    chosen = {"external_id": "", "parent_external_id": "", "sender": "From", "receiver": "To", "content": "timestamp"}
    headers = ["From", "To", "timestamp", "When"]
    assert fit(headers, Reading(columns={**chosen, "timestamp": "When"})).sources == (
        None,
        None,
        "From",
        "To",
        "When",
        None,
        None,
        "timestamp",
    )
    # A header that holds another column is not found by its name.
    assert unfit(headers, columns=chosen).missing == ["timestamp"]


def test_only_some_columns_can_be_chosen_to_be_absent() -> None:
    absent = dict.fromkeys(COLUMNS, "")
    assert unfit(list(COLUMNS), columns=absent, ignore_unknown=True).missing == [
        "sender",
        "receiver",
        "timestamp",
        "content",
    ]


def test_no_header_holds_two_columns() -> None:
    error = unfit(SIX, columns={"sender": "receiver", "receiver": "receiver"}, ignore_unknown=True)
    assert error.repeated == ["receiver"]


def test_a_header_that_was_chosen_and_is_not_there_is_missing() -> None:
    assert unfit(SIX, columns={"content": "Text"}).missing == ["content"]


@pytest.mark.parametrize(("columns", "found"), [({}, 2), ({"sender": "Nick"}, 3), ({"sender": "", "other": "nick"}, 2)])
def test_a_header_row_is_recognised_by_known_and_chosen_names(columns: dict[str, str], found: int) -> None:
    assert TABLE.found_in(["nick", "Receiver", "external id", ""], Reading(columns=columns)) == found


def test_many_unknown_columns_are_counted() -> None:
    assert "unknown: c0, c1, " in str(unfit([*SIX, *(f"c{number}" for number in range(100))]))
    assert "c19 and 80 more." in str(unfit([*SIX, *(f"c{number}" for number in range(100))]))


def test_many_columns_of_one_name_are_counted() -> None:
    text = str(unfit([*SIX, *["content"] * 100]))
    assert "content in columns 6, 7, 8," in text and ", 25 and 81 more (F, G, H," in text and ", Y and 81 more)" in text


def test_a_table_may_need_all_its_columns_and_ignore_none() -> None:
    table = Columns(names=("code", "name"))
    assert fit(["name", "code"], Reading(), table).sources == ("code", "name")
    with pytest.raises(HeaderUnfit) as caught:
        fit(["code", "problem"], Reading(), table)
    assert str(caught.value) == (
        "the columns of the header do not fit; unknown: problem; missing: name. Expected, once each: code, name."
    )
