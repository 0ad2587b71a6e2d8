"""The measures of a day, and the keys that each is divided by. A measure's name is stored: it never changes."""

from __future__ import annotations

# Of messages; their keys are numbers, and their names have no "_" (numbers/storing.py).
# By quarter of an hour: the keys count quarters from the day's first one, "0".
SENT = "sent"
EDITED = "edited"  # messages sent then and edited since
UNREAD = "unread"  # messages sent then and not read yet
BEGUN = "begun"  # conversations
QUARTERLY = (SENT, EDITED, UNREAD, BEGUN)
HOURS = "hours"  # messages by hour of the week: 24 for each day after Monday, plus the hour in the zone
SENDERS, RECEIVERS = PEOPLE = "senders", "receivers"  # messages by account
REPLIED = "replied"  # conversations that got their first reply then, by how long it took (bins.py)
MESSAGES = (*QUARTERLY, HOURS, SENDERS, RECEIVERS, REPLIED)

# Of the desk.
FLAGS = "flags"  # reports made, by label
FLAG_SOURCES = "flag_sources"  # the same by source
OPENED = "opened"  # cases, by severity
REOPENED = "reopened"  # cases, by severity
CLOSED = "closed"  # cases, by severity
BACKLOG = "backlog"  # by CAME and WENT: times that a case became pending, or was closed, each of several times
CAME, WENT = "came", "went"
TO_CLAIM = "to_claim"  # cases closed then, by how long the first claim took (bins.py)
TO_DECIDE = "to_decide"  # cases closed then, by how long they were pending (bins.py)
DECIDED = "decided"  # decisions, by label
LAPSED = "lapsed"  # decisions made then that have lapsed because a text changed
REVERSED = "reversed"  # decisions made then that have been undone
OVERTURNED = "overturned"  # those undone by somebody else
REVIEWED = "reviewed"  # decisions, by account
REVIEWED_CASES = "reviewed_cases"  # different cases on a day, by account
REVIEW_TIMES = "review_times"  # decisions by "account:kind": the time from the claim to the decision (bins.py)
AGREED = "agreed"  # decisions by "account:label:label": theirs, and a colleague's on the same case before or after
DESK = (
    *(FLAGS, FLAG_SOURCES, OPENED, REOPENED, CLOSED, BACKLOG, TO_CLAIM, TO_DECIDE, DECIDED, LAPSED, REVERSED),
    *(OVERTURNED, REVIEWED, REVIEWED_CASES, REVIEW_TIMES, AGREED),
)

# Of the trail.
READINGS = "readings"  # messages shown, by account
CASE_READINGS = "case_readings"  # messages shown on pages of cases, by account
OPENINGS = "openings"  # openings without a report, including break-glass ones, by account
UNREPORTED = "unreported"  # conversations opened without a report, by account
GLASS = "glass"  # break-glass openings, by account
STAFF_SEARCHES = "staff_searches"  # searches for the name of a colleague, by account
REFUSED = "refused"  # failed sign-ins and confirmations, by event
TRAIL = (READINGS, CASE_READINGS, OPENINGS, UNREPORTED, GLASS, STAFF_SEARCHES, REFUSED)

# Measures that are also summed over longer times (numbers/blocks.py): by key, and by day.
SUMMED = tuple(measure for measure in (*MESSAGES, *DESK, *TRAIL) if measure not in QUARTERLY)
BY_DAY = (*QUARTERLY, FLAGS, OPENED, REOPENED, CLOSED, DECIDED, READINGS, REFUSED)
