"""The data dashboard: how many messages are sent and when, and the outcomes of imports, exports and jobs."""

from __future__ import annotations

from functools import partial

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from messaging.languages.wording import numbered
from ops.dashboard.boards import days
from ops.dashboard.boards.board import BoardRequest
from ops.dashboard.boards.content import Better, Cell, Content, Number, Table, age, counted, length, of_person
from ops.dashboard.charts.drawing import Chart, Kind, Series
from ops.dashboard.charts.units import Unit, in_words
from ops.dashboard.figures import data, messages
from ops.dashboard.metrics.gauges import database_size

HOURS = tuple(f"{hour}:00" for hour in range(24))
MOST_PEOPLE = 10


def written(asked: BoardRequest) -> list[Number]:
    """Messages and conversations of the period, and messages unread now."""
    now, before = asked.both(messages.sent, imported=asked.imported)
    begun, begun_before = asked.both(messages.begun, imported=asked.imported)
    replies, slower = asked.both(messages.first_replies, imported=asked.imported)
    unread = messages.unread(imported=asked.imported)
    edited = _("of them edited")

    def messages_sent(n: int) -> str:
        return ngettext("message", "messages", n)

    def conversations(n: int) -> str:
        return ngettext("conversation started", "conversations started", n)

    def not_read(n: int) -> str:
        return ngettext("not yet read by the receiver", "not yet read by the receiver", n)

    return [
        counted("sent", now.total, messages_sent, before=before.total, rows=now.rows, note=_imported(now.imported)),
        counted("begun", begun.total, conversations, before=begun_before.total, rows=begun.rows),
        Number("edit_rate", now.edit_rate, edited, Unit.SHARE, before=before.edit_rate, rows=now.edited_rows),
        counted("unread", unread.total, not_read, rows=unread.rows, note=_older(unread.older_than)),
        Number("oldest_unread", age(unread.oldest, asked.now), _("not yet read: oldest message"), Unit.DURATION),
        length("first_reply_p50", replies.p50, _("time to first reply (half are faster)"), slower.p50),
        length("first_reply_p90", replies.p90, _("time to first reply (9 of 10 are faster)"), slower.p90),
    ]


def _imported(number: int) -> str:
    words = ngettext("%(number)s of them imported", "%(number)s of them imported", number)
    return numbered(words, number) if number else ""


def _older(numbers: dict[int, int]) -> str:
    longest = max(numbers)
    number = numbers[longest]
    words = ngettext(
        "%(number)s of them older than %(days)s days", "%(number)s of them older than %(days)s days", number
    )
    return numbered(words, number, days=longest) if number else ""


def per_day(asked: BoardRequest) -> Chart:
    """Messages sent, by day."""
    found = asked.of(messages.sent, imported=asked.imported)
    sent = days.Counted(dict(found.per_day), partial(messages.sent_in, imported=asked.imported))
    titles = days.Titles(_("Messages by day"), _("Messages by week"), _("Messages by month"))
    return days.sums("messages", titles, asked.period, {_("Messages"): sent})


def hours_of_week(asked: BoardRequest) -> Chart:
    """Messages sent, by hour of the week."""
    found = asked.of(messages.hours_of_week, imported=asked.imported)
    rows = tuple(
        Series(str(WEEKDAYS[day]), tuple(numbers), str(WEEKDAYS_ABBR[day])) for day, numbers in enumerate(found.numbers)
    )
    return Chart("hours", _("Messages by hour of the week"), _("Hour"), HOURS, rows, Kind.HEAT)


def people(name: str, title: str, found: list[messages.Person]) -> Table:
    """The people who sent, or received, most messages."""
    rows = tuple((of_person(one.account, one.name), Cell(one.number, rows=one.rows)) for one in found)
    return Table(name, title, (_("Person"), _("Messages")), rows, empty=_("Nobody wrote in this period."))


