"""The dashboard of data: how much is written and when, and what becomes of imports, exports and jobs."""

from __future__ import annotations

from ops.dashboard.boards import days
from ops.dashboard.boards.board import Asked
from ops.dashboard.boards.content import Better, Cell, Content, Number, Table, age, length, of_person
from ops.dashboard.charts.drawing import Chart, Kind, Series
from ops.dashboard.charts.units import Unit, in_words
from ops.dashboard.figures import data, messages
from ops.dashboard.metrics.gauges import database_size

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(f"{hour}:00" for hour in range(24))
MOST_PEOPLE = 10


def written(asked: Asked) -> list[Number]:
    """How much was written in the period, and what is unread now."""
    now, before = asked.both(messages.sent, imported=asked.imported)
    begun, begun_before = (found.total for found in asked.both(messages.begun, imported=asked.imported))
    replies, slower = asked.both(messages.first_replies, imported=asked.imported)
    unread = messages.unread(imported=asked.imported)
    return [
        Number(
            "sent", now.total, "message", "messages", before=before.total, rows=now.rows, note=_imported(now.imported)
        ),
        Number("begun", begun, "conversation begun", "conversations begun", before=begun_before),
        Number(
            "edit_rate", now.edit_rate, "of them edited", unit=Unit.SHARE, before=before.edit_rate, rows=now.edited_rows
        ),
        Number(
            "unread", unread.total, "not yet read by the receiver", rows=unread.rows, note=_older(unread.older_than)
        ),
        length("first_reply_p50", replies.p50, "until the first reply (half are sooner)", slower.p50),
        length("first_reply_p90", replies.p90, "until the first reply (9 of 10 are sooner)", slower.p90),
    ]


def _imported(number: int) -> str:
    return f"{number:,} of them imported" if number else ""


def _older(numbers: dict[int, int]) -> str:
    longest = max(numbers)
    return f"{numbers[longest]:,} of them older than {longest} days" if numbers[longest] else ""


def per_day(asked: Asked) -> Chart:
    """Messages sent."""
    found = asked.of(messages.sent, imported=asked.imported)
    return days.sums("messages", "Messages", asked.period, {"Messages": dict(found.per_day)})


def hours_of_week(asked: Asked) -> Chart:
    """When messages were sent."""
    found = asked.of(messages.hours_of_week, imported=asked.imported)
    rows = tuple(Series(name, tuple(numbers)) for name, numbers in zip(WEEKDAYS, found.numbers, strict=True))
    return Chart("hours", "Messages by hour of the week", "Hour", HOURS, rows, Kind.HEAT)


def people(name: str, title: str, found: list[messages.Person]) -> Table:
    """Who wrote, or was written to, most."""
    rows = tuple((of_person(one.account, one.name), Cell(one.number, rows=one.rows)) for one in found)
    return Table(name, title, ("Person", "Messages"), rows, empty="Nobody wrote in this period.")


def machinery(asked: Asked) -> list[Number]:
    """Imports, exports and jobs."""
    jobs, jobs_before = asked.both(data.jobs)
    imports, imports_before = asked.both(data.imports)
    exports, exports_before = asked.both(data.exports)
    return [
        Number("jobs_under_way", jobs.under_way, "job under way", "jobs under way", rows=jobs.under_way_rows),
        Number("oldest_job", age(jobs.oldest_under_way, asked.now), "under way: oldest job", unit=Unit.DURATION),
        Number("jobs", jobs.total, "job asked for", "jobs asked for", before=jobs_before.total, rows=jobs.rows),
        Number(
            "failure_rate",
            jobs.failure_rate,
            "of jobs failed",
            unit=Unit.SHARE,
            before=jobs_before.failure_rate,
            better=Better.LESS,
            rows=jobs.failed_rows,
        ),
        Number("imports", imports.total, "import", "imports", before=imports_before.total, rows=imports.rows[None]),
        Number("imported", imports.messages, "message imported", "messages imported", before=imports_before.messages),
        Number("exports", exports.total, "export", "exports", before=exports_before.total),
        Number("exports_to_approve", exports.to_approve, "export awaits approval", "exports await approval"),
        Number("database", database_size(), "is the size of the database", unit=Unit.BYTES),
    ]


def of_imports(asked: Asked) -> Table:
    """What became of uploaded files."""
    found = asked.of(data.imports)
    rows = tuple(
        (Cell(text=str(state.label)), Cell(number, rows=found.rows[state])) for state, number in found.by_state
    )
    note = f"{in_words(found.size, Unit.BYTES)} of files; {in_words(found.of_reports)} more files of reports."
    return Table("imports", "Imports of messages", ("State", "Files"), rows, note=note)


def of_exports(asked: Asked) -> Table:
    """What was exported."""
    found = asked.of(data.exports)
    rows = tuple((Cell(text=str(scope.label)), Cell(number)) for scope, number in found.by_scope)
    note = f"{in_words(found.rows_written)} rows, {in_words(found.size, Unit.BYTES)} of files."
    return Table("exports", "Exports", ("Of", "Exports"), rows, note=note)


def of_jobs(asked: Asked) -> Table:
    """What jobs there were."""
    rows = tuple(
        (Cell(text=one.kind), Cell(one.total, rows=one.rows), Cell(one.failed, rows=one.failed_rows))
        for one in asked.of(data.jobs).by_kind
    )
    return Table("jobs", "Jobs", ("Kind", "Jobs", "Failed"), rows)


def content(asked: Asked) -> Content:
    senders = asked.of(messages.busiest_senders, imported=asked.imported, most=MOST_PEOPLE)
    receivers = asked.of(messages.busiest_receivers, imported=asked.imported, most=MOST_PEOPLE)
    return Content(
        numbers=(*written(asked), *machinery(asked)),
        charts=(per_day(asked), hours_of_week(asked)),
        tables=(
            people("senders", "Most active senders", senders),
            people("receivers", "Most written to", receivers),
            of_jobs(asked),
            of_imports(asked),
            of_exports(asked),
        ),
        as_of=asked.of(messages.begun, imported=asked.imported).as_of,
    )
