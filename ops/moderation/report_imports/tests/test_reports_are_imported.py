"""Importing a file of reports: errors are named, cases follow, the same file adds nothing twice, and undo works."""

from __future__ import annotations

import csv
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.tests.examples import examples
from ops.audit.models import Entry
from ops.imports import own_ids
from ops.moderation import flagging
from ops.moderation.models import Case, CasePerson, Flag, FlagImport, Label, Outcome, Severity, Source, State
from ops.moderation.refusals import FlagRefused
from ops.moderation.report_imports import storing
from ops.moderation.report_imports.checking import Checked, check_file
from ops.moderation.tests.desk import decided, lena, reported, spam, threat

__all__ = ["lena", "reported", "spam", "threat"]

LONG_AGO = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.fixture
def messages(alice: Any, bob: Any) -> list[Message]:
    """Two messages of one conversation, m1 and m2, and m3 of another."""
    first = write(alice, bob, "one", external_id="m1")
    return [first, answer(first, "two", external_id="m2"), write(alice, bob, "three", external_id="m3")]


def written(path: Path, *rows: dict[str, Any]) -> Path:
    """Write a CSV file of these rows, completed with usual values."""
    file = path / "flags.csv"
    usual = {"external_id": "", "message": "m1", "label": "spam"}
    full = [{**usual, **row} for row in rows]
    names = list(dict.fromkeys(name for row in full for name in row))
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, names)
        writer.writeheader()
        writer.writerows(full)
    return file


def check(file: Path) -> Checked:
    return check_file(file, now=timezone.now(), using=DEFAULT_DB_ALIAS)


def problems_of(file: Path) -> list[str]:
    return [str(problem) for problem in check(file).problems]


def import_reports(file: Path) -> FlagImport:
    found = check(file)
    assert not found.errors, [str(one) for one in found.problems]
    return storing.store(found.ready, by=None, known=found.known)


class TestRefusals:
    def test_each_problem_names_row_column_reason_and_remedy(
        self, messages: list[Message], spam: Label, tmp_path: Path
    ) -> None:
        file = written(
            tmp_path,
            {"external_id": "", "message": "", "label": "", "note": "n"},
            {"external_id": "x" * 256, "note": "n" * 1_001},
            {"external_id": "c", "message": "none", "label": "spamm", "reporter": "nobody"},
            {"external_id": "d", "created_at": "soon", "revision": "0", "outcome": "maybe"},
            {"external_id": "e", "created_at": "2999-01-01T00:00:00Z"},
            {"external_id": "f", "settled_at": "2026-01-01T00:00:00Z"},
            {"external_id": "f", "created_at": "2026-02-01T00:00:00Z", "outcome": "upheld",
             "settled_at": "2026-01-01T00:00:00Z"},
        )  # fmt: skip
        assert problems_of(file) == [
            "row 2, external_id: the external ID is empty: give each report one, by which it is known when it comes "
            "again.",
            "row 2, message: the message is empty: give the external ID of the reported message.",
            "row 2, label: the label is empty: give the slug of a label.",
            "row 3, external_id: the external ID has 256 characters: shorten it to 255.",
            "row 3, note: the note has 1,001 characters: shorten it to 1,000.",
            "row 4, message: no stored message has the external ID none: import the messages first.",
            "row 4, label: there is no label spamm. There are: spam. Use one of them, or add it under "
            "Settings › Labels.",
            "row 4, reporter: there is no account nobody: correct the name, or leave it empty.",
            "row 5, revision: this is no number of a text: write 1 for the first text of the message, or leave it "
            "empty.",
            "row 5, outcome: maybe is no outcome: write one of waiting, upheld, dismissed, withdrawn, or leave it "
            "empty.",
            "row 5, created_at: this is not a date and time: write it like 2026-01-05T10:00:00+00:00.",
            "row 6, created_at: the time lies in the future: correct it, or leave it empty.",
            "row 7, settled_at: a report that waits has no time at which it was settled: leave it empty.",
            "row 8, external_id: row 7 has this external ID too: give each report its own.",
            "row 8, settled_at: the report was settled before it was made: correct settled_at or created_at.",
        ]

    def test_a_header_without_the_required_columns_is_refused(self, tmp_path: Path, db: Any) -> None:
        file = tmp_path / "flags.csv"
        file.write_text("id,text\n1,2\n")
        (problem,) = problems_of(file)
        assert "external_id, message, label" in problem

    def test_a_second_report_of_a_text_by_one_person_is_refused(
        self, messages: list[Message], spam: Label, tmp_path: Path, bob: Any
    ) -> None:
        flagging.flag(messages[2], label=spam, by=bob, source=Source.PARTICIPANT)
        again = "bob has reported this text of the message already: remove the row."
        file = written(
            tmp_path,
            {"external_id": "a", "reporter": "bob"},
            {"external_id": "b", "reporter": "bob"},
            {"external_id": "c", "reporter": "bob", "message": "m3"},
            {"external_id": "d"},
            {"external_id": "e"},
        )
        assert problems_of(file) == [f"row 3, reporter: {again}", f"row 4, reporter: {again}"]

    def test_a_file_with_a_problem_stores_nothing(self, messages: list[Message], spam: Label, tmp_path: Path) -> None:
        file = written(tmp_path, {"external_id": "a"}, {"external_id": "b", "label": "none"})
        with pytest.raises(CommandError, match="Nothing was imported: 1 problem"):
            call_command("import_flags", file, verbosity=0)
        assert not Flag.objects.exists() and not FlagImport.objects.exists()

    def test_a_message_deleted_after_the_check_stops_the_import(
        self, messages: list[Message], spam: Label, tmp_path: Path
    ) -> None:
        found = check(written(tmp_path, {"external_id": "a", "message": "m3"}))
        messages[2].delete()
        with pytest.raises(FlagRefused, match="import it again"):
            storing.store(found.ready, by=None)
        assert not FlagImport.objects.exists()


