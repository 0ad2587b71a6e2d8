"""``manage.py import_messages``: imports as people see them at the command line."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from messaging.models import Conversation, Message, Notification
from ops.files import private_files
from ops.imports.checking.rows import FLAG_COLUMNS
from ops.imports.columns import COLUMNS
from ops.imports.management.commands import import_messages
from ops.imports.models import Import
from ops.imports.options import BY_NAME
from ops.imports.storing import plan
from ops.imports.tests.files import TIME, as_csv, row
from ops.imports.tests.importing import do
from ops.jobs import pacing
from ops.jobs.models import Job
from ops.jobs.run import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]


class Command:
    """One run of the command on a file: its output, and why it refused, if it did."""

    def __init__(self, path: Path, *arguments: str, **options: Any) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.refused = ""
        try:
            call_command("import_messages", str(path), *arguments, stdout=out, stderr=err, **options)
        except CommandError as error:
            self.refused = str(error)
        self.out, self.err = out.getvalue().splitlines(), err.getvalue().splitlines()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "messages.csv"


def test_the_help_names_every_column() -> None:
    assert set(COLUMNS) <= set(re.findall(r"\w+", import_messages.Command.help))
    for name in ("yes", "no"):
        assert set(FLAG_COLUMNS) <= set(re.findall(r"\w+", str(BY_NAME[name].help)))


def test_the_command_prints_how_it_read_the_file_and_the_counts(path: Path, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(row("1"), row("2", "1"), row("2", "1"), row("3", sender="carol")))
    run = Command(path, create_users=True)
    batch = Import.objects.get().pk
    assert run.out == [
        "messages.csv: read as UTF-8, separated by commas.",
        "Imported 3 messages (1 of them replies) in 2 new conversations; 1 user created; 0 already stored, 1 repeated "
        "in the file.",
        f"Batch {batch}: manage.py undo_import {batch} undoes it.",
    ]
    assert (run.err, run.refused) == (["row 4 repeats row 3; skipped"], "")
    again = Command(path)
    assert again.out[1].startswith("Imported 0 messages (0 of them replies) in 0 new conversations; 0 users created; 3")


def test_notifications_are_created_on_demand_only(path: Path, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(row("1")))
    Command(path)
    assert Notification.objects.count() == 0
    path.write_bytes(as_csv(row("1"), row("2")))
    Command(path, notify=True)
    assert Notification.objects.get().message.external_id == "2"


def test_a_refused_file_has_every_problem_named_and_counted(path: Path, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(row("1", content=""), row("2", sender="nobody")))
    run = Command(path)
    assert run.err == [
        "row 2, content: the text is empty: give it one, or remove the row.",
        "row 3, sender: no user 'nobody': correct the name, or choose to create missing users.",
    ]
    assert run.refused == "Nothing was imported: 2 problems. Correct the file and import it again."
    assert not Message.objects.exists()


def test_many_notices_are_summed_up(path: Path, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(*(row(str(number), timestamp="2026-01-05 10:00") for number in range(30))))
    run = Command(path)
    assert (len(run.err), run.err[-1]) == (6, "… and 25 more like these, shown with --verbosity 2.")
    assert len(Command(path, verbosity=2).err) == 30
    quiet = Command(path, verbosity=0)
    assert (quiet.out, quiet.err) == ([], [])


def test_a_file_that_cannot_be_opened_is_refused_with_a_reason(path: Path, tmp_path: Path) -> None:
    assert Command(path).refused == f"There is no file {path}: check the name."
    assert Command(tmp_path).refused == f"{tmp_path} is a folder: name a file in it."
    path.write_bytes(b"")
    assert Command(path).refused == "Nothing was imported: the file is empty."


@pytest.mark.parametrize(
    "name", ["messages.csv~", "messages.of-the-old-system-2026_01_05", "Daten.ÄÖÜ", "caf\udce9.csv"]
)
def test_a_file_may_be_called_anything(tmp_path: Path, alice: Any, bob: Any, name: str) -> None:
    """The last one is how Python represents a name in Latin-1 on Linux."""
    path = tmp_path / name
    path.write_bytes(as_csv(row("1")))
    assert Command(path).refused == ""
    assert Import.objects.get().file_name == name.replace("\udce9", "")


@pytest.mark.parametrize("name", ["Mars/Phobos", "../../etc/passwd", ""])
def test_an_unknown_time_zone_is_refused_with_a_reason(path: Path, name: str) -> None:
    path.write_bytes(as_csv(row("1")))
    assert Command(path, time_zone=name).refused == (
        f"“{name}” is no time zone: name one of the IANA list, such as Europe/Berlin."
    )
    assert not Import.objects.exists()


def test_a_file_that_cannot_be_read_to_its_end_is_refused(path: Path, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(row("1")) + b'2,,alice,bob,2026-01-05T10:00:00Z,"never closed\n')
    run = Command(path)
    assert run.err == ["the quote opened in row 3 is never closed: close it, or remove it."]
    assert run.refused == "Nothing was imported: 1 problem. Correct the file and import it again."
    assert not Message.objects.exists()


def test_a_check_prints_the_counts_and_stores_nothing(path: Path, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(row("1"), row("2", "1"), row("2", "1")))
    run = Command(path, check=True)
    assert (
        run.out[1] == "Nothing was imported yet: 2 new messages, 0 changed, 0 already stored, 1 repeated in the file."
    )
    path.write_bytes(as_csv(row("1", sender="nobody")))
    assert Command(path, check=True).refused == (
        "Nothing was imported: 1 problem. Correct the file and import it again."
    )
    assert not (Message.objects.exists() or Import.objects.exists())


def test_choices_are_options(path: Path, alice: Any, bob: Any) -> None:
    """Rows that are left out are written to a file, the only one that is kept."""
    path.write_bytes(as_csv(row("1", timestamp="2026-07-05 10:00"), row("2", "9"), row("3", content="")))
    options = {"only_valid": True, "start_conversations": True, "time_zone": "Europe/Berlin"}
    run = Command(path, **options)
    assert run.refused == ""
    import_ = Import.objects.get()
    rejected = private_files.path(private_files.beside(import_.upload, "rejected.csv"))
    assert run.out[-2] == f"1 row left out: correct and import {rejected}, kept for a day."
    assert list(rejected.parent.iterdir()) == [rejected]
    assert Message.objects.get(external_id="1").timestamp.hour == 8
    path.write_bytes(as_csv(row("2", "9", content="new")))
    assert (
        Command(path, existing="edit", start_conversations=True)
        .out[-2]
        .endswith("1 text changed; 0 already stored, 0 repeated in the file.")
    )


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets the batches (from 1) to interrupt with Ctrl-C, right after each; two rows a batch."""
    monkeypatch.setattr(plan, "PIECE", 2)
    monkeypatch.setattr(pacing, "BATCH_SECONDS", 0)
    whole, done = Run.batch, 0

    def after(*numbers: int) -> None:
        @contextmanager
        def batch(self: Run) -> Iterator[None]:
            nonlocal done
            with whole(self):
                yield
            done += 1
            if done in numbers:
                raise KeyboardInterrupt

        monkeypatch.setattr(Run, "batch", batch)

    return after


