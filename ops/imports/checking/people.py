"""Senders and receivers who have no account: who gets one, and whose name cannot have one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby, islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from messaging.writing import in_batches
from ops.accounts.usernames import ANONYMISED, reads_as_anonymised, username_problem
from ops.deletion import erased_names
from ops.files.problems import Problem, label
from ops.imports.checking import suggesting
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.likeness import Likeness, like_accounts, likely_name, no_account, spelling
from ops.imports.options import Choices
from ops.imports.saved_choices import people as saved_people
from ops.imports.staging.base import Staging

NAMES_AT_A_TIME = 10_000  # names that are looked up together
NO_ACCOUNT = gettext_lazy("People without an account")
NEARLY = gettext_lazy("Names that are nearly those of accounts")
READS_LIKE = gettext_lazy("New people whose names read like those of others")

FIND_PEOPLE = """
INSERT INTO {people} (username)
SELECT name FROM (SELECT sender AS name FROM {rows} UNION SELECT receiver FROM {rows}) named
WHERE name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {users} known WHERE known.username = named.name)
"""
FAULTY_NAMES = """
SELECT rows.number, 1, rows.sender, people.fault
FROM {rows} rows CROSS JOIN {people} people WHERE people.username = rows.sender AND people.fault <> ''
UNION ALL
SELECT rows.number, 2, rows.receiver, people.fault
FROM {rows} rows CROSS JOIN {people} people WHERE people.username = rows.receiver AND people.fault <> ''
"""
ROWS_WITHOUT_ACCOUNT = """
SELECT rows.number, people.username FROM {rows} rows CROSS JOIN {people} people
WHERE people.username = rows.sender AND people.fault = ''
UNION ALL
SELECT rows.number, people.username FROM {rows} rows CROSS JOIN {people} people
WHERE people.username = rows.receiver AND people.fault = ''
"""
# People named only in excluded rows get no account. EXCEPT takes a hash or a sort; with NOT IN, PostgreSQL would go
# through all rows once for each name if the names do not fit into its working memory.
DELETE_UNUSED = """
DELETE FROM {people} WHERE fault IS NULL AND username IN (
    SELECT username FROM {people}
    EXCEPT SELECT sender FROM {rows} rows
        WHERE NOT EXISTS (SELECT 1 FROM {excluded} gone WHERE gone.number = rows.number)
    EXCEPT SELECT receiver FROM {rows} rows
        WHERE NOT EXISTS (SELECT 1 FROM {excluded} gone WHERE gone.number = rows.number)
)
"""
# A username that begins like those of anonymised accounts counts as one of them, whoever chose it.
ANONYMISED_PEOPLE = "FROM {users} gone WHERE gone.anonymised_at IS NOT NULL OR substr(gone.username, 1, %s) = %s"
ROWS_OF_ANONYMISED = """
SELECT rows.number, 1, rows.sender FROM {rows} rows WHERE rows.sender IN (SELECT gone.username {anonymised})
UNION ALL
SELECT rows.number, 2, rows.receiver FROM {rows} rows WHERE rows.receiver IN (SELECT gone.username {anonymised})
"""
# Each missing name with its first place and the number of its occurrences. A place is twice the row, plus one for a
# receiver.
NAMED = """
SELECT named.name, people.fault, MIN(named.place), COUNT(*) FROM (
    SELECT sender AS name, number * 2 AS place FROM {rows} UNION ALL SELECT receiver, number * 2 + 1 FROM {rows}
) named CROSS JOIN {people} people
WHERE people.username = named.name GROUP BY named.name, people.fault ORDER BY 3
"""
# Names without an account that differ from another one only in capitals or blanks.
OF_ONE_SPELLING = """
SELECT spelling, username FROM {spellings} WHERE spelling IN (
    SELECT spelling FROM {spellings} GROUP BY spelling HAVING COUNT(*) > 1
) ORDER BY spelling, username
"""
HAVE_ACCOUNTS = "DELETE FROM {meant} WHERE EXISTS (SELECT 1 FROM {users} known WHERE known.username = name)"
USE_ACCOUNTS = """
UPDATE {rows} AS rows SET {column} = meant.username FROM {meant} meant WHERE meant.name = rows.{column}
"""


def use_accounts(staging: Staging, people: Mapping[str, str]) -> None:
    """Replace names in the rows with the usernames that ``people`` (Choices.people) gives for them.

    A name that has an account always means that account; the name of an erased person is never replaced.
    """
    meant = {name: username for name, username in people.items() if username}
    if not meant:
        return
    erased = erased_names.erased(meant)
    staging.fill("meant", ((name, username) for name, username in meant.items() if name not in erased))
    staging.execute(HAVE_ACCOUNTS)
    staging.analyze("meant")
    for column in ("sender", "receiver"):
        staging.execute(USE_ACCOUNTS, column=column)


def find_missing(staging: Staging) -> int:
    """Fill the table ``people`` with all names that have no account; return how many."""
    return staging.execute(FIND_PEOPLE)


def check_people(staging: Staging, findings: Findings, choices: Choices, *, by: Any = None) -> None:
    """Report people without an account who get none, or whose name cannot have one, and people who get one but whose
    name reads like somebody's account. Suggest whom they are likely to mean.

    ``by`` reads the problems: that person's permissions decide whether these state when an account was erased.
    """
    if not find_missing(staging):
        return
    like = _store_faults(staging, findings, choices, by=by)
    refused = bool(staging.value("SELECT EXISTS (SELECT 1 FROM {people} WHERE fault = '')"))
    if staging.value("SELECT EXISTS (SELECT 1 FROM {people} WHERE fault <> '')"):
        for number, column, username, fault in staging.stream(FAULTY_NAMES):
            cure = "people" if username in like else ""
            findings.report(Problem(number, "sender" if column == 1 else "receiver", "error", fault, cure))
    chosen = _chosen_before(staging, choices, by=by)
    asked = suggesting.AskedPeople(like, chosen=chosen, create_users=choices.create_users)
    if refused or like or asked.chosen:
        for name, fault, place, times in staging.stream(NAMED):
            row, column = place // 2, "receiver" if place % 2 else "sender"
            if fault == "" or name in like or name in asked.chosen:
                asked.add(name, row, times)
            if fault == "":
                findings.report(_no_account(name, like.get(name), row, column, times))
            elif fault is None and name in like:
                findings.report(_looks_like_another(name, like[name], row, column))
    if refused:
        _exclude_rows(staging, findings, why=choices.only_valid)
    findings.people = asked.as_json()
    findings.suggestions += asked.suggestions(_of_one_spelling(staging, choices, like))


def _chosen_before(staging: Staging, choices: Choices, *, by: Any) -> dict[str, str]:
    """Return the missing names that ``by`` matched in an earlier file, with their accounts; no erased names."""
    chosen = saved_people.saved(by=by)
    missing: list[str] = []
    for batch in in_batches([name for name in chosen if name not in choices.people]):
        among = ", ".join(["%s"] * len(batch))
        found = staging.stream(f"SELECT username FROM {{people}} WHERE username IN ({among})", batch)
        missing += (name for (name,) in found)
    erased = erased_names.erased(missing)
    return {name: chosen[name] for name in missing if name not in erased}


def _no_account(name: str, like: Likeness | None, row: int, column: str, times: int) -> Problem:
    message = no_account(name, like)
    if times > 1:
        named = ngettext("It is named %(number)s time.", "It is named %(number)s times.", times)
        message = f"{message} {numbered(named, times)}"
    cure, kind = ("people", NEARLY) if like else ("create_users", NO_ACCOUNT)
    return Problem(row, column, "error", message, cure, str(kind))


def _looks_like_another(name: str, like: Likeness, row: int, column: str) -> Problem:
    said = _("%(name)s has no account and reads like %(other)s, who has one: is it somebody else?")
    said %= {"name": label(name, quoted=True), "other": label(like.usernames[0], quoted=True)}
    return Problem(row, column, "warning", said, "people", kind=str(READS_LIKE))


def _exclude_rows(staging: Staging, findings: Findings, *, why: bool) -> None:
    """Exclude all rows that name somebody without an account; for each name only the first one was reported."""
    for number, name in staging.stream(ROWS_WITHOUT_ACCOUNT):
        if findings.marks[number] == Mark.EXCLUDED:
            continue
        if why:
            findings.exclude(number, _("no user %(name)s.") % {"name": label(name, quoted=True)})
        else:
            findings.mark(number, Mark.EXCLUDED)


def _of_one_spelling(staging: Staging, choices: Choices, like: Mapping[str, Likeness]) -> dict[str, str]:
    """Return names without an account that differ from another one only in capitals and blanks, each with that one."""
    undecided = staging.stream("SELECT username FROM {people} WHERE COALESCE(fault, '') = ''")
    names = (name for (name,) in undecided if name not in like and name not in choices.people)
    staging.fill("spellings", ((spelling(name), name) for name in names))
    staging.analyze("spellings")
    found: dict[str, str] = {}
    for _spelling, group in groupby(staging.stream(OF_ONE_SPELLING), key=lambda one: one[0]):
        alike = [name for _spelling, name in group]
        best = likely_name(alike)
        found |= {name: best for name in alike if name != best}
    return found


def check_anonymised(staging: Staging, findings: Findings) -> None:
    """Report rows that would be stored with an anonymised account as sender or receiver."""
    gone = [len(ANONYMISED) + 1, f"{ANONYMISED} "]
    if not staging.value(f"SELECT EXISTS (SELECT 1 {ANONYMISED_PEOPLE})", gone):
        return
    for number, column, username in staging.stream(ROWS_OF_ANONYMISED, [*gone, *gone], anonymised=ANONYMISED_PEOPLE):
        if findings.marks[number] in (Mark.NEW, Mark.CHANGED):
            said = _(
                "%(name)s is an anonymised account, as whom and to whom nobody writes: name somebody else, or remove "
                "the row."
            ) % {"name": label(username, quoted=True)}
            findings.report(Problem(number, "sender" if column == 1 else "receiver", "error", said))


def count_missing(staging: Staging, findings: Findings) -> int:
    """Return how many missing people could get an account; drop those to be created that only excluded rows name."""
    if not staging.value("SELECT COUNT(*) FROM {people}"):
        return 0
    excluded = findings.where(Mark.EXCLUDED)
    if any(excluded) and staging.value("SELECT COUNT(*) FROM {people} WHERE fault IS NULL"):
        staging.fill("excluded", ((number,) for number, gone in enumerate(excluded) if gone))
        staging.execute(DELETE_UNUSED)
    return int(staging.value("SELECT COUNT(*) FROM {people} WHERE COALESCE(fault, '') = ''"))


def count_created(staging: Staging) -> int:
    """Return how many of the people that ``count_missing`` counts get an account."""
    return int(staging.value("SELECT COUNT(*) FROM {people} WHERE fault IS NULL"))


def _store_faults(staging: Staging, findings: Findings, choices: Choices, *, by: Any) -> dict[str, Likeness]:
    """Set the fault of each missing name: why it cannot have an account, "" if none is to be created, NULL if one is.

    Return the likenesses of undecided names that read like accounts, without the names of erased people.
    """
    like: dict[str, Likeness] = {}
    faults: list[tuple[str, str]] = []
    names = (name for (name,) in staging.stream("SELECT username FROM {people}"))
    while some := list(islice(names, NAMES_AT_A_TIME)):
        erased = erased_names.erased(some)
        findings.erased += len(erased)
        for name in some:
            if name in erased:
                faults.append((name, erased_names.refusal(name, erased[name], by=by)))
            elif (_created(name, choices) or reads_as_anonymised(name)) and (fault := username_problem(name)):
                faults.append((name, fault))
        found = like_accounts(name for name in some if name not in erased and name not in choices.people)
        like |= {name: one for name, one in found.items() if not reads_as_anonymised(name)}
    for name, fault in faults:
        staging.execute("UPDATE {people} SET fault = %s WHERE username = %s", [fault, name])
    if not choices.create_users:
        staging.execute("UPDATE {people} SET fault = '' WHERE fault IS NULL")
        created = [name for name in choices.people if _created(name, choices)]
        for batch in in_batches(created):
            places = ", ".join(["%s"] * len(batch))
            staging.execute(f"UPDATE {{people}} SET fault = NULL WHERE fault = '' AND username IN ({places})", batch)
    return like


def _created(name: str, choices: Choices) -> bool:
    """Return whether a person of this name who has no account gets one."""
    return choices.create_users or choices.people.get(name) == ""
