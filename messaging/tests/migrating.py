"""Takes back migrations of messaging and applies them again."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def back_and_forth(to: str) -> None:
    """Take back what came after this migration of messaging, and apply it again.

    On SQLite triggers of the console name messages. The command takes them away first, with the console's tables.
    """
    if connection.vendor == "sqlite":
        try:
            call_command("migrate", "messaging", to, verbosity=0)
        finally:
            call_command("migrate", verbosity=0)
        return
    try:
        OfMessaging(connection).migrate([("messaging", to)])
    finally:
        executor = OfMessaging(connection)
        executor.migrate(executor.loader.graph.leaf_nodes("messaging"))


class OfMessaging(MigrationExecutor):
    """Leaves the tables of other apps as they are: Django makes all their models anew at each step that it knows of,
    which takes nine tenths of the time."""

    def migration_plan(self, targets: Any, clean_start: bool = False) -> Any:
        graph = self.loader.graph
        needed = {key for leaf in graph.leaf_nodes("messaging") for key in graph.forwards_plan(leaf)}
        plan = super().migration_plan(targets, clean_start)
        return [step for step in plan if (step[0].app_label, step[0].name) in needed]
