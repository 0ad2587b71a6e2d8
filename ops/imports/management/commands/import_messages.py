"""``manage.py import_messages FILE``: import a file from the command line, by the same job as the screens."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from tqdm import tqdm

from ops.console.numbers import counted
from ops.files import private_files
from ops.files.uploads import SUFFIX
from ops.imports import options, steps, uploads
from ops.imports.checking.groups import Groups
from ops.imports.management.chosen_columns import refuse_columns
from ops.imports.models import Import
from ops.imports.pages import previews
from ops.jobs import starting
from ops.jobs.models import Job
from ops.jobs.run import JobFailed

CHUNK = 1 << 20  # bytes of the file copied at a time
POLL_EVERY = 0.5  # seconds between two queries of the job's progress


class Command(BaseCommand):
    help = (
        "Import messages from a file (CSV, JSON, JSON Lines, XLSX, XLS, XLSB or ODS) with the columns external_id, "
        "parent_external_id, sender, receiver, timestamp and content, and optionally edited, read, edited_at, "
        "hidden and redacted. All or nothing; importing the same file again changes nothing. If this process dies, a "
        "worker resumes the import."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--check", action="store_true", help="only report what would be imported")
        options.add_arguments(parser)

    def handle(self, *args: Any, **given: Any) -> None:
        self.verbosity: int = given["verbosity"]
        import_ = _uploaded(given["file"], given)
        try:
            job = self._run(import_, check_only=given["check"])
        except steps.NotNow as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            job = _job_or_stop(import_)
        except JobFailed as error:
            raise CommandError(f"{error} A worker continues once the database can be written to.") from error
        import_.refresh_from_db()
        self._conclude(import_, job, check_only=given["check"])

    def _run(self, import_: Import, *, check_only: bool) -> Job:
        begin = steps.check if check_only else steps.store
        job = begin(import_, by=None, kick=False)
        with self._bar(job, "Checking" if check_only else "Importing"):
            return starting.run_now(job)

    @contextmanager
    def _bar(self, job: Job, description: str) -> Iterator[None]:
        """Show the progress of the job as a bar, on terminals only."""
        if self.verbosity == 0 or not sys.stderr.isatty():
            yield
            return
        over = threading.Event()
        with tqdm(desc=description, unit=" messages", unit_scale=True, file=sys.stderr) as bar:
            watcher = threading.Thread(target=_watch, args=(job, bar, over), daemon=True)
            watcher.start()
            try:
                yield
            finally:
                over.set()
                watcher.join()

    def _conclude(self, import_: Import, job: Job, *, check_only: bool) -> None:
        if job.state == Job.State.RUNNING:
            raise CommandError(f"{job.error} A worker rolls back what was stored.")
        if job.state != Job.State.FINISHED:
            _delete(import_)
            raise CommandError(f"Nothing was imported. {job.error}".strip())
        if import_.understood.get("description"):
            self._print(f"{import_.file_name}: {import_.understood['description']}.")
        stored = import_.state == Import.State.STORED
        if not stored and not import_.understood.get("format"):
            problem = next(previews.load_problems(import_))
            self._print_suggestions(import_)
            _delete(import_)
            raise CommandError(f"Nothing was imported: {problem.message}")
        self._print_problems(import_)
        self._print_suggestions(import_)
        if stored:
            private_files.delete_all(import_.upload, keep=[previews.REJECTED])
            self._print_stored(import_)
            return
        counts = import_.counts
        _delete(import_)
        if not check_only or counts["errors"]:
            remedy = "Correct the file and import it again."
            raise CommandError(f"Nothing was imported: {counted(counts['errors'], 'problem')}. {remedy}")
        self._print(
            f"Nothing was imported yet: {counted(counts['new'], 'new message')}, {counts['changed']:,} changed, "
            f"{counts['unchanged']:,} already stored, {counts['repeated']:,} repeated in the file."
        )

    def _print_problems(self, import_: Import) -> None:
        """Show the problems by kind, the worst first: the first of each kind, or all of them with --verbosity 2."""
        if self.verbosity > 1:
            for problem in previews.load_problems(import_):
                self._complain(problem.level, str(problem))
            return
        groups = Groups()
        for problem in previews.load_problems(import_):
            groups.add(problem)
        for group in groups.worst_first():
            if group.level != "error" and not self.verbosity:
                continue
            for problem in group.first:
                self._complain(group.level, str(problem))
            if more := group.count - len(group.first):
                self._complain(group.level, f"… and {more:,} more like these, shown with --verbosity 2.")

    def _complain(self, level: str, sentence: str) -> None:
        self.stderr.write(sentence, self.style.ERROR if level == "error" else self.style.WARNING)

    def _print_suggestions(self, import_: Import) -> None:
        """Show the suggestions that would cure problems, each with the argument that takes it."""
        for suggestion in (previews.load(import_) or {}).get("suggestions", []):
            self.stderr.write(f"{suggestion['sentence']} {suggestion['button']}: {options.as_argument(suggestion)}")

    def _print_stored(self, import_: Import) -> None:
        counts, outcome = import_.counts, import_.outcome
        changed = f"{counted(outcome['changed'], 'text')} changed; " if outcome["changed"] else ""
        self._print(
            f"Imported {counted(outcome['messages'], 'message')} ({outcome['replies']:,} of them replies) in "
            f"{counted(outcome['conversations'], 'new conversation')}; {counted(outcome['users'], 'user')} created; "
            f"{changed}{counts['unchanged']:,} already stored, {counts['repeated']:,} repeated in the file."
        )
        if outcome["rejected"]:
            rejected = previews.path_of(import_, previews.REJECTED)
            self._print(
                f"{counted(outcome['rejected'], 'row')} left out: correct and import {rejected}, kept for a day."
            )
        if outcome["messages"] or outcome["changed"]:
            self._print(f"Batch {import_.pk}: manage.py undo_import {import_.pk} undoes it.")

    def _print(self, sentence: str) -> None:
        if self.verbosity:
            self.stdout.write(sentence)


def _job_or_stop(import_: Import) -> Job:
    """Return the job if it had finished when Ctrl-C was pressed; else raise CommandError.

    The file is kept if a worker still needs it to roll back what was stored.
    """
    import_.refresh_from_db()
    job = import_.job
    if job is not None and job.state == Job.State.FINISHED:
        return job
    if job is not None and job.ended_at is None:
        raise CommandError("Stopped: a worker rolls back what was stored.")
    _delete(import_)
    raise CommandError("Stopped: nothing was imported.")


def _uploaded(path: Path, given: dict[str, Any]) -> Import:
    """Create an import with a copy of the file. Raises CommandError."""
    for _, problem in options.problems_of(given):
        raise CommandError(problem)
    refuse_columns(given.get("columns") or [])
    reading, choices = options.chosen(given)
    try:
        with path.open("rb") as file:
            chunks = iter(lambda: file.read(CHUNK), b"")
            name, size, digest = private_files.save(chunks, SUFFIX, sys.maxsize)
    except FileNotFoundError as error:
        raise CommandError(f"There is no file {path}: check the name.") from error
    except IsADirectoryError as error:
        raise CommandError(f"{path} is a folder: name a file in it.") from error
    except OSError as error:
        raise CommandError(f"Cannot read or copy {path}: {error.strerror}.") from error
    return Import.objects.create(
        file_name=uploads.shown_name(path.name),
        size=size,
        digest=digest,
        upload=name,
        reading=reading.as_json(),
        choices=choices.as_json(),
    )


def _delete(import_: Import) -> None:
    """Delete the file, and the import unless something of it is still stored."""
    private_files.delete_all(import_.upload)
    if not import_.outcome.get("kept"):
        import_.delete()


def _watch(job: Job, bar: Any, over: threading.Event) -> None:
    """Update the bar until ``over`` is set; runs in a thread, with a connection of its own."""
    while not over.wait(POLL_EVERY):
        now = Job.objects.filter(pk=job.pk).values_list("done", "total").first()
        if now:
            bar.total = now[1]
            bar.update(now[0] - bar.n)
    connection.close()