def test_ctrl_c_removes_the_stored_messages(path: Path, interrupted: Any, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(*(row(str(number)) for number in range(8))))
    interrupted(3)
    assert Command(path).refused == "Stopped: nothing was imported."
    assert not (Message.objects.exists() or Import.objects.exists())


def test_a_second_ctrl_c_leaves_that_to_a_worker(path: Path, interrupted: Any, alice: Any, bob: Any) -> None:
    """Some rows are still stored then, but a worker has all it needs to take them back."""
    path.write_bytes(as_csv(*(row(str(number)) for number in range(8))))
    # Checked, 2 and 2 rows stored; 2 removed.
    interrupted(3, 4)
    assert Command(path).refused == "Stopped: a worker rolls back what was stored."
    job, import_ = do(Job.objects.get()), Import.objects.get()
    assert (job.state, import_.state) == (Job.State.CANCELLED, Import.State.TAKEN_BACK)
    assert not (Message.objects.exists() or Conversation.objects.exists())


def test_ctrl_c_after_the_last_batch_stops_nothing(path: Path, interrupted: Any, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(row("1")))
    # Checked, stored, concluded.
    interrupted(3)
    run = Command(path)
    assert run.refused == ""
    assert run.out[1].startswith("Imported 1 message ")
    assert (Message.objects.count(), Import.objects.get().state) == (1, Import.State.STORED)


