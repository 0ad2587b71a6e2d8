"""``manage.py work``: does jobs (imports, exports) beside the web server, until it is told to end."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ops.jobs.supervision import Supervisor
from ops.jobs.workers import work


class Command(BaseCommand):
    help = "Does jobs (imports, exports) until it is told to end. Takes up what dead workers left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--processes",
            type=at_least_one,
            default=2,
            help="how many jobs are done at once (2)",
        )
        parser.add_argument("--for", type=int, dest="parent", metavar="PID", help="be one worker of this supervisor")

    def handle(self, *, processes: int, parent: int | None, **options: Any) -> None:
        if parent is not None:
            work(parent)
        else:
            Supervisor(processes).run()


def at_least_one(text: str) -> int:
    """A number of processes. Raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a number of processes: 1 or more.")
    return int(text)
