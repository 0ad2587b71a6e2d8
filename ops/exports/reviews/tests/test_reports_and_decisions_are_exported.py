"""Exports include reports, decisions and measures for people with a separate permission."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.exports import requests
from ops.exports.events import ExportEvent
from ops.exports.models import Export
from ops.exports.selections import ExportRefused, check_export, read_list
from ops.exports.tests.exporting import WHY, confirmed, exported, make_exporter, unzipped
from ops.files.formulas import MARK
from ops.imports.own_ids import prefix
from ops.moderation import decisions, flagging
from ops.moderation.models import Decision, Flag, Label, Measure, Severity, Source
from ops.moderation.tests.desk import decided, lena

__all__ = ["lena"]

READS = ("view_message", "view_conversation")
FORM = "/console/messaging/message/export/"


@pytest.fixture
def emma(db: Any, folder: Path) -> Any:
    """Emma exports messages with reports and decisions."""
    return make_exporter("emma", *READS, "export_reviews")


@pytest.fixture
def threat(db: Any) -> Label:
    return Label.objects.create(name="Threat", slug="threat", severity=Severity.THREAT)


@pytest.fixture
def flag(threat: Label) -> Flag:
    """Bob's report of a message from Alice, with a note that a spreadsheet would compute; another is not reported."""
    alice, bob = make_user("alice"), make_user("bob")
    message = write(alice, bob, "I know where you live", external_id="m1")
    write(bob, alice, "Lovely weather", external_id="m2")
    return flagging.flag(message, label=threat, by=bob, source=Source.PARTICIPANT, note='=HYPERLINK("x")')


def rows(by: Any, title: str, **asked: Any) -> list[dict[str, str]]:
    """Return the rows of one of the files of a CSV export."""
    files = unzipped(exported(by, reviews=True, **asked))
    return list(csv.DictReader(io.StringIO(files[f"{title}.csv"].decode("utf-8-sig"))))


def test_a_report_is_exported_with_all_its_fields(emma: Any, flag: Flag) -> None:
    (row,) = rows(emma, "flags")
    assert row.pop(MARK) == ""
    assert row == {
        "external_id": f"{prefix()}flag-{flag.pk}", "message": "m1", "revision": "1", "label": "threat",
        "source": "participant", "reporter": "bob", "note": '\'=HYPERLINK("x")',
        "created_at": flag.created_at.isoformat(), "outcome": "waiting", "settled_at": "", "case": str(flag.case_id),
    }  # fmt: skip


def test_decisions_and_measures_are_exported_with_their_effect(emma: Any, flag: Flag, lena: Any) -> None:
    assert flag.message_id is not None
    decision = decided(flag.case, lena, flag.label, hides=[flag.message_id], note="-seen")
    (row,) = rows(emma, "decisions")
    assert (row["label"], row["decided_by"], row["in_force"], row["note"]) == ("threat", "lena", "true", "'-seen")
    assert (row["decision"], row["case"]) == (str(decision.pk), str(flag.case_id))
    (measure,) = rows(emma, "measures")
    assert {name: measure[name] for name in ("decision", "act", "message", "person", "in_force")} == {
        "decision": str(decision.pk), "act": "hide", "message": "m1", "person": "", "in_force": "true",
    }  # fmt: skip
    assert [one["outcome"] for one in rows(emma, "flags")] == ["upheld"]

    decisions.undo(decision.pk, by=lena, note="wrong")
    undone, undoing = rows(emma, "decisions")
    assert (undone["in_force"], undone["cause"], undoing["reverses"]) == ("false", "undone", str(decision.pk))
    assert {one["in_force"] for one in rows(emma, "measures")} == {"false"}


@pytest.mark.parametrize("format", Export.Format.values)
def test_every_format_adds_three_files(emma: Any, flag: Flag, format: str) -> None:
    files = unzipped(exported(emma, reviews=True, format=format))
    assert list(files) == [f"{title}.{format}" for title in ("messages", "flags", "decisions", "measures")]
    if format == Export.Format.JSON_LINES:
        row = json.loads(files["flags.jsonl"])
        assert (row["note"], row["revision"], row["settled_at"]) == ('=HYPERLINK("x")', 1, None)


