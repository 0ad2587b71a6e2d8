"""After a deletion, nothing of the person is left, everything of everybody else stays, and there is one receipt."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import pytest
from django.conf import settings as configured
from django.db import IntegrityError
from django.db.models.signals import post_delete
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts.apps import AccountsConfig
from ops.accounts.models import FailedSignIn, User
from ops.accounts.signing_in import sessions
from ops.audit import scrubbing
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.readings import record_search
from ops.audit.recording import record, record_refused_sign_in
from ops.audit.sealing import chain, verification
from ops.console.erasure import Outcome, Step
from ops.deletion import approval, erased_names, holds, requests
from ops.deletion.erasing import account, batches, running
from ops.deletion.events import DeletionEvent
from ops.deletion.models import AccountDeletion, Basis, DeletionRequest, Hold, Receipt, State
from ops.deletion.tests.deleting import approved, ask, erased, sam, sue, work_on
from ops.events import ConsoleEvent
from ops.jobs import starting
from ops.jobs.kinds import page_of
from ops.jobs.models import Job
from ops.jobs.run import Run

__all__ = ["sam", "sue"]

# Local memory can be emptied only in this process; Redis is shared by all.
CACHES = "partial" if configured.CACHES["default"]["BACKEND"].endswith("LocMemCache") else "removed"


class Death(BaseException):
    """Stands in for kill -9, but leaves the database and this process alive."""


def test_an_erasure_deletes_the_person_and_keeps_messages_of_others(
    sue: Any, sam: Any, alice: Any, bob: Any, charlie: Any
) -> None:
    first = write(alice, bob)
    kept = answer(first, "mine", sender=charlie, receiver=bob)
    write(bob, alice)
    key = alice.pk
    request = work_on(approved(alice, by=sue, approver=sam))
    assert (request.state, request.username, request.email, request.reason) == (State.DONE, "", "", "")
    assert not User.objects.filter(pk=key).exists()
    assert list(Message.objects.values_list("pk", "content", "parent_message")) == [(kept.pk, "mine", None)]
    assert request.job is not None
    assert (request.job.state, request.job.done, request.job.total) == (Job.State.FINISHED, 2, 2)
    assert "alice" not in request.job.title


def test_the_account_sends_post_delete_and_all_batches_are_counted(
    sue: Any, sam: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        answer(write(alice, bob))
    for name in ("FIRST_SIZE", "MOST_SIZE", "LEAST_SIZE"):
        monkeypatch.setattr(batches, name, 3)
    heard: list[Any] = []

    def hear(sender: Any, instance: Any, **_: Any) -> None:
        heard.append(instance.username)

    post_delete.connect(hear, sender=User)
    receipt = erased(alice, by=sue, approver=sam)
    post_delete.disconnect(hear, sender=User)
    assert heard == ["alice"]
    counts = {"messages_sent": 5, "messages_received": 5, "histories": 0, "notifications": 10, "conversations": 5}
    assert receipt.counts == {**counts, "replies_reattached": 0, "editor_names": 0}
    record_ = AccountDeletion.objects.get()
    assert (record_.counts, record_.deleted_by) == (receipt.counts, sue)
    assert Entry.objects.get(event=Event.ACCOUNT_DELETED).details == receipt.counts


def test_the_receipt_lists_the_steps_and_names_no_one(sue: Any, sam: Any, bob: Any) -> None:
    gone = make_user("rare-name", email="Rare@Example.org")
    write(gone, bob, "rare words")
    receipt = erased(gone, by=sue, approver=sam, reason="rare-name wrote to us")
    assert (receipt.mode, receipt.basis, receipt.ticket) == ("erase", "user_request", "SUP-17")
    assert (receipt.requester, receipt.approver, receipt.own, receipt.one_person) == (sue.pk, sam.pk, False, False)
    assert [(step["step"], step["outcome"]) for step in receipt.steps] == [
        ("messages", "removed"), ("account", "removed"), ("audit_trail", "removed"), ("sessions", "none"),
        ("kept_forms", "none"), ("sign_ins", "none"), ("admin_log", "none"), ("searching", "none"), ("uploads", "none"),
        ("moderation", "none"), ("exports", "none"), ("requests", "removed"), ("caches", CACHES),
        ("database_file", "partial"),
    ]  # fmt: skip
    assert "rare" not in str(Receipt.objects.values_list().get()).lower()
    assert "rare" not in str(DeletionRequest.objects.values_list().get()).lower()


def test_the_receipt_reports_an_unreachable_redis(sue: Any, sam: Any, alice: Any, settings: Any) -> None:
    nobody_there = {"BACKEND": "ops.caches.FaultTolerantRedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {**settings.CACHES, "default": nobody_there}
    steps = {step["step"]: (step["outcome"], step["note"]) for step in erased(alice, by=sue, approver=sam).steps}
    assert steps["caches"] == (
        "partial",
        "Redis could not be reached: what it keeps expires within a minute.",
    )


def test_a_second_job_changes_nothing(sue: Any, sam: Any, alice: Any) -> None:
    receipt = erased(alice, by=sue, approver=sam)
    request = DeletionRequest.objects.get()
    again = running.start(request)
    starting.run_now(again)
    again.refresh_from_db()
    assert again.result == {"stopped": "Erased. See the receipt."}
    assert Receipt.objects.get() == receipt
    assert running.start_due(timezone.now()) == 0


def test_a_job_that_kills_its_workers_is_retried_after_a_pause(
    sue: Any, sam: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would kill one worker after another, without a pause."""
    write(alice, bob)
    request = approved(alice, by=sue, approver=sam)

    def die(*args: Any, **options: Any) -> None:
        raise Death

    with monkeypatch.context() as deadly:
        deadly.setattr(account.erasure, "erase_batch", die)
        for _ in range(6):
            with pytest.raises(Death):
                work_on(request)
            Job.objects.update(lease_until=timezone.now())
        job = work_on(request).job
    assert job is not None and job.state == Job.State.FAILED
    assert running.start_due(timezone.now()) == 0
    Job.objects.update(ended_at=timezone.now() - running.AGAIN_AFTER)
    assert running.start_due(timezone.now()) == 1
    assert work_on(request).state == State.DONE


