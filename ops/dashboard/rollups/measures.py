"""What is measured of each day, and what its parts (keys) are. A measure's name is stored: it never changes."""

from __future__ import annotations

# Of messages; their keys are numbers, and their names have no "_" (numbers/storing.py).
# By quarter of an hour: the keys are how many quarters after the day's first one ("0" is that).
SENT = "sent"
EDITED = "edited"  # of those sent then, were edited since
UNREAD = "unread"  # of those sent then, were not read yet
BEGUN = "begun"  # conversations
QUARTERLY = (SENT, EDITED, UNREAD, BEGUN)
HOURS = "hours"  # messages by hour of the week: 24 for each day after Monday, and the hour in the zone
SENDERS, RECEIVERS = PEOPLE = "senders", "receivers"  # messages by account
REPLIED = "replied"  # conversations that got their first reply then, by how long that took (bins.py)
MESSAGES = (*QUARTERLY, HOURS, SENDERS, RECEIVERS, REPLIED)

# Of the desk.
FLAGS = "flags"  # reports made, by label
FLAG_SOURCES = "flag_sources"  # the same by source
OPENED = "opened"  # cases, by severity
REOPENED = "reopened"  # cases pending anew, by severity
CLOSED = "closed"  # cases, by severity
BACKLOG = "backlog"  # by CAME and WENT: times that a case became pending, or was closed, each of several times
CAME, WENT = "came", "went"
TO_CLAIM = "to_claim"  # cases closed then, by how long the first claim took (bins.py)
TO_DECIDE = "to_decide"  # cases closed then, by how long they were pending (bins.py)
DECIDED = "decided"  # decisions, by label
LAPSED = "lapsed"  # of those made then, lapsed since because a text changed
REVERSED = "reversed"  # of those made then, were undone since
OVERTURNED = "overturned"  # of those, by somebody else
REVIEWED = "reviewed"  # decisions, by account
REVIEWED_CASES = "reviewed_cases"  # different cases on a day, by account
REVIEW_TIMES = "review_times"  # by "account:kind": how long from the claim to the decision (bins.py)
AGREED = "agreed"  # by "account:label:label": what they decided, and what a colleague did on the same case before
DESK = (
    *(FLAGS, FLAG_SOURCES, OPENED, REOPENED, CLOSED, BACKLOG, TO_CLAIM, TO_DECIDE, DECIDED, LAPSED, REVERSED),
    *(OVERTURNED, REVIEWED, REVIEWED_CASES, REVIEW_TIMES, AGREED),
)

# Of the trail.
READINGS = "readings"  # messages shown, by account
CASE_READINGS = "case_readings"  # messages shown on pages of cases, by account
OPENINGS = "openings"  # openings without a report, broken glass among them, by account
UNREPORTED = "unreported"  # conversations opened so, by account
GLASS = "glass"  # times that somebody broke the glass, by account
STAFF_SEARCHES = "staff_searches"  # searches for the name of somebody of the staff, by account
REFUSED = "refused"  # failed sign-ins and confirmations, by event
TRAIL = (READINGS, CASE_READINGS, OPENINGS, UNREPORTED, GLASS, STAFF_SEARCHES, REFUSED)

# Of which sums of longer times are kept as well (numbers/blocks.py): of each key, and of each day.
SUMMED = tuple(measure for measure in (*MESSAGES, *DESK, *TRAIL) if measure not in QUARTERLY)
BY_DAY = (*QUARTERLY, FLAGS, OPENED, REOPENED, CLOSED, DECIDED, READINGS, REFUSED)
