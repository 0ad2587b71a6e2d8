"""``manage.py import_messages FILE.csv``: the import from the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from ops.transfers.csv_files import CsvFile
from ops.transfers.imports import ImportResult, import_messages
from ops.transfers.problems import ImportStopped, Problem, Unreadable
from ops.transfers.rows import SourceRow

SHOWN_NOTICES = 20  # warnings and notices; errors are all shown
ROWS_BETWEEN_UPDATES = 1_000


class Command(BaseCommand):
    help = (
        "Import messages from a CSV file with the columns external_id, parent_external_id, sender, receiver, timestamp "
        "and content. All or nothing; importing the same file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.csv", type=Path)
        parser.add_argument(
            "--create-users",
            action="store_true",
            help="create senders and receivers who have no account: inactive, without a password",
        )
        parser.add_argument("--notify", action="store_true", help="create a notification for each message's receiver")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        self.verbosity: int = options["verbosity"]
        self.notices = 0
        try:
            with ExitStack() as opened:
                csv_file = _open(path, opened)
                self._say(f"{path.name}: {csv_file.description}.")
                result = self._import(csv_file, path.stat().st_size, options)
        except Unreadable as error:
            raise CommandError(f"Nothing was imported: {error}") from error
        except ImportStopped as error:
            raise CommandError(f"Nothing was imported. {error}") from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped: nothing was imported.") from error
        self._conclude(result)

    def _import(self, csv_file: CsvFile, size: int, options: dict[str, Any]) -> ImportResult:
        with self._bar("Reading", size, "B") as reading, self._bar("Storing", None, " messages") as storing:

            def progress(stored: int, messages: int) -> None:
                storing.total = messages
                storing.update(stored - storing.n)

            return import_messages(
                _shown(csv_file, reading),
                report=self._report,
                create_users=options["create_users"],
                notify=options["notify"],
                progress=progress,
            )

    def _bar(self, description: str, total: int | None, unit: str) -> Any:
        """A progress bar, on terminals only."""
        hidden = True if self.verbosity == 0 else None
        return tqdm(desc=description, total=total, unit=unit, unit_scale=True, disable=hidden, file=sys.stderr)

    def _report(self, problem: Problem) -> None:
        """Show every error, and the first of the lesser problems (all of them with --verbosity 2)."""
        if problem.level != "error":
            self.notices += 1
            if self.verbosity == 0 or (self.notices > SHOWN_NOTICES and self.verbosity < 2):
                return
        style = self.style.ERROR if problem.level == "error" else self.style.WARNING
        with tqdm.external_write_mode(file=sys.stderr):
            self.stderr.write(str(problem), style)

    def _conclude(self, result: ImportResult) -> None:
        hidden = self.notices - SHOWN_NOTICES
        if hidden > 0 and self.verbosity == 1:
            self._say(f"… and {_count(hidden, 'more notice')}, shown with --verbosity 2.")
        if result.refused:
            raise CommandError(
                f"Nothing was imported: {_count(result.errors, 'problem')}. Correct the file and import it again."
            )
        stored = result.stored
        self._say(
            f"Imported {_count(stored.messages, 'message')} ({stored.replies:,} of them replies) in "
            f"{_count(stored.conversations, 'new conversation')}; {_count(stored.users, 'user')} created; "
            f"{result.unchanged:,} already stored, {result.repeated:,} repeated in the file."
        )

    def _say(self, sentence: str) -> None:
        if self.verbosity:
            self.stdout.write(sentence)


def _open(path: Path, opened: ExitStack) -> CsvFile:
    """The file, to be closed with ``opened``. Raises CommandError in words, or Unreadable."""
    try:
        return CsvFile(opened.enter_context(path.open("rb")))
    except FileNotFoundError as error:
        raise CommandError(f"There is no file {path}: check the name.") from error
    except IsADirectoryError as error:
        raise CommandError(f"{path} is a folder: name a CSV file in it.") from error
    except OSError as error:
        raise CommandError(f"Cannot read {path}: {error.strerror}.") from error


def _shown(csv_file: CsvFile, reading: Any) -> Iterator[SourceRow]:
    """The rows, moving the bar by the bytes that were taken."""
    for count, row in enumerate(csv_file):
        if count % ROWS_BETWEEN_UPDATES == 0:
            reading.update(csv_file.position() - reading.n)
        yield row
    reading.update(csv_file.position() - reading.n)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