def test_only_reports_of_the_exported_messages_are_included(emma: Any, flag: Flag) -> None:
    other = Message.objects.get(external_id="m2")
    flagging.flag(other, label=flag.label, by=make_user("carol"), source=Source.PARTICIPANT)
    assert [row["message"] for row in rows(emma, "flags", ids=[other.pk])] == ["m2"]
    assert len(rows(emma, "flags")) == 2


def test_later_reports_are_not_included(emma: Any, flag: Flag) -> None:
    export = requests.submit(requests.draft(by=emma, scope="messages", reviews=True, reason=WHY, now=timezone.now()))
    flagging.flag(Message.objects.get(external_id="m2"), label=flag.label, by=None, source=Source.STAFF)
    made = requests.start(export)
    assert made.job is not None and made.job.state == "finished"
    assert Flag.objects.count() == 2
    from_file = unzipped(Path(requests.private_files.path(made.file)).read_bytes())["flags.csv"]
    assert len(from_file.splitlines()) == 2


def test_exporting_reports_needs_its_own_permission(flag: Flag, client: Client, db: Any, folder: Path) -> None:
    dora = make_exporter("dora")
    with pytest.raises(ExportRefused, match="does not export reports"):
        exported(dora, reviews=True)
    page = confirmed(client, dora).get(FORM).content.decode()
    assert "id_histories" in page and "id_reviews" not in page
    answered = client.post(FORM, {"format": "csv", "reason": WHY, "reviews": "on", "messagetable_content": "on"})
    assert answered.status_code == 302
    assert not Export.objects.get().reviews


def test_losing_the_permission_refuses_the_file(emma: Any, flag: Flag) -> None:
    export = requests.submit(requests.draft(by=emma, scope="messages", reviews=True, reason=WHY))
    emma.user_permissions.remove(Permission.objects.get(codename="export_reviews"))
    with pytest.raises(ExportRefused):
        check_export(Export.objects.get(pk=export.pk))


def test_the_form_offers_reports_and_the_choice_is_recorded(emma: Any, flag: Flag, client: Client) -> None:
    assert "id_reviews" in confirmed(client, emma).get(FORM).content.decode()
    client.post(FORM, {"format": "csv", "reason": WHY, "reviews": "on", "messagetable_content": "on"})
    assert Export.objects.get().reviews
    assert Entry.objects.filter(event=ExportEvent.MESSAGES_EXPORTED).latest("pk").details["reviews"] is True


def test_an_erased_reporter_and_message_leave_empty_cells(emma: Any, flag: Flag) -> None:
    Flag.objects.update(reporter=None)
    assert [row["reporter"] for row in rows(emma, "flags")] == [""]
    Message.objects.filter(external_id="m1").delete()
    assert rows(emma, "flags") == []


def test_filters_by_case_need_the_permission_to_see_cases(flag: Flag) -> None:
    seeing = make_exporter("paul", *READS, "view_case")
    found = read_list("messages", "case=open", by=seeing, as_of=timezone.now()).rows
    assert [row.pk for row in found] == [flag.message_id]
    with pytest.raises(ExportRefused):
        read_list("messages", "case=open", by=make_exporter("pia"), as_of=timezone.now())


def test_the_end_of_a_timed_measure_is_exported(emma: Any, flag: Flag, lena: Any) -> None:
    decision = decided(flag.case, lena, flag.label)
    until = timezone.now() + timedelta(days=2)
    Measure.objects.create(decision=decision, act="suspend", user=flag.reporter, before=False, after=True, until=until)
    assert Decision.objects.count() == 1
    (row,) = rows(emma, "measures")[-1:]
    assert (row["act"], row["person"], row["until"], row["message"]) == ("suspend", "bob", until.isoformat(), "")
