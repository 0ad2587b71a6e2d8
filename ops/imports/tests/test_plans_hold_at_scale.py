"""No statement of an import, its undo or an erasure takes time quadratic in the rows on PostgreSQL.

This holds with any statistics: a new database has none, and after an import they are outdated.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.db import connection

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.deletion.models import Mode
from ops.deletion.tests.deleting import approved, sam, sue, work_on
from ops.files.tests.files import as_marked_csv
from ops.imports import steps, undoing
from ops.imports.checking import guards, parents, people, repeats, stored
from ops.imports.models import Import
from ops.imports.staging.base import Staging
from ops.imports.staging.databases import staging_on
from ops.imports.storing import messages, plan, texts
from ops.imports.storing import people as creating
from ops.imports.tests.files import row
from ops.imports.tests.importing import Death, at_batch, brought, checked, do, stored_import, undone
from ops.imports.tests.plans import ROWS, Plans, explain, explained
from ops.jobs import pacing
from ops.jobs.run import JobFailed

__all__ = ["sam", "sue"]

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.postgresql,
    pytest.mark.usefixtures("folder"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such plans, and no statistics to miss"),
]

MODULES = (guards, parents, people, repeats, stored, creating, messages, texts, undoing)
OPTIONS: dict[str, Any] = {
    "create_users": True,
    "start_conversations": True,
    "existing": "edit",
    "only_valid": True,
    "notify": True,
    "people": {"Alice": "alice"},
    "alike_once": True,
}
# An earlier statement that removes unused names: its sub-plan reads all rows for each name.
QUADRATIC = """
DELETE FROM import_people WHERE username NOT IN (
    SELECT sender FROM import_rows rows WHERE sender IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM import_excluded gone WHERE gone.number = rows.number)
    UNION SELECT receiver FROM import_rows rows WHERE receiver IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM import_excluded gone WHERE gone.number = rows.number)
)
"""


def thread(name: str, size: int, first: str = "", content: str = "hello") -> list[tuple[str, ...]]:
    """Return messages that each answer the one before, between two people who write no others."""
    sides = (f"{name}.one", f"{name}.two")
    parents = [first, *(f"{name}.{place}" for place in range(size))]
    return [
        row(f"{name}.{place}", parents[place], sender=sides[place % 2], receiver=sides[1 - place % 2], content=content)
        for place in range(size)
    ]


def stored_before() -> None:
    """Fill the database as if it had been used: messages imported and edited, read and notified of."""
    stored_import(*(one for number in range(20) for one in thread(f"old{number}", 5)), **OPTIONS)
    stored_import(*(thread(f"old{number}", 1, content="in other words")[0] for number in range(10)), **OPTIONS)
    stored_import(row("", content="without an id"), row("early", "comes.later"), **OPTIONS)


def file() -> list[tuple[str, ...]]:
    """Return rows of every kind."""
    number_here = f"threadward:{Message.objects.get(content='without an id').pk}"
    return [
        *(one for number in range(30) for one in thread(f"new{number}", 4)),
        *(one for number in range(10) for one in thread(f"answers{number}", 3, f"old{number}.1")),
        *thread("longer.than.a.piece", 50, "old3.2"),
        *(row(f"own{number}", number_here) for number in range(3)),
        *(row(f"orphan{number}", "missing") for number in range(10)),
        *(thread(f"old{number}", 1, content="changed")[0] for number in range(10, 15)),
        *(row("twice") for _ in range(3)),
        row("", content="without an id"),
        row(number_here, content="without an id"),
        row("faulty", timestamp="tomorrow"),
        row("faulty.1", "faulty", sender="only.in.a.faulty.row"),
        row("named", sender="deleted user 7", receiver="Alice"),
        row("spelled.one.way", sender="New Comer"),
        row("spelled.another.way", sender="new comer"),
        row("guarded", content="'=1+1"),
        row("comes.later"),
        row("loop.1", "loop.2"),
        row("loop.2", "loop.1"),
    ]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "PIECE", 20)
    monkeypatch.setattr(pacing, "BATCH_SECONDS", 0)


@pytest.fixture
def templates(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL templates that were used, and the fragments in them."""
    found: list[str] = []
    sql = Staging.sql

    def noted(self: Staging, template: str, **fragments: str) -> str:
        found.extend([template, *fragments.values()])
        return sql(self, template, **fragments)

    monkeypatch.setattr(Staging, "sql", noted)
    return found


VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def statements_of(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Yield the statements that are constants of a module, with their names."""
    for name, value in vars(module).items():
        if name.isupper() and isinstance(value, str) and value.lstrip().startswith(VERBS):
            yield f"{module.__name__}.{name}", value


def everything_once(sue: Any, sam: Any) -> Plans:
    """Import to the end, after a death, and with a failure; undo; erase and anonymise. Return the plans."""
    with explained() as plans:
        import_ = stored_import(*file(), **OPTIONS)
        assert {name: import_.counts[name] for name in ("changed", "repeated")} == {"changed": 5, "repeated": 2}
        reply = answer(Message.objects.get(external_id="new3.1"))
        undone(import_)
        checked(content=as_marked_csv(*file()), **{**OPTIONS, "create_users": False, "alike_once": True})
        failed = brought(*file(), **OPTIONS)
        with at_batch(5, Death(), committed=True), pytest.raises(Death):
            do(steps.store(failed, by=None, kick=False))
        failed.refresh_from_db()
        assert failed.job is not None
        with at_batch(3, JobFailed("Enough.")):
            do(failed.job)
        failed.refresh_from_db()
        assert failed.state == Import.State.TAKEN_BACK
    erase = approved(reply.sender, by=sue, approver=sam)
    anonymise = approved(reply.receiver, by=sue, approver=sam, mode=Mode.ANONYMISE)
    with explained() as erasing:
        work_on(erase)
        work_on(anonymise)
    plans.statements |= erasing.statements
    return plans


@pytest.mark.parametrize("analysed", [False, True], ids=["without statistics", "with statistics of before"])
def test_no_statement_reads_all_rows_for_each_row(
    analysed: bool, alice: Any, bob: Any, sue: Any, sam: Any, templates: list[str]
) -> None:
    write(alice, bob, "hello")
    gone = make_user("gone.before")
    write(gone, bob)
    work_on(approved(gone, by=sue, approver=sam, mode=Mode.ANONYMISE))
    stored_before()
    if analysed:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    plans = everything_once(sue, sam)
    assert plans.faults == []
    never = [name for module in MODULES for name, template in statements_of(module) if template not in templates]
    assert never == [], "no statement is left out: add rows that need it"


def test_quadratic_plans_are_detected() -> None:
    with staging_on("default") as staging:
        staging.fill("rows", ((1, "1", None, "a", "b", None, False, False, False, False, None, "x") for _ in range(1)))
        staging.fill("people", [("a", None)])
        staging.fill("excluded", [(2,)])
        staging.execute("RESET work_mem")
        assert "a sub-plan reads all of import_rows" in explain(QUADRATIC).faults
        unrelated = "SELECT * FROM import_people people JOIN import_rows rows ON rows.sender <> people.username"
        assert explain(unrelated).faults
        assert set(ROWS) >= set(staging._tables())