class TestStoring:
    def test_a_report_is_pinned_ranked_by_its_time_and_in_a_case_of_its_conversation(
        self, messages: list[Message], spam: Label, threat: Label, tmp_path: Path, bob: Any, alice: Any
    ) -> None:
        later = LONG_AGO + timedelta(hours=1)
        import_reports(
            written(
                tmp_path,
                {"external_id": "a", "reporter": "bob", "note": " n ", "created_at": later.isoformat()},
                {"external_id": "b", "message": "m2", "label": "threat", "created_at": LONG_AGO.isoformat()},
                {"external_id": "c", "message": "m3", "created_at": LONG_AGO.isoformat()},
            )
        )
        first, second, third = Flag.objects.order_by("external_id")
        assert (first.reporter, first.note, first.source, first.revision) == (bob, "n", Source.IMPORT, 1)
        assert (first.created_at, first.outcome) == (later, Outcome.WAITING)
        assert first.case == second.case != third.case
        case = first.case
        assert (case.state, case.severity, case.pending_since) == (State.OPEN, Severity.THREAT, LONG_AGO)
        assert case.due_at == LONG_AGO + timedelta(hours=1)
        assert case.rank_at <= case.due_at
        assert set(CasePerson.objects.filter(case=case).values_list("user", flat=True)) == {alice.pk, bob.pk}

    def test_imported_reports_rank_like_reports_made_here(
        self, messages: list[Message], spam: Label, threat: Label, tmp_path: Path, bob: Any, alice: Any, charlie: Any
    ) -> None:
        times = [LONG_AGO + timedelta(minutes=number) for number in range(3)]
        made = [(alice, threat), (bob, spam), (charlie, threat)]
        for (by, label), at in zip(made, times, strict=True):
            flagging.flag(messages[2], label=label, by=by, source=Source.PARTICIPANT, at=at)
        rows = [
            {"external_id": by.username, "reporter": by.username, "label": label.slug, "created_at": at.isoformat()}
            for (by, label), at in zip(made, times, strict=True)
        ]
        import_reports(written(tmp_path, *rows))
        here, brought = Case.objects.order_by("pk")
        for name in ("severity", "due_at", "rank_at", "pending_since", "first_flag_at", "state"):
            assert getattr(brought, name) == getattr(here, name), name

    def test_an_imported_report_joins_and_reopens_the_waiting_case(
        self, messages: list[Message], spam: Label, tmp_path: Path, reported: Any
    ) -> None:
        case = reported(spam, message=messages[0]).case
        Case.objects.update(state=State.WAITING, waiting_from=timezone.now(), waits_for_reply=True)
        import_reports(written(tmp_path, {"external_id": "a", "message": "m2"}))
        before, case = case.version, Case.objects.get()
        assert (case.state, case.version, case.waiting_from, case.waits_for_reply) == (
            State.OPEN, before + 1, None, False,
        )  # fmt: skip

    def test_a_case_closed_lately_is_open_again_and_one_closed_long_ago_is_not(
        self, messages: list[Message], spam: Label, tmp_path: Path, lena: Any, reported: Any
    ) -> None:
        cases = [reported(spam, message=messages[place]).case for place in (0, 2)]
        for case in cases:
            decided(case, lena, spam)
        Case.objects.filter(pk=cases[1].pk).update(closed_at=timezone.now() - timedelta(days=31))
        import_reports(written(tmp_path, {"external_id": "a"}, {"external_id": "b", "message": "m3"}))
        states = [(case.pk == one.pk, one.state) for case in cases for one in Case.objects.filter(
            conversation=case.conversation_id).order_by("pk")]  # fmt: skip
        assert states == [(True, State.OPEN), (True, State.CLOSED), (False, State.OPEN)]

    def test_a_report_settled_elsewhere_creates_a_closed_case(
        self, messages: list[Message], spam: Label, tmp_path: Path
    ) -> None:
        settled = LONG_AGO + timedelta(days=1)
        times = {"created_at": LONG_AGO.isoformat(), "settled_at": settled.isoformat()}
        import_reports(written(tmp_path, {"external_id": "a", "outcome": "dismissed", **times}))
        flag = Flag.objects.get()
        assert (flag.outcome, flag.settled_at, flag.case.state, flag.case.closed_at) == (
            Outcome.DISMISSED, settled, State.CLOSED, settled,
        )  # fmt: skip

    def test_an_unknown_revision_is_imported_as_the_latest_with_a_notice(
        self, messages: list[Message], spam: Label, tmp_path: Path
    ) -> None:
        messages[0].content = "changed"
        messages[0].save()
        file = written(tmp_path, {"external_id": "a", "revision": 1}, {"external_id": "b", "revision": 7})
        assert problems_of(file) == [
            "row 3, revision: text 7 of the message is not stored here: taken as its latest, 2."
        ]
        import_reports(file)
        assert list(Flag.objects.order_by("external_id").values_list("revision", flat=True)) == [1, 2]

    def test_importing_the_same_file_again_adds_nothing(
        self, messages: list[Message], spam: Label, tmp_path: Path
    ) -> None:
        file = written(tmp_path, {"external_id": "a"}, {"external_id": "b", "message": "m3", "reporter": "bob"})
        assert import_reports(file).counts == {"flags": 2, "known": 0, "cases": 2}
        before = list(Case.objects.values()), list(Flag.objects.values())
        assert import_reports(file).counts == {"flags": 0, "known": 2, "cases": 0}
        assert (list(Case.objects.values()), list(Flag.objects.values())) == before

    def test_reports_that_an_export_of_this_database_named_are_known(
        self, messages: list[Message], spam: Label, tmp_path: Path, reported: Any
    ) -> None:
        flag = reported(spam, message=messages[0])
        own = f"{own_ids.prefix()}{own_ids.FLAG}{flag.pk}"
        gone = f"{own_ids.prefix()}{own_ids.FLAG}{flag.pk + 1}"
        assert import_reports(written(tmp_path, {"external_id": own}, {"external_id": gone})).counts["known"] == 1

    def test_twice_the_reports_take_the_same_queries(
        self, messages: list[Message], spam: Label, tmp_path: Path, alice: Any, bob: Any, django_assert_num_queries: Any
    ) -> None:
        def queries(number: int) -> int:
            for place in range(number):
                write(alice, bob, "more", external_id=f"{number}-{place}", minute=place)
            rows = [{"external_id": f"{number}-{place}", "message": f"{number}-{place}"} for place in range(number)]
            found = check(written(tmp_path, *rows))
            with django_assert_num_queries(QUERIES):
                storing.store(found.ready, by=None)
            return number

        queries(20)
        queries(40)

    def test_guards_of_our_files_are_taken_off(self, messages: list[Message], spam: Label, tmp_path: Path) -> None:
        file = written(tmp_path, {"external_id": "a", "note": "'=1+1", "'threadward'": "", "case": "7"})
        import_reports(file)
        assert Flag.objects.get().note == "=1+1"

    def test_json_is_read_too(self, messages: list[Message], spam: Label, tmp_path: Path) -> None:
        file = tmp_path / "flags.jsonl"
        row = {"external_id": "a", "message": "m1", "label": "spam", "note": "=1+1", "settled_at": None, "revision": 1}
        file.write_text(f"{json.dumps(row)}\n")
        import_reports(file)
        assert Flag.objects.get().note == "=1+1"


