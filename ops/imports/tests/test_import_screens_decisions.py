"""Decisions about an import: stale forms are refused, files are deleted, and an import can be undone."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Conversation, Message
from messaging.tests.clients import signed_in
from messaging.tests.conversations import write
from ops.conftest import confirm
from ops.files import private_files
from ops.files.uploads import SUFFIX
from ops.imports import steps, uploads
from ops.imports.models import Import
from ops.imports.tests.importing import Death, at_batch, do
from ops.imports.tests.screens import LIST, address, bring, csv_of, decide, message, page, text
from ops.imports.undoing import Undoing
from ops.jobs.models import Job
from ops.jobs.run import JobFailed

State = Import.State
STALE = "Nothing was done: this import went on meanwhile, in another tab perhaps. This is how it is now."


def test_a_form_of_another_tab_is_not_taken_for_todays(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message()))
    old = importing.get(address(import_)).context["state_token"]
    decide(importing, import_, "check/", notify="on")
    for what in ("store/", "check/", "discard/"):
        assert STALE in text(importing.post(address(import_, what), {"state_token": old}, follow=True))
    import_.refresh_from_db()
    assert (import_.state, import_.choices["notify"]) == (State.CHECKED, True)


def test_nothing_is_imported_twice(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("")))
    form = {"state_token": importing.get(address(import_)).context["state_token"]}
    importing.post(address(import_, "store/"), form)
    assert STALE in text(importing.post(address(import_, "store/"), form, follow=True))
    assert Message.objects.count() == 1


def test_a_discarded_file_is_deleted_at_once(importing: Client, people: Any, folder: Any) -> None:
    import_ = bring(importing, csv_of(message()))
    page_text = text(decide(importing, import_, "discard/"))
    assert "“messages.csv” was deleted; nothing of it was imported." in page_text
    assert list(folder.iterdir()) == []
    assert "The file was deleted without being imported." in page(importing, import_)


def test_a_file_left_for_a_day_is_deleted(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message()))
    private_files.delete_all(import_.upload)
    assert str(uploads.NOT_KEPT) in page(importing, import_)
    form = {"state_token": importing.get(address(import_)).context["state_token"]}
    page_text = text(importing.post(address(import_, "store/"), form, follow=True))
    assert "This file is no longer available. Upload it again." in page_text
    Import.objects.update(created_at=timezone.now() - timedelta(hours=25))
    uploads.sweep()
    assert "The file was deleted without being imported." in page(importing, import_)


@pytest.mark.parametrize("state", [State.CHECKING, State.CHECKED, State.TAKEN_BACK])
def test_only_the_uploader_reads_that_a_file_is_no_longer_available(
    importing: Client, people: Any, dan: Any, ina: Any, state: str
) -> None:
    import_ = Import.objects.create(by=dan, file_name="a.csv", state=state, outcome={"kept": []})
    assert "This file is no longer available. Upload it again." in page(importing, import_)
    assert f'<a href="{LIST}add/">Upload it again.</a>' in importing.get(address(import_)).content.decode()
    assert "no longer available" not in page(signed_in(ina), import_)


def test_an_upload_discards_abandoned_imports(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message()))
    private_files.delete_all(import_.upload)
    Import.objects.update(created_at=timezone.now() - timedelta(hours=25))
    bring(importing, csv_of(message()))
    import_.refresh_from_db()
    assert import_.state == State.DISCARDED


def test_problems_arising_after_the_preview_are_shown_and_nothing_is_stored(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1"), message("2", sender="bob", receiver="alice")))
    people[0].delete()
    page_text = text(decide(importing, import_, "store/"))
    assert "Nothing was imported: the file has problems. Look at them, and decide again." in page_text
    assert "No user 'alice'" in page_text
    assert import_.state == State.CHECKED
    assert not Message.objects.exists()


def test_a_text_that_was_corrected_since_the_preview_is_not_replaced_unasked(importing: Client, people: Any) -> None:
    """The preview showed that no stored text would change."""
    alice, bob = people
    kept = write(alice, bob, "hello", external_id="1")
    import_ = bring(importing, csv_of(message("1", timestamp=kept.timestamp.isoformat()), message("2")))
    kept.content = "hello, as corrected"
    kept.save()
    page_text = text(decide(importing, import_, "store/"))
    assert "Nothing was imported: the file has problems. Look at them, and decide again." in page_text
    assert "Message 1 is already stored with different content" in page_text
    kept.refresh_from_db()
    assert (kept.content, Message.objects.count()) == ("hello, as corrected", 1)
    decide(importing, import_, "check/", existing="edit")
    decide(importing, import_, "store/", existing="edit")
    kept.refresh_from_db()
    assert (kept.content, Message.objects.count()) == ("hello", 2)


def test_a_check_that_never_began_can_be_begun_again(importing: Client, dan: Any, people: Any) -> None:
    name, size, _ = private_files.save([csv_of(message())], SUFFIX, 10_000)
    import_ = Import.objects.create(by=dan, file_name="a.csv", upload=name, size=size)
    assert "Check the file" in page(importing, import_)
    context = importing.get(address(import_)).context
    importing.post(address(import_, "check/"), {"state_token": context["state_token"], **dict(context["same_choices"])})
    assert "Import 1 message" in page(importing, import_)


def test_a_rolled_back_import_shows_the_reason_and_can_be_checked_again(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message()))
    why = "The disk is full: make room and try again."
    Import.objects.update(state=State.TAKEN_BACK, outcome={"why": why, "undo": {"kept": 0}, "kept": []})
    page_text = page(importing, import_)
    assert f"{why} Nothing of it is stored: messages, conversations and texts are as they were before." in page_text
    context = importing.get(address(import_)).context
    importing.post(address(import_, "check/"), {"state_token": context["state_token"], **dict(context["same_choices"])})
    assert "Import 1 message" in page(importing, import_)


@pytest.mark.parametrize("state", [State.CHECKING, State.STORING, State.UNDOING])
def test_progress_is_shown_to_the_requester_only(importing: Client, dan: Any, ina: Any, state: str) -> None:
    job = Job.objects.create(
        kind="import.store", title="Import", state=Job.State.RUNNING, requester=dan, done=5, total=9
    )
    import_ = Import.objects.create(by=dan, file_name="a.csv", state=state, job=job)
    assert "5 of 9 messages" in page(importing, import_)
    assert f"/console/jobs/job/{job.pk}/progress/" in importing.get(address(import_)).content.decode()
    assert "Somebody is at it. Load this page again" in page(signed_in(ina), import_)


def test_the_undo_page_previews_and_performs_the_undo(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1"), message("2", "1")))
    decide(importing, import_, "store/")
    page_text = text(importing.get(address(import_, "undo/")))
    assert "2 messages that this import added, with their notifications" in page_text
    assert "Undo the import of 2 messages" in page_text
    assert Message.objects.count() == 2
    page_text = text(importing.post(address(import_, "undo/"), follow=True))
    assert "2 messages removed 1 conversation removed" in page_text
    assert "Nothing of it is left." in page_text
    assert not Message.objects.exists()
    assert not Conversation.objects.exists()
    assert "messages.csv 2 messages removed ↩ undone dan" in text(importing.get(LIST))


def test_messages_edited_since_are_announced_listed_and_kept(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1"), message("2")))
    decide(importing, import_, "store/")
    touched = Message.objects.get(external_id="2")
    touched.content = "corrected"
    touched.save()
    assert "1 message that somebody edited or answered since, or that was exchanged with somebody on hold" in text(
        importing.get(address(import_, "undo/"))
    )
    page_text = text(importing.post(address(import_, "undo/"), follow=True))
    assert f"Message {touched.pk} was edited since" in page_text
    assert Message.objects.get() == touched


def test_an_undone_import_cannot_be_undone_again(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message()))
    decide(importing, import_, "store/")
    for _ in range(2):
        response = importing.post(address(import_, "undo/"), follow=True)
    assert STALE in text(response)


def test_any_user_with_the_import_permission_can_undo(importing: Client, ina: Any, people: Any) -> None:
    import_ = bring(importing, csv_of(message()))
    decide(importing, import_, "store/")
    confirm(signed_in(ina), "ina").post(address(import_, "undo/"))
    import_.refresh_from_db()
    assert import_.state == State.UNDONE


def test_an_unfinished_rollback_is_shown_and_can_be_resumed(
    importing: Client, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers died repeatedly while taking it back: until it is resumed, nothing else can be done with the import."""
    import_ = bring(importing, csv_of(message("1"), message("2")))
    at_work = steps.store(import_, by=import_.by, kick=False)

    def die(*_: Any) -> None:
        raise Death

    with monkeypatch.context() as deadly, at_batch(2, JobFailed("The disk is full."), committed=True):
        deadly.setattr(Undoing, "remove_messages", die)
        for _ in range(6):
            with suppress(Death):
                do(at_work)
    import_.refresh_from_db()
    at_work.refresh_from_db()
    assert (import_.state, at_work.state, at_work.ending) == (State.STORING, "failed", "failed")
    assert Message.objects.count() == 2
    page_text = text(importing.get(address(import_)))
    assert "The disk is full. What had been done could not be taken back: the worker died 5 times" in page_text
    assert "Resume" in page_text and "Check the file" not in page_text
    assert "! not taken back" in page_text and "being imported" not in page_text
    assert "It was to be taken back, and a part of it is still there: open it to go on." in text(importing.get(LIST))
    sent = {"next": address(import_)}
    response = importing.post(reverse("admin:jobs_job_retry", args=[at_work.pk]), sent, follow=True)
    assert "Being taken back" in text(response)
    do(at_work)
    import_.refresh_from_db()
    assert (import_.state, import_.outcome["why"]) == (State.TAKEN_BACK, "The disk is full.")
    assert not Message.objects.exists()
