"""Workers die between every two steps of a deletion, and at any moment: the end is the same, with one receipt."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts.models import User
from ops.audit.models import Entry
from ops.audit.sealing import chain, verification
from ops.deletion import approval, leftovers, requests
from ops.deletion.erasing import batches, steps
from ops.deletion.models import AccountDeletion, Basis, DeletionRequest, ErasedIdentifier, Mode, Receipt
from ops.jobs.run import Run
from ops.jobs.tests.killing import databases

__all__ = ["databases"]

pytestmark = pytest.mark.processes

HERE = __name__


def prepare(mode: str = Mode.ERASE, *, conversations: int = 20) -> None:
    """Alice wrote a message in each conversation, between those of others; her deletion is approved."""
    for name in ("FIRST_SIZE", "LEAST_SIZE", "MOST_SIZE"):
        setattr(batches, name, 8)
    leftovers.CHECKPOINTS = 1
    alice, bob, charlie = (make_user(name, email=f"{name}@example.org") for name in ("alice", "bob", "charlie"))
    sue, sam = (make_user(name, is_staff=True) for name in ("sue", "sam"))
    alice.groups.add(Group.objects.create(name="Friends"))
    for number in range(conversations):
        first = write(charlie, bob, f"first {number}", minute=number)
        hers = answer(first, f"Alice's {number}", sender=alice, receiver=bob)
        Message.objects.filter(pk=hers.pk).update(content=f"Alice's {number}, edited")
        answer(answer(hers, "to Alice"), "not hers", sender=charlie, receiver=bob)
    group = requests.request_deletion([alice], by=sue, reason="alice wrote to us", basis=Basis.USER_REQUEST, mode=mode)
    approval.approve(group.requests.get(), by=sam)


def prepare_slow() -> None:
    """One message a batch: more than 20 workers store who store five each."""
    prepare(conversations=60)
    batches.FIRST_SIZE = batches.LEAST_SIZE = batches.MOST_SIZE = 1


def prepare_anonymising() -> None:
    prepare(Mode.ANONYMISE)


def dying_after_each_step() -> None:
    """Every worker dies as soon as something new of the request is stored; each step has a transaction of its own."""
    steps.BATCH_SECONDS = 0.0
    batch = Run.batch

    def stored() -> Any:
        return DeletionRequest.objects.values_list("state", "progress").get()

    @contextmanager
    def fatal(run: Run) -> Iterator[None]:
        before = stored()
        with batch(run):
            yield
        if stored() != before:
            os.kill(os.getpid(), signal.SIGKILL)

    Run.batch = fatal  # type: ignore[method-assign, assignment]


def prepare_to_die() -> None:
    prepare()
    dying_after_each_step()


def prepare_anonymising_to_die() -> None:
    prepare_anonymising()
    dying_after_each_step()


def look() -> Any:
    """Everything that must be the same, however it came about."""
    connection.check_constraints()
    chain.seal()
    verification.verify()
    receipt = Receipt.objects.get()
    return {
        "messages": list(Message.objects.order_by("pk").values_list("pk", "content", "parent_message", "sender")),
        "conversations": list(Conversation.objects.order_by("pk").values_list("pk", "message_count", "unread_count")),
        "rows": [model.objects.count() for model in (MessageHistory, Notification, User, ErasedIdentifier)],
        "names": list(User.objects.order_by("pk").values_list("username", flat=True)),
        "receipt": [receipt.counts, receipt.steps, receipt.mode],
        "records": list(AccountDeletion.objects.values_list("counts", flat=True)),
        "entries": sorted(Entry.objects.values_list("event", "target_label", "reason")),
        "request": list(DeletionRequest.objects.values_list("state", "username", "email", "reason")),
    }


@pytest.mark.parametrize("prepared", ["prepare", "prepare_anonymising"])
def test_a_deletion_whose_workers_die_between_every_two_steps_ends_the_same(databases: Any, prepared: str) -> None:
    calm = databases.run(f"{HERE}.{prepared}", f"{HERE}.look")
    killed = databases.run(f"{HERE}.{prepared}_to_die", f"{HERE}.look")
    assert (calm.states, killed.states) == (["finished"], ["finished"])
    assert killed.deaths >= 14
    assert killed.found == calm.found
    assert calm.found["request"] == [["done", "", "", ""]]


def test_a_deletion_whose_workers_die_at_any_moment_ends_the_same(databases: Any) -> None:
    """Whoever takes it up stores some batches only to learn how far it is: with fewer than five nobody gets further."""
    calm = databases.run(f"{HERE}.prepare_slow", f"{HERE}.look")
    fates = {"kills": 20, "seed": 5, "longest": calm.seconds / 5, "batches": 5}
    killed = databases.run(f"{HERE}.prepare_slow", f"{HERE}.look", **fates)
    assert (killed.states, killed.deaths) == (["finished"], 20)
    assert killed.found == calm.found