def machinery(asked: BoardRequest) -> list[Number]:
    """Imports, exports and jobs of the period, jobs under way, and the size of the database."""
    jobs, jobs_before = asked.both(data.jobs)
    imports, imports_before = asked.both(data.imports)
    exports, exports_before = asked.both(data.exports)

    def under_way(n: int) -> str:
        return ngettext("job under way", "jobs under way", n)

    def asked_for(n: int) -> str:
        return ngettext("job requested", "jobs requested", n)

    def of_imports(n: int) -> str:
        return ngettext("import", "imports", n)

    def imported(n: int) -> str:
        return ngettext("message imported", "messages imported", n)

    def of_exports(n: int) -> str:
        return ngettext("export", "exports", n)

    def to_approve(n: int) -> str:
        return ngettext("export awaits approval", "exports await approval", n)

    return [
        counted("jobs_under_way", jobs.under_way, under_way, rows=jobs.under_way_rows),
        Number("oldest_job", age(jobs.oldest_under_way, asked.now), _("under way: oldest job"), Unit.DURATION),
        counted("jobs", jobs.total, asked_for, before=jobs_before.total, rows=jobs.rows),
        Number(
            "failure_rate",
            jobs.failure_rate,
            _("of jobs failed"),
            Unit.SHARE,
            before=jobs_before.failure_rate,
            better=Better.LESS,
            rows=jobs.failed_rows,
        ),
        counted("imports", imports.total, of_imports, before=imports_before.total, rows=imports.rows[None]),
        counted("imported", imports.messages, imported, before=imports_before.messages),
        counted("exports", exports.total, of_exports, before=exports_before.total, rows=exports.rows[None]),
        counted("exports_to_approve", exports.to_approve, to_approve, rows=exports.to_approve_rows),
        Number("database", database_size(), _("size of the database"), Unit.BYTES),
    ]


def of_imports(asked: BoardRequest) -> Table:
    """Uploaded files of messages, by state."""
    found = asked.of(data.imports)
    rows = tuple(
        (Cell(text=str(state.label)), Cell(number, rows=found.rows[state])) for state, number in found.by_state
    )
    words = ngettext(
        "%(size)s of files; %(number)s more file of reports.",
        "%(size)s of files; %(number)s more files of reports.",
        found.of_reports,
    )
    note = numbered(words, found.of_reports, size=in_words(found.size, Unit.BYTES))
    return Table("imports", _("Imports of messages"), (_("State"), _("Files")), rows, note=note)


def of_exports(asked: BoardRequest) -> Table:
    """Exports, by scope."""
    found = asked.of(data.exports)
    rows = tuple(
        (Cell(text=str(scope.label)), Cell(number, rows=found.rows[scope])) for scope, number in found.by_scope
    )
    words = ngettext("%(number)s row, %(size)s of files.", "%(number)s rows, %(size)s of files.", found.rows_written)
    note = numbered(words, found.rows_written, size=in_words(found.size, Unit.BYTES))
    return Table("exports", _("Exports"), (pgettext("what was exported", "Of"), _("Exports")), rows, note=note)


def of_jobs(asked: BoardRequest) -> Table:
    """Jobs, by kind."""
    rows = tuple(
        (Cell(text=one.kind), Cell(one.total, rows=one.rows), Cell(one.failed, rows=one.failed_rows))
        for one in asked.of(data.jobs).by_kind
    )
    return Table("jobs", _("Jobs"), (_("Kind"), _("Jobs"), pgettext("jobs", "Failed")), rows)


def content(asked: BoardRequest) -> Content:
    senders = asked.of(messages.busiest_senders, imported=asked.imported, most=MOST_PEOPLE)
    receivers = asked.of(messages.busiest_receivers, imported=asked.imported, most=MOST_PEOPLE)
    return Content(
        numbers=(*written(asked), *machinery(asked)),
        charts=(per_day(asked), hours_of_week(asked)),
        tables=(
            people("senders", _("Most active senders"), senders),
            people("receivers", _("Most messaged"), receivers),
            of_imports(asked),
            of_exports(asked),
            of_jobs(asked),
        ),
        as_of=asked.of(messages.begun, imported=asked.imported).as_of,
    )
