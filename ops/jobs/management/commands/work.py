"""``manage.py work``: runs jobs (imports, exports) beside the web server until it is stopped."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ops.jobs.worker.queues import work
from ops.jobs.worker.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run jobs (imports, exports) until stopped, and resume those whose worker died."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--processes",
            type=at_least_one,
            default=2,
            help="how many jobs run at once (2)",
        )
        parser.add_argument(
            "--for", type=int, dest="parent", metavar="PID", help="run as one worker of this supervisor"
        )

    def handle(self, *, processes: int, parent: int | None, **options: Any) -> None:
        if parent is not None:
            work(parent)
        else:
            Supervisor(processes).run()


def at_least_one(text: str) -> int:
    """Return a number of processes. Raises ArgumentTypeError for anything else."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a number of processes: 1 or more.")
    return int(text)