def test_a_refused_or_finished_import_leaves_no_file(path: Path, folder: Path, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(row("1")))
    Command(path)
    path.write_bytes(as_csv(row("2", sender="nobody")))
    Command(path)
    assert list(folder.iterdir()) == []
    assert Import.objects.count() == 1


def test_the_command_suggests_a_person_and_accepts_the_option(path: Path, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(row("1", sender="Alice")))
    run = Command(path)
    question = "Did you mean 'alice'? 'Alice' in the file differs only in capital letters. It is the same person: "
    assert run.err[-1] == f"{question}--person Alice=alice"
    call_command("import_messages", str(path), "--person", "Alice=alice", stdout=io.StringIO())
    assert Message.objects.get().sender == alice


def test_hundreds_of_problems_of_one_kind_are_a_few_lines(path: Path, alice: Any, bob: Any) -> None:
    path.write_bytes(as_csv(*(row(str(number), f"gone-{number}") for number in range(300)), row("last", content="")))
    run = Command(path)
    assert len(run.err) == 7
    assert run.err[5:] == [
        "… and 295 more like these, shown with --verbosity 2.",
        "row 302, content: the text is empty: give it one, or remove the row.",
    ]
    assert len(Command(path, verbosity=2).err) == 301


def test_columns_are_named_in_the_command(path: Path, alice: Any, bob: Any) -> None:
    path.write_text(f"Nr;Von;An;Wann;Worte;\n7;alice;bob;{TIME};hello;\n")
    run = Command(path)
    assert run.refused.startswith(
        "Nothing was imported: the columns of the header do not fit; unknown: Nr, Von, An, Wann"
    )
    columns = [
        "sender=Von",
        "receiver=an",
        "timestamp=column 4",
        "content=Worte",
        "external_id=Nr",
        "parent_external_id=",
    ]
    assert Command(path, *(f"--column={one}" for one in columns)).refused == ""
    assert Message.objects.values_list("external_id", "content").get() == ("7", "hello")


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (
            "mood=Mood",
            "--column mood=Mood: there is no such column; write one of external_id, parent_external_id, sender,",
        ),
        ("sender=", "--column sender=: every file needs sender; name the header that holds it."),
    ],
)
def test_a_column_that_cannot_be_is_refused_at_once(path: Path, column: str, why: str) -> None:
    path.write_bytes(as_csv(row()))
    assert Command(path, "--column", column).refused.startswith(why)


def test_the_command_prints_the_options_that_would_help_and_takes_them(path: Path, alice: Any, bob: Any) -> None:
    path.write_text(f"Message ID,Reply To,From,To,Date,Message\n7,,alice,bob,{TIME},hello\n")
    run = Command(path)
    printed = run.err[-1].partition("Take these columns: ")[2]
    call_command("import_messages", str(path), *shlex.split(printed), verbosity=0)
    assert Message.objects.get().content == "hello"


def test_the_row_of_the_header_is_a_number(path: Path) -> None:
    path.write_bytes(as_csv(row()))
    with pytest.raises(CommandError, match="“x” is no whole number from 0 on"):
        call_command("import_messages", str(path), "--header-row", "x")
