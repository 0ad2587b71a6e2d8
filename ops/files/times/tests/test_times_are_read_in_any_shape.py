"""Any moment in any supported shape is read exactly with the right choice, and no text raises an exception."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.database.moments import EARLIEST as EARLIEST_STORED
from messaging.database.moments import LATEST as LATEST_STORED
from ops.files.times.words import MONTHS
from ops.files.timestamps import DATES, EARLIEST, LATEST, moments_in

NAMES = """
January February March April May June July August September October November December
Januar Februar März April Mai Juni Juli August September Oktober November Dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
Mon Tue Wed Thu Fri Sat Sun
"""
ENGLISH, GERMAN, FRENCH, SPANISH, WEEKDAYS = (line.split() for line in NAMES.strip().splitlines())
NNBSP = "\u202f"

Written = Callable[[datetime], str]


def half(at: datetime, am: str = "AM", pm: str = "PM", blank: str = " ") -> str:
    """Return a time on the 12-hour clock, with seconds: 7:02:00 PM."""
    return f"{(at.hour - 1) % 12 + 1}:{at:%M:%S}{blank}{pm if at.hour >= 12 else am}"


# (choice, function that writes the shape): for moments to the second, with years of four digits, as UTC.
SHAPES: dict[str, tuple[str, Written]] = {
    "iso": ("", lambda at: f"{at.isoformat()}Z"),
    "iso with blanks": ("", lambda at: f"{at.isoformat(' ')}+00"),
    "iso basic": ("", lambda at: f"{at:%m%dT%H%M%SZ}".join((f"{at.year:04}", ""))),
    "iso week": ("", lambda at: "{:04}-W{:02}-{}T{}Z".format(*at.isocalendar(), at.time())),
    "iso day of the year": ("", lambda at: f"{at.year:04}-{at:%j}T{at.time()}Z"),
    "small letters": ("", lambda at: f"{at.isoformat()}z".replace("T", "t")),
    "dots": ("day-first", lambda at: f"{at:%d.%m}.{at.year:04} {at.time()}"),
    "dots, short": ("day-first", lambda at: f"{at.day}.{at.month}.{at.year:04}, {at.time()}"),
    "slashes, day first": ("day-first", lambda at: f"{at.day}/{at.month}/{at.year:04} {half(at)}"),
    "brackets": ("day-first", lambda at: f"[{at:%d/%m}/{at.year:04}, {half(at, 'a.m.', 'p.m.')}]"),
    "narrow blanks": ("month-first", lambda at: f"{at.month}/{at.day}/{at.year:04}, {half(at, blank=NNBSP)}"),
    "month first, 24 hours": ("month-first", lambda at: f"{at:%m-%d}-{at.year:04} {at.time()}"),
    "year first": ("as-written", lambda at: f"{at.year:04}/{at:%m/%d} {at.time()}"),
    "digits only": ("as-written", lambda at: f"{at.year:04}{at:%m%d%H%M%S}"),
    "mail": (
        "as-written",
        lambda at: f"{WEEKDAYS[at.weekday()]}, {at.day} {ENGLISH[at.month - 1][:3]} {at.year:04} {at.time()} +0000",
    ),
    "unix": (
        "as-written",
        lambda at: f"{WEEKDAYS[at.weekday()]} {ENGLISH[at.month - 1][:3]} {at.day:2} {at.time()} UTC {at.year:04}",
    ),
    "javascript": (
        "as-written",
        lambda at: (
            f"{WEEKDAYS[at.weekday()]} {ENGLISH[at.month - 1][:3]} {at:%d} {at.year:04} {at.time()} GMT+0000 "
            "(Coordinated Universal Time)"
        ),
    ),
    "wiki": ("as-written", lambda at: f"{at.time()}, {at.day} {ENGLISH[at.month - 1]} {at.year:04} (UTC)"),
    "English": ("as-written", lambda at: f"{ENGLISH[at.month - 1]} {at.day}, {at.year:04} at {half(at)}"),
    "German": ("as-written", lambda at: f"{at.day}. {GERMAN[at.month - 1]} {at.year:04} um {at.time()} Uhr"),
    "French": ("as-written", lambda at: f"{at.day} {FRENCH[at.month - 1]} {at.year:04} à {at.time()}"),
    "Spanish": (
        "as-written",
        lambda at: f"{at.day} de {SPANISH[at.month - 1]} de {at.year:04}, {half(at, 'a. m.', 'p. m.')}",
    ),
    "with a zone": ("day-first", lambda at: f"{at:%d.%m}.{at.year:04} {at.time()} GMT"),
}

WHOLE_DAYS = (datetime(1, 1, 4), datetime(9999, 12, 28))
moments = st.datetimes(*WHOLE_DAYS).map(lambda at: at.replace(microsecond=0))


@pytest.mark.parametrize("shape", SHAPES)
@given(at=moments)
def test_a_moment_comes_back_exactly(shape: str, at: datetime) -> None:
    choice, written = SHAPES[shape]
    assert moments_in("UTC", choice)(written(at)).utc == str(at)


@given(at=st.datetimes(datetime(1, 1, 4), datetime(9999, 12, 28)))
def test_microseconds_since_1970_come_back_exactly_in_every_unit(at: datetime) -> None:
    micros = (at - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    sign, size = "-" if micros < 0 else "", abs(micros)
    assert moments_in("UTC", "microseconds")(str(micros)).utc == str(at)
    assert moments_in("UTC", "nanoseconds")(f"{micros}000").utc == str(at)
    assert moments_in("UTC", "milliseconds")(f"{sign}{size // 1000}.{size % 1000:03}").utc == str(at)
    assert moments_in("UTC", "seconds")(f"{sign}{size // 10**6}.{size % 10**6:06}").utc == str(at)


@pytest.mark.parametrize(("choice", "start"), [("excel", datetime(1899, 12, 30)), ("excel-1904", datetime(1904, 1, 1))])
@given(days=st.integers(61, 2_900_000), seconds=st.integers(0, 86_399))
def test_days_of_a_spreadsheet_come_back_to_the_second(choice: str, start: datetime, days: int, seconds: int) -> None:
    at = start + timedelta(days=days, seconds=seconds)
    for digits in (7, 10, 15):
        assert moments_in("UTC", choice)(f"{days}{seconds / 86_400:.{digits}f}".replace("0.", ".", 1)).utc == str(at)


@given(at=st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), minutes=st.integers(-14 * 60, 14 * 60))
def test_an_offset_is_converted_to_utc(at: datetime, minutes: int) -> None:
    at = at.replace(microsecond=0)
    local = at.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    offset = local.isoformat()[-6:]
    for text in (f"{local:%d.%m.%Y %H:%M:%S} {offset}", f"{local:%d.%m.%Y %H:%M:%S} GMT{offset}"):
        assert moments_in("Europe/Berlin", "day-first")(text).utc == str(at)


@given(at=st.datetimes(datetime(1970, 1, 1), datetime(2037, 12, 31)))
def test_a_local_time_is_that_of_the_chosen_zone(at: datetime) -> None:
    at = at.replace(microsecond=0)
    local = at.replace(tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))
    which = "second" if local.fold else "first"
    for choice, text in (("", f"{local:%Y-%m-%d %H:%M:%S}"), ("month-first", f"{local:%m/%d/%Y %H:%M:%S}")):
        assert moments_in("America/New_York", choice, which)(text).utc == str(at)
        assert moments_in("UTC", choice, which)(f"{text}{'' if choice else 'Z'}").utc == str(local.replace(tzinfo=None))


pieces = st.sampled_from(
    [
        *"0123456789:/.,-+ TZtz()[]",
        "12",
        "31",
        "2021",
        "60",
        "24",
        "PM",
        "a.m.",
        "Aug",
        "mars",
        "UTC",
        "CET",
        "GMT+2",
        "Europe/Berlin",
        "1e9",
        NNBSP,
        "٣",
        "\x00",
        "Sat, ",
    ]
)


def test_exactly_the_storable_moments_are_read() -> None:
    limits = (EARLIEST_STORED, LATEST_STORED)
    assert tuple(str(limit.replace(tzinfo=None)) for limit in limits) == (EARLIEST, LATEST)
    for limit, beyond in zip(limits, (-1, 1), strict=True):
        further = limit + timedelta(microseconds=beyond)
        assert moments_in("UTC")(limit.isoformat()).utc == str(limit.replace(tzinfo=None))
        assert moments_in("UTC")(further.isoformat()).utc is None


@pytest.mark.parametrize("choice", DATES)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+14:00", "America/New_York"])
@given(text=st.one_of(st.text(max_size=120), st.lists(pieces, max_size=12).map("".join)))
def test_no_text_makes_the_reader_raise(choice: str, zone: str, text: str) -> None:
    moment = moments_in(zone, choice)(text)
    assert (moment.utc is None) == bool(moment.problem)
    if moment.utc is not None:
        assert EARLIEST <= moment.utc <= LATEST
        datetime.fromisoformat(moment.utc)


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        ("day-first", "8/21/21"),
        ("month-first", "21/8/21 10:00"),
        ("month-first", "03.08.21 10:00"),
        ("as-written", "3/8/2021 10:00"),
        ("as-written", "2021-08-21 10:00 IST"),
        ("as-written", "Sunday, 21 August 2021, 10:00"),
        ("day-first", "21.08.2021 13:00 PM"),
        ("day-first", "21.08.2021 10"),
        ("seconds", "21.08.2021 10:00"),
        ("by-size", "12"),
        ("excel", "60"),
        ("excel", "-1"),
        ("", "2026-01-05T10:00:60Z"),
        ("", "2021-366T10:00:00Z"),
        ("", "2021-08-21T24:00:01Z"),
    ],
)
def test_times_that_do_not_fit_the_choice_are_refused(choice: str, text: str) -> None:
    moment = moments_in("UTC", choice)(text)
    assert (moment.utc, bool(moment.problem)) == (None, True)


def test_a_weekday_that_contradicts_an_order_rules_it_out() -> None:
    """3 August 2021 was a Tuesday, 8 March 2021 a Monday."""
    by_day, by_month = moments_in("UTC", "day-first"), moments_in("UTC", "month-first")
    assert (by_day("Tue 03/08/2021 10:00").utc, by_month("Tue 03/08/2021 10:00").utc) == ("2021-08-03 10:00:00", None)
    assert (by_day("Mon 03/08/2021 10:00").utc, by_month("Mon 03/08/2021 10:00").utc) == (None, "2021-03-08 10:00:00")


def test_a_day_without_a_time_is_its_beginning_and_says_so() -> None:
    moment = moments_in("UTC", "day-first")("21.08.2021")
    assert moment.utc == "2021-08-21 00:00:00"
    assert moment.note.startswith("there is no time of day; taken as 00:00.")


@pytest.mark.parametrize("name", ["CET", "MEZ", "Europe/Berlin", "GMT+1", "+0100", "utc+1", "+01:00"])
def test_zones_are_read_by_name_and_by_offset(name: str) -> None:
    assert moments_in("UTC", "as-written")(f"2021-01-21 10:00 {name}").utc == "2021-01-21 09:00:00"


def test_a_year_of_two_digits_is_that_of_posix() -> None:
    read = moments_in("UTC", "day-first")
    assert [read(f"1.2.{year} 10:00").utc for year in ("68", "69")] == ["2068-02-01 10:00:00", "1969-02-01 10:00:00"]


def test_every_name_of_a_month_is_read() -> None:
    names = [*ENGLISH, *GERMAN, *FRENCH, *SPANISH]
    read = moments_in("UTC", "as-written")
    for place, name in enumerate(names):
        assert read(f"5 {name.upper()} 2021 10:00").utc == f"2021-{place % 12 + 1:02}-05 10:00:00"
    assert set(MONTHS.values()) == set(range(1, 13))
