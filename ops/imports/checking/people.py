"""Senders and receivers without an account, or with a name under which there can be none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ops.accounts.usernames import username_problem
from ops.deletion import erased_names
from ops.files.problems import Problem, label
from ops.imports.checking.findings import Findings
from ops.imports.staging.base import PEOPLE, ROWS, Staging

PEOPLE_AT_A_TIME = 10_000  # names that are looked up together
FIND_PEOPLE = f"""
INSERT INTO {PEOPLE} (username)
SELECT name FROM (SELECT sender AS name FROM {ROWS} UNION SELECT receiver FROM {ROWS}) named
WHERE name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {{users}} known WHERE known.username = named.name)
"""
UNKNOWN_PEOPLE = f"""
SELECT rows.number, 1, rows.sender, people.fault
FROM {ROWS} rows CROSS JOIN {PEOPLE} people WHERE people.username = rows.sender AND people.fault IS NOT NULL
UNION ALL
SELECT rows.number, 2, rows.receiver, people.fault
FROM {ROWS} rows CROSS JOIN {PEOPLE} people WHERE people.username = rows.receiver AND people.fault IS NOT NULL
"""


def check_people(staging: Staging, findings: Findings, *, create_users: bool) -> None:
    """Report senders and receivers who have no account and are not to get one, or cannot under that name."""
    if not staging.execute(FIND_PEOPLE) or not _find_faults_of_people(staging, create_users=create_users):
        return
    for number, column, username, fault in staging.stream(UNKNOWN_PEOPLE):
        findings.report(
            Problem(
                number,
                "sender" if column == 1 else "receiver",
                "error",
                fault
                or f"no user {label(username, quoted=True)}: correct the name, or choose to create missing users.",
                "" if fault else "create_users",
            )
        )


def _find_faults_of_people(staging: Staging, *, create_users: bool) -> int:
    """Set why there can be no account under a missing name ("" where nobody asked for one); how many names that are."""
    faults = list(_faults_of_names(staging, create_users=create_users))
    for name, fault in faults:
        staging.execute(f"UPDATE {PEOPLE} SET fault = %s WHERE username = %s", [fault, name])
    if create_users:
        return len(faults)
    return len(faults) + staging.execute(f"UPDATE {PEOPLE} SET fault = '' WHERE fault IS NULL")


def _faults_of_names(staging: Staging, *, create_users: bool) -> Iterator[tuple[str, str]]:
    """Missing names under which there can be no account, and why: erased people's, and what is no username."""
    names = (name for (name,) in staging.stream(f"SELECT username FROM {PEOPLE}"))
    while some := list(islice(names, PEOPLE_AT_A_TIME)):
        known = erased_names.erased(some)
        for name in some:
            if name in known:
                yield name, erased_names.refusal(name, known[name])
            elif create_users and (fault := username_problem(name)):
                yield name, fault
