"""The plans that PostgreSQL would choose for each statement if the tables were as large as they become, for tests.

Tables hold a few rows; while a statement is explained the planner sees sizes of millions, and has 4 MB of memory for
each sort and hash. So the plans do not depend on the machine, and take little time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

EXPLAINED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE TEMPORARY TABLE \w+ AS)\b")
SMALLEST = 1_000  # rows of a table that may be read repeatedly

# The size of each table while a statement is explained. Other tables keep their own.
ROWS = {
    "import_rows": 2_000_000,
    "import_known": 500_000,
    "import_people": 300_000,
    "import_spellings": 300_000,
    "import_meant": 10_000,
    "import_orphans": 500_000,
    "import_awaiting": 500_000,
    "import_joins": 500_000,
    "import_changes": 500_000,
    "import_places": 2_000_000,
    "import_ready": 2_000_000,
    "import_excluded": 100_000,
    "import_repeated": 100_000,
    "import_problems": 400_000,
    "messaging_message": 4_000_000,
    "messaging_conversation": 1_000_000,
    "messaging_messagehistory": 500_000,
    "messaging_notification": 4_000_000,
    "accounts_user": 300_000,
}
SAY_SIZES = """
UPDATE pg_class SET reltuples = said.rows, relpages = greatest(1, pg_relation_size(pg_class.oid) / 8192)
FROM unnest(%s::text[], %s::float4[]) said(name, rows)
WHERE pg_class.relname = said.name AND pg_class.relkind = 'r' AND pg_table_is_visible(pg_class.oid)
"""


@dataclass
class Statement:
    """A statement that was run; ``in_batch`` if in one of many transactions, each for a few rows."""

    sql: str
    plan: dict[str, Any]
    in_batch: bool

    @property
    def faults(self) -> list[str]:
        """Return why the statement would take too long; empty if it would not."""
        found = list(_read_again_and_again(self.plan))
        if self.in_batch:
            found += [f"reads all of {one} for a few rows" for one in _read_whole(self.plan)]
        return found


@dataclass
class Plans:
    """The statements that were run, once for each shape of plan. They run with their own settings."""

    statements: dict[tuple[str, str, bool], Statement] = field(default_factory=dict)
    savepoints: int = 0

    def explain(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Explain a statement about large tables before it is run; an ``execute_wrapper`` for Django."""
        if not many and EXPLAINED.match(sql) and _sizes(sql):
            plan = _plan(sql, params)
            in_batch = len(connection.savepoint_ids) > self.savepoints
            shape = json.dumps(_shape(plan))
            self.statements.setdefault((sql, shape, in_batch), Statement(sql, plan, in_batch))
        return execute(sql, params, many, context)

    @property
    def faults(self) -> list[str]:
        return [f"{fault}: {' '.join(one.sql.split())}" for one in self.statements.values() for fault in one.faults]


@contextmanager
def explained() -> Iterator[Plans]:
    """Explain every statement that is run in the block."""
    plans = Plans(savepoints=len(connection.savepoint_ids))
    with connection.execute_wrapper(plans.explain):
        yield plans


def explain(sql: str) -> Statement:
    """Explain one statement without parameters, and do not run it."""
    return Statement(sql, _plan(sql, None), in_batch=False)


def _sizes(sql: str) -> dict[str, float]:
    """Return the sizes of the tables that a statement names.

    Only of these: its plan has no others, and the planner has to reload a table after each change of its size.
    """
    return {name: float(rows) for name, rows in ROWS.items() if name in sql}


def _plan(sql: str, params: Any) -> dict[str, Any]:
    sizes = _sizes(sql)
    with connection.connection.cursor() as cursor:
        cursor.execute("SAVEPOINT plans")
        cursor.execute("SET LOCAL work_mem = '4MB'")
        cursor.execute(SAY_SIZES, [list(sizes), list(sizes.values())])
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        ((found,),) = cursor.fetchall()
        cursor.execute("ROLLBACK TO SAVEPOINT plans")
        cursor.execute("RELEASE SAVEPOINT plans")
    plan: dict[str, Any] = found[0]["Plan"]
    return plan


def _children(node: dict[str, Any]) -> list[dict[str, Any]]:
    children: list[dict[str, Any]] = node.get("Plans", [])
    return children


def _read_again_and_again(node: dict[str, Any]) -> Iterator[str]:
    """Yield the large tables that are read from end to end once for each row of another."""
    children = _children(node)
    if node["Node Type"] == "Nested Loop":
        yield from (f"a loop reads all of {one}" for one in _read_whole(children[1]))
    said = json.dumps({key: value for key, value in node.items() if key != "Plans"})
    for child in children:
        is_hashed = f"hashed {child.get('Subplan Name')}" in said
        if child.get("Parent Relationship") == "SubPlan" and not is_hashed:
            yield from (f"a sub-plan reads all of {one}" for one in _read_whole(child))
        yield from _read_again_and_again(child)


def _read_whole(node: dict[str, Any]) -> Iterator[str]:
    """Yield the large tables that a part of a plan reads from end to end each time it is run."""
    if node.get("Parent Relationship") == "InitPlan":  # once for the whole statement
        return
    if node["Node Type"] != "Bitmap Heap Scan" and node["Node Type"].endswith("Scan") and "Index Cond" not in node:
        name = node.get("Relation Name", "")
        if ROWS.get(name, 0) > SMALLEST:
            yield name
    for child in _children(node):
        yield from _read_whole(child)


def _shape(node: dict[str, Any]) -> list[Any]:
    return [node["Node Type"], node.get("Relation Name"), [_shape(child) for child in _children(node)]]