QUERIES = 13


class TestUndo:
    def test_undoing_removes_the_imported_reports_and_cases_without_others(
        self, messages: list[Message], spam: Label, tmp_path: Path, reported: Any
    ) -> None:
        own = reported(spam, message=messages[2])
        before = Case.objects.get()
        batch = import_reports(
            written(tmp_path, {"external_id": "a"}, {"external_id": "b", "message": "m3", "label": "spam"})
        )
        assert storing.undo(batch.pk, by=None) == {"flags": 2, "cases": 1, "kept": 0}
        assert list(Flag.objects.all()) == [own]
        case = Case.objects.get()
        assert (case.pk, case.state, case.rank_at) == (before.pk, before.state, before.rank_at)
        with pytest.raises(FlagRefused, match="already"):
            storing.undo(batch.pk, by=None)

    def test_undoing_keeps_reports_decided_since(
        self, messages: list[Message], spam: Label, tmp_path: Path, lena: Any
    ) -> None:
        batch = import_reports(written(tmp_path, {"external_id": "a"}, {"external_id": "b", "message": "m3"}))
        decided(Flag.objects.get(external_id="a").case, lena, spam)
        assert storing.undo(batch.pk, by=None) == {"flags": 1, "cases": 1, "kept": 1}
        assert Flag.objects.get().external_id == "a"

    def test_a_case_in_which_nothing_else_waits_is_closed(
        self, messages: list[Message], spam: Label, tmp_path: Path, lena: Any, reported: Any
    ) -> None:
        case = reported(spam, message=messages[0]).case
        decided(case, lena, spam)
        batch = import_reports(written(tmp_path, {"external_id": "a"}))
        assert Case.objects.get().state == State.OPEN
        storing.undo(batch.pk, by=None)
        assert Case.objects.get().state == State.CLOSED