def test_only_one_job_works_on_a_request(sue: Any, sam: Any, alice: Any) -> None:
    request = approved(alice, by=sue, approver=sam)
    second = starting.start(running.KIND, requester=sue, title="", params={"request": str(request.pk)})
    starting.run_now(second)
    second.refresh_from_db()
    assert second.result == {"stopped": "Another job is working on this deletion."}
    assert work_on(request).state == State.DONE


def test_messages_that_arrive_during_the_erasure_are_erased(
    sue: Any, sam: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imports do not check whether an account is closed."""
    first = write(bob, bob)
    write(alice, bob)
    request = approved(alice, by=sue, approver=sam)
    remember = account._store_erased_names

    def meanwhile(*args: Any) -> None:
        answer(answer(first, sender=alice, receiver=bob), "late", sender=bob, receiver=bob)
        remember(*args)

    monkeypatch.setattr(account, "_store_erased_names", meanwhile)
    work_on(request)
    assert set(Message.objects.values_list("content", "parent_message")) == {("hello", None), ("late", first.pk)}
    assert Receipt.objects.get().counts["messages_sent"] == 2


def test_a_receipt_is_written_for_an_account_deleted_meanwhile(sue: Any, sam: Any, alice: Any) -> None:
    request = approved(alice, by=sue, approver=sam)
    alice.delete()
    receipt = work_on(request).receipt
    assert receipt is not None
    assert receipt.steps[:2] == [
        {"step": "messages", "outcome": "none", "note": ""}, {"step": "account", "outcome": "none", "note": ""},
    ]  # fmt: skip
    assert erased_names.erased(["alice"])["alice"].receipt_id == receipt.pk


def test_a_renamed_account_is_remembered_by_its_last_name(sue: Any, sam: Any, alice: Any) -> None:
    request = approved(alice, by=sue, approver=sam)
    alice = User.objects.get(pk=alice.pk)
    alice.username, alice.email = "alicia", "a@example.org"
    alice.save()
    receipt = work_on(request).receipt
    assert receipt is not None and receipt.email_hash
    assert set(erased_names.erased(["alicia", "alice"])) == {"alicia"}


def test_sessions_and_failed_sign_ins_are_deleted(client: Client, sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    for name in ("alice", "bob"):
        client.post(reverse("login"), {"username": name, "password": "wrong"})
    request = approved(alice, by=sue, approver=sam)
    client.force_login(User.objects.get(pk=alice.pk), "ops.accounts.signing_in.backend.AccountBackend")
    assert sessions.Session.objects.filter(account_id=alice.pk).exists()
    work_on(request)
    assert not sessions.Session.objects.filter(account_id=alice.pk).exists()
    assert FailedSignIn.objects.count() == 1


def test_the_audit_trail_keeps_events_without_the_name(sue: Any, sam: Any, rita: Any, alice: Any) -> None:
    alice.email = "alice@example.org"
    alice.save()
    record_search(Message, actor=rita, terms="what alice wrote", filters={}, results=3)
    record_search(Message, actor=rita, terms="ALICE@example.org", filters={}, results=0)
    record_search(Message, actor=rita, terms="malice", filters={}, results=1)
    record_refused_sign_in("alice@example.org")
    record(ConsoleEvent.MESSAGE_READ, actor=rita, target=("messaging.message", 7), reason="A complaint about Alice.")
    chain.seal()
    erased(alice, by=sue, approver=sam)
    kept = [value for row in Entry.objects.values_list("actor_name", "target_label", "reason") for value in row]
    assert [text for text in kept if "alice" in text.lower()] == ["malice"]
    assert Entry.objects.filter(event=Event.SEARCH_MADE, target_label="").count() == 2
    assert Entry.objects.get(event=ConsoleEvent.MESSAGE_READ).actor_name == "rita"
    chain.seal()
    verification.verify()


def test_reasons_of_other_requests_and_holds_lose_the_name(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    group = requests.request_deletion(
        [alice, bob], by=sue, reason="Alice and bob: spam, says malice", basis=Basis.POLICY
    )
    hers, his = (group.requests.get(user=user) for user in (alice, bob))
    placed = holds.place(bob, kind=Hold.Kind.LEGAL, reason="alice’s complaint", by=sue)
    holds.lift(placed, reason="alice took it back", by=sue)
    approval.approve(hers, by=sam)
    work_on(hers)
    his.refresh_from_db()
    placed.refresh_from_db()
    assert (his.state, his.reason) == (State.REQUESTED, "[erased] and bob: spam, says malice")
    assert (placed.reason, placed.lift_reason) == ("[erased]’s complaint", "[erased] took it back")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_scrubbed_in_any_unicode_form(sue: Any, sam: Any, rita: Any, form: Any) -> None:
    named = make_user(normalize(form, "Zoë Müller"))
    for terms in (normalize("NFC", "what zoë müller wrote"), normalize("NFD", "what zoë müller wrote")):
        record_search(Message, actor=rita, terms=terms, filters={}, results=3)
    erased(named, by=sue, approver=sam)
    assert set(Entry.objects.filter(event=Event.SEARCH_MADE).values_list("target_label", flat=True)) == {""}


def test_an_unexplained_emptied_search_fails_verification(rita: Any, rosa: Any, alice: Any) -> None:
    record_search(Message, actor=rita, terms="alice", filters={}, results=3)
    searched = Entry.objects.get(event=Event.SEARCH_MADE)
    chain.seal()
    Entry.objects.filter(pk=searched.pk).empty_copies(("target_salt", "target_label", "reason"), at=timezone.now())
    with pytest.raises(verification.VerificationFailed, match=r"no entry records that the person was erased"):
        verification.verify()
    key = alice.pk
    alice.delete()
    scrubbing.scrub_person(key, by=rosa, reason="Request 17", named=[searched.pk])
    with pytest.raises(verification.VerificationFailed, match=r"or no receipt proves it"):
        verification.verify()


def also_erased_by(monkeypatch: Any, do: Any) -> None:
    """Give a room one more erasure step, called "others"."""
    monkeypatch.setattr(AccountsConfig, "erasure_steps", lambda self: (Step("others", "What others keep", do),))


def test_a_failing_step_is_retried_and_then_put_on_the_receipt(
    sue: Any, sam: Any, alice: Any, monkeypatch: Any
) -> None:
    def broken(person: Any, prepared: Any) -> None:
        raise OSError("the disk is gone")

    also_erased_by(monkeypatch, broken)
    request = work_on(approved(alice, by=sue, approver=sam))
    assert request.job is not None
    assert request.job.error == (
        "The account was erased, but some of its data could not be cleared yet: it is tried again soon."
    )
    assert (request.state, Receipt.objects.count()) == (State.RUNNING, 0)
    # The steps before it are done, and stay done.
    assert {"audit_trail", "notices"} <= set(request.progress["cleared"])
    assert running.start_due(timezone.now()) == 0
    for _ in range(2):
        Job.objects.update(ended_at=timezone.now() - running.AGAIN_AFTER)
        assert running.start_due(timezone.now()) == 1
        work_on(request)
    assert {step["step"] for step in Receipt.objects.get().steps if step["outcome"] == "failed"} == {"others"}


def test_a_failing_step_logs_no_name(sue: Any, sam: Any, alice: Any, caplog: Any, monkeypatch: Any) -> None:
    """PostgreSQL quotes the row that it refuses."""
    words = f"DETAIL: Key (username)=({alice.username}) already exists."

    def broken(person: Any, prepared: Any) -> None:
        raise IntegrityError(words)

    also_erased_by(monkeypatch, broken)
    work_on(approved(alice, by=sue, approver=sam))
    assert "the step others failed:" in caplog.text
    assert "(alice)" not in caplog.text


def test_erasure_steps_of_other_rooms_run(sue: Any, sam: Any, alice: Any, monkeypatch: Any) -> None:
    asked: list[Any] = []

    def remove_files(person: Any, prepared: Any) -> Outcome:
        asked.append((person.user_id, person.username, person.email, person.anonymises))
        return Outcome("removed")

    key = alice.pk
    also_erased_by(monkeypatch, remove_files)
    receipt = erased(alice, by=sue, approver=sam)
    assert asked == [(key, "alice", "", False)]
    assert {"step": "others", "outcome": "removed", "note": ""} in receipt.steps


def test_anonymising_keeps_conversations_for_the_other_side(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    alice.email = "alice@example.org"
    alice.save()
    first = write(alice, bob, "mine")
    first.content = "mine, edited"
    first.save()
    second = answer(first, "Bob's")
    request = work_on(approved(alice, by=sue, approver=sam, mode="anonymise", texts="blank"))
    alice.refresh_from_db()
    assert (alice.username, alice.email, alice.is_active) == ("Deleted user 1", "", False)
    assert not alice.has_usable_password()
    assert dict(Message.objects.values_list("pk", "content")) == {first.pk: "[removed]", second.pk: "Bob's"}
    assert Message.objects.get(pk=second.pk).parent_message == first
    assert not MessageHistory.objects.exists()
    assert list(Notification.objects.values_list("user", flat=True)) == [bob.pk]
    assert Conversation.objects.get().message_count == 2
    receipt = request.receipt
    assert receipt is not None
    assert receipt.counts == {"messages_kept": 2, "texts_blanked": 1, "histories": 1, "notifications": 1}
    assert AccountDeletion.objects.get().counts == receipt.counts
    assert Entry.objects.get(event=DeletionEvent.ACCOUNT_ANONYMISED).actor == sue
    assert not Entry.objects.filter(target_label="alice").exists()
    assert not User.objects.matching("alice").exists()
    assert erased_names.erased(["alice"])["alice"].receipt_id == receipt.pk


def test_anonymising_can_keep_texts(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    User(username="Deleted user 1", password="!").save()  # an old account: nobody can take this name now
    message = write(alice, bob, "first")
    message.content = "mine"
    message.save()
    erased(alice, by=sue, approver=sam, mode="anonymise", texts="keep")
    assert (Message.objects.get().content, Message.objects.get().edited) == ("mine", True)
    assert not MessageHistory.objects.exists()
    assert Message.objects.get().sender.username == "Deleted user 2"


def test_an_anonymised_colleague_loses_all_permissions(rosa: Any, sam: Any, rita: Any) -> None:
    erased(rita, by=rosa, approver=sam, mode="anonymise")
    rita.refresh_from_db()
    assert not (rita.is_staff or rita.is_superuser or rita.groups.exists() or rita.user_permissions.exists())
    rita.username = "rita is back"
    rita.save()
    assert Entry.objects.about("accounts.user", rita.pk).latest("pk").event == "account.renamed"
    chain.seal()
    verification.verify()


def test_a_hold_placed_during_the_last_batch_stops_the_deletion(
    sue: Any, sam: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL a transaction sees rows that others committed after it began."""
    write(alice, bob)
    request = approved(alice, by=sue, approver=sam)
    monkeypatch.setattr(account, "_store_erased_names", lambda *_: holds.place(
        alice, kind=Hold.Kind.LEGAL, reason="Case 5", by=sue
    ))  # fmt: skip
    work_on(request)
    assert request.job is not None
    assert request.job.state == Job.State.FINISHED and "This account is on hold" in request.job.result["stopped"]
    assert (request.state, User.objects.filter(pk=alice.pk).exists()) == (State.RUNNING, True)


@pytest.mark.parametrize("texts", ["blank", "keep"])
def test_the_progress_of_anonymising_counts_sent_messages(
    sue: Any, sam: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch, texts: str
) -> None:
    for name in ("FIRST_SIZE", "MOST_SIZE", "LEAST_SIZE"):
        monkeypatch.setattr(batches, name, 2)
    for _ in range(3):
        answer(write(alice, bob))
    seen: list[tuple[int, int | None]] = []
    advance = Run.advance

    def watched(run: Run, **progress: int | None) -> None:
        advance(run, **progress)
        seen.append((run.done, run.total))

    monkeypatch.setattr(Run, "advance", watched)
    work_on(approved(alice, by=sue, approver=sam, mode="anonymise", texts=texts))
    assert list(dict.fromkeys(seen)) == [(0, 3), (2, 3), (3, 3)]


def test_anonymising_resumes_where_it_stopped(
    sue: Any, sam: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_SIZE", "MOST_SIZE", "LEAST_SIZE"):
        monkeypatch.setattr(batches, name, 2)
    for _ in range(5):  # all in the same minute
        write(alice, bob, "mine")
    request = approved(alice, by=sue, approver=sam, mode="anonymise")
    batch, calls = account.anonymise_batch, []

    def failing(*args: Any, **options: Any) -> Any:
        calls.append(options["after"])
        if len(calls) == 2:
            raise ZeroDivisionError
        return batch(*args, **options)

    monkeypatch.setattr(account, "anonymise_batch", failing)
    assert work_on(request).state == State.RUNNING
    Job.objects.update(ended_at=timezone.now() - running.AGAIN_AFTER)
    running.start_due(timezone.now())
    assert work_on(request).state == State.DONE
    assert calls[1] == calls[2] != calls[0]
    assert Receipt.objects.get().counts["texts_blanked"] == 5


def test_a_refused_request_loses_the_name_when_the_account_is_deleted(sue: Any, sam: Any, bob: Any) -> None:
    gone = make_user("rare-name", email="rare@example.org")
    refused = ask(gone, by=sue, reason="rare-name wrote to us")
    approval.refuse(refused, by=sam, reason="Not their own wish")
    User.objects.get(pk=gone.pk).delete()
    assert "rare" not in str(DeletionRequest.objects.values_list().get())


def test_the_job_links_to_its_request(sue: Any, sam: Any, alice: Any) -> None:
    request = approved(alice, by=sue, approver=sam)
    assert request.job is not None
    assert page_of(request.job) == f"/console/deletion/deletionrequest/{request.pk}/change/"
