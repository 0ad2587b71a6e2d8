"""Senders and receivers who have no account: who may get one, and under which names there can be none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ops.accounts.usernames import username_problem
from ops.deletion import erased_names
from ops.files.problems import Problem, label
from ops.imports.checking.findings import Findings, Mark
from ops.imports.staging.base import Staging

NAMES_AT_A_TIME = 10_000  # that are looked up together

FIND_PEOPLE = """
INSERT INTO {people} (username)
SELECT name FROM (SELECT sender AS name FROM {rows} UNION SELECT receiver FROM {rows}) named
WHERE name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {users} known WHERE known.username = named.name)
"""
UNKNOWN_PEOPLE = """
SELECT rows.number, 1, rows.sender, people.fault
FROM {rows} rows CROSS JOIN {people} people WHERE people.username = rows.sender AND people.fault IS NOT NULL
UNION ALL
SELECT rows.number, 2, rows.receiver, people.fault
FROM {rows} rows CROSS JOIN {people} people WHERE people.username = rows.receiver AND people.fault IS NOT NULL
"""
# Whoever is named only in excluded rows gets no account.
DELETE_UNUSED = """
DELETE FROM {people} WHERE username NOT IN (
    SELECT sender FROM {rows} rows WHERE sender IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM {excluded} gone WHERE gone.number = rows.number)
    UNION SELECT receiver FROM {rows} rows WHERE receiver IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM {excluded} gone WHERE gone.number = rows.number)
)
"""


def find_missing(staging: Staging) -> int:
    """Fill the table of people with everybody who has no account; how many they are."""
    return staging.execute(FIND_PEOPLE)


def check_people(staging: Staging, findings: Findings, *, create_users: bool) -> None:
    """Report senders and receivers who have no account and are not to get one, or cannot under that name."""
    if not find_missing(staging) or not _store_faults(staging, create_users=create_users):
        return
    for number, column, username, fault in staging.stream(UNKNOWN_PEOPLE):
        no_user = f"no user {label(username, quoted=True)}: correct the name, or choose to create missing users."
        cure = "" if fault else "create_users"
        findings.report(Problem(number, "sender" if column == 1 else "receiver", "error", fault or no_user, cure))


def count_missing(staging: Staging, findings: Findings) -> int:
    """How many accounts are missing of people in rows that are not excluded; the table of people keeps only those."""
    if not staging.value("SELECT COUNT(*) FROM {people}"):
        return 0
    excluded = findings.where(Mark.EXCLUDED)
    if any(excluded) and staging.value("SELECT COUNT(*) FROM {people} WHERE fault IS NULL"):
        staging.fill("excluded", ((number,) for number, gone in enumerate(excluded) if gone))
        staging.execute(DELETE_UNUSED)
    return int(staging.value("SELECT COUNT(*) FROM {people} WHERE COALESCE(fault, '') = ''"))


def _store_faults(staging: Staging, *, create_users: bool) -> int:
    """Set why there can be no account under a missing name ("" where none is to be created); how many names."""
    faults = list(_faults_of_names(staging, create_users=create_users))
    for name, fault in faults:
        staging.execute("UPDATE {people} SET fault = %s WHERE username = %s", [fault, name])
    if create_users:
        return len(faults)
    return len(faults) + staging.execute("UPDATE {people} SET fault = '' WHERE fault IS NULL")


def _faults_of_names(staging: Staging, *, create_users: bool) -> Iterator[tuple[str, str]]:
    """Missing names under which there can be no account, and why: erased people's, and what is no username."""
    names = (name for (name,) in staging.stream("SELECT username FROM {people}"))
    while some := list(islice(names, NAMES_AT_A_TIME)):
        erased = erased_names.erased(some)
        for name in some:
            if name in erased:
                yield name, erased_names.refusal(name, erased[name])
            elif create_users and (fault := username_problem(name)):
                yield name, fault