class TestCommands:
    def test_the_commands_import_undo_and_record(
        self, messages: list[Message], spam: Label, tmp_path: Path, capsys: Any
    ) -> None:
        file = written(tmp_path, {"external_id": "a", "note": "secret words"})
        call_command("import_flags", file, "--check-only")
        assert capsys.readouterr().out == "1 new report, 0 already stored. Nothing was imported.\n"
        call_command("import_flags", file)
        batch = FlagImport.objects.get()
        assert f"undo_flags {batch.pk} undoes it" in capsys.readouterr().out
        call_command("undo_flags", batch.pk)
        assert capsys.readouterr().out.startswith("Removed 1 report and 1 case; kept 0 reports decided since.")
        events = ["moderation.flags_imported", "moderation.flags_import_undone"]
        entries = Entry.objects.filter(event__in=events).order_by("pk")
        assert [entry.event for entry in entries] == events
        assert not any("secret" in str(entry.details) for entry in entries)

    def test_impossible_commands_fail_with_a_reason(self, db: Any, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="There is no file"):
            call_command("import_flags", tmp_path / "none.csv")
        with pytest.raises(CommandError, match="undone already"):
            call_command("undo_flags", "6b7ae5a2-1b1c-4d6e-9a3e-111111111111")
        make_user("nils", is_staff=True)
        with pytest.raises(CommandError, match="may not do this"):
            call_command("import_flags", tmp_path / "none.csv", by="nils")


class AnyReports(TestCase):
    """Any reports of a file are stored whole, importing them again adds nothing, and undo removes them."""

    def setUp(self) -> None:
        people = [make_user(name) for name in ("alice", "bob", "carol")]
        for slug, severity in (("spam", Severity.LOW), ("threat", Severity.THREAT)):
            Label.objects.create(name=slug, slug=slug, severity=severity)
        for place in range(4):
            message = write(people[0], people[1], f"first {place}", external_id=f"m{place}")
            answer(message, f"second {place}", external_id=f"r{place}")

    @settings(max_examples=examples(20), deadline=None)
    @given(
        reports=st.lists(
            st.tuples(
                st.sampled_from([f"{kind}{place}" for kind in "mr" for place in range(4)]),
                st.sampled_from(["spam", "threat"]),
                st.sampled_from(["", "alice", "bob", "carol"]),
                st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
                st.integers(0, 80),
                st.sampled_from(["waiting", "upheld", "dismissed"]),
            ),
            max_size=25,
            unique_by=lambda one: (one[0], one[2]) if one[2] else object(),
        )
    )
    def test_any_reports_are_stored_and_removed_by_the_undo(self, reports: list[Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            rows = [
                {
                    "external_id": f"x{place}", "message": message, "label": label, "reporter": reporter,
                    "note": note.strip(), "created_at": (LONG_AGO + timedelta(days=days)).isoformat(),
                    "outcome": outcome,
                }
                for place, (message, label, reporter, note, days, outcome) in enumerate(reports)
            ]  # fmt: skip
            file = written(Path(folder), {"external_id": "always"}, *rows)
            batch = import_reports(file)
            stored = {flag.external_id: flag for flag in Flag.objects.select_related("message", "label", "reporter")}
            for row in rows:
                flag = stored[row["external_id"]]
                assert flag.message is not None
                found = (
                    flag.message.external_id,
                    flag.label.slug,
                    flag.note,
                    flag.outcome,
                    flag.created_at.isoformat(),
                )
                assert found == (row["message"], row["label"], row["note"], row["outcome"], row["created_at"])
                assert (flag.reporter.username if flag.reporter else "") == row["reporter"]
            for case in Case.objects.all():
                waits = case.flags.filter(outcome="waiting").exists()
                assert (case.state == State.OPEN) == waits
                assert case.rank_at <= case.due_at
            assert import_reports(file).counts["flags"] == 0
            storing.undo(batch.pk, by=None)
            assert not Flag.objects.exists() and not Case.objects.exists()
