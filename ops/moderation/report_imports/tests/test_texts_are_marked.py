"""Every text about imports of reports is marked for translation: problems of a file, the page in each state."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import DEFAULT_DB_ALIAS
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.conversations import write
from messaging.tests.pseudo import ACCENTED, pseudo, speaking
from messaging.tests.remains import remains
from ops.conftest import make_staff
from ops.files.tests.conftest import folder
from ops.moderation import flagging
from ops.moderation.models import Case, FlagImport, ImportState, Source
from ops.moderation.refusals import FlagRefused
from ops.moderation.report_imports import checking, kinds, page, storing, uploading
from ops.moderation.report_imports.tests.test_reports_are_imported import written
from ops.moderation.report_imports.tests.test_reports_are_uploaded import HEADER, LIST, step, upload
from ops.moderation.tests.desk import decided, lena, spam

__all__ = ["folder", "lena", "spam"]

pytestmark = pytest.mark.usefixtures("folder", "spam")


@pytest.fixture
def message(alice: Any, bob: Any) -> Message:
    return write(alice, bob, "Buy my pills", external_id="m1")


@pytest.fixture
def importing(client: Client, db: Any) -> Client:
    client.force_login(make_staff("dan", "import_flags"))
    return client


def content(answered: Any) -> str:
    """Return a page without the frame of the console."""
    shown: str = answered.content.decode()
    return shown[shown.index("<main") : shown.index("</main>")]


def faults(file: Path) -> list[str]:
    with speaking(ACCENTED):
        found = checking.check_file(file, now=timezone.now(), using=DEFAULT_DB_ALIAS)
        return [problem.message for problem in found.problems]


class TestFaults:
    def test_faults_of_rows_are_marked(self, message: Message, bob: Any, spam: Any, tmp_path: Path) -> None:
        flagging.flag(message, label=spam, by=bob, source=Source.PARTICIPANT)
        found = faults(written(
            tmp_path,
            {"external_id": "", "message": "", "label": "", "note": "n"},
            {"external_id": "x" * 256, "note": "n" * 1_001},
            {"external_id": "b\0", "note": "n"},
            {"external_id": "c", "message": "m9", "label": "spamm", "reporter": "nobody"},
            {"external_id": "d", "revision": "0", "outcome": "maybe"},
            {"external_id": "e", "created_at": "2999-01-01T00:00:00Z"},
            {"external_id": "f", "settled_at": "2026-01-01T00:00:00Z"},
            {"external_id": "f", "created_at": "2026-02-01T00:00:00Z", "outcome": "upheld",
             "settled_at": "2026-01-01T00:00:00Z"},
            {"external_id": "g", "reporter": "bob"},
            {"external_id": "h", "revision": "7"},
        ))  # fmt: skip
        assert len(found) == 17
        assert [remains(one) for one in found if remains(one)] == []

    def test_the_fault_of_missing_labels_is_marked(self, spam: Any, tmp_path: Path) -> None:
        spam.delete()
        found = faults(written(tmp_path, {"external_id": "a"}))
        assert pseudo("there is no label %(label)s, nor any other: add it under Settings › Labels.") in {
            one.replace("spam", "%(label)s") for one in found
        }

    def test_the_fault_of_too_large_a_file_is_marked(
        self, spam: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checking, "MOST_ROWS", 1)
        (fault,) = faults(written(tmp_path, {"external_id": "a"}, {"external_id": "b"}))
        assert remains(fault) == ""


def test_the_line_of_each_state_is_marked() -> None:
    now = timezone.now()
    removed = {"flags": 1, "cases": 1, "kept": 0}
    states: list[dict[str, Any]] = [
        {"state": ImportState.CHECKED, "counts": {}},
        {"state": ImportState.CHECKED, "counts": {"rows": 1, "errors": 2}},
        {"state": ImportState.CHECKED, "counts": {"rows": 1, "known": 1}},
        {"state": ImportState.CHECKED, "counts": {"rows": 0}},
        {"state": ImportState.CHECKED, "counts": {"rows": 1, "new": 1}},
        {"state": ImportState.STORED, "stored_at": now, "counts": {"flags": 1, "cases": 2}},
        {"state": ImportState.STORED, "stored_at": now, "counts": {"flags": 1, "cases": 2, "known": 3}},
        {"state": ImportState.UNDONE, "counts": {"removed": removed}},
        {"state": ImportState.UNDONE, "counts": {"removed": {**removed, "kept": 3}}},
    ]
    with speaking(ACCENTED):
        sentences = {page.one_line(FlagImport(**one)) for one in states}
        assert len(sentences) == len(states) and {remains(one) for one in sentences} == {""}


def test_the_pages_of_an_import_are_marked(importing: Client, message: Message, lena: Any, spam: Any) -> None:
    with speaking(ACCENTED):
        empty = content(importing.get(reverse(LIST)))
        assert remains(empty) == ""
        assert pseudo("Import reports") in importing.get(reverse("admin:moderation_flagimport_add")).content.decode()
        import_ = upload(importing, HEADER + "f1,m1,spam,bob,Look\nf2,m1,spam,,Look\n")
        at = uploading.address_of(import_.pk)
        assert import_.job is not None and remains(import_.job.title) == ""
        assert remains(content(importing.get(at)), "Spam", "Look", "UTC") == ""
        step(importing, import_, "store")
        assert import_.job is not None and remains(import_.job.title) == ""
        assert remains(content(importing.get(at)), "UTC") == ""
        decided(Case.objects.get(), lena, spam)
        undo = importing.get(reverse("admin:moderation_flagimport_undo", args=[import_.pk]))
        assert pseudo("Undo import of reports") in undo.content.decode()
        assert remains(content(undo)) == ""
        step(importing, import_, "undo")
        assert import_.job is not None and remains(import_.job.title) == ""
        assert remains(content(importing.get(at)), "UTC") == ""
        assert remains(content(importing.get(reverse(LIST))), "flags.csv", "UTC") == ""


def test_messages_refusals_and_job_texts_are_marked(importing: Client, message: Message) -> None:
    with speaking(ACCENTED):
        import_ = upload(importing, HEADER + "f1,m1,spam,bob,\n")
        assert pseudo("The file was deleted. Nothing of it was imported.") in step(importing, import_, "discard")
        with pytest.raises(FlagRefused) as refused:
            storing.undo(uuid4(), by=None)
        texts = [
            storing.CHANGED_MEANWHILE,
            uploading.CHANGED_MEANWHILE,
            kinds.TAKEN_OVER,
            kinds.NO_LONGER_SOUND,
            refused.value,
        ]
        for kind in kinds.KINDS:
            texts += [kind.unit, kind.cancel_note, kind.why_no_retry(None)]  # type: ignore[arg-type]
        assert {remains(str(text)) for text in texts} == {""}


def test_the_stored_result_of_a_job_is_no_lazy_text(importing: Client, message: Message) -> None:
    """The preview and the result of a job are JSON."""
    import_ = upload(importing, HEADER + "f1,m1,spam,bob,\n")
    message.external_id = "m2"
    message.save()
    step(importing, import_, "store")
    assert import_.job is not None
    assert import_.job.result == {"refused": str(kinds.NO_LONGER_SOUND)}
