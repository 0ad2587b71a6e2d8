"""Workers that are killed between any two steps of a deletion, or at any moment, do not change its result: one
receipt."""

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


def prepare(mode: str = Mode.ERASE, *, more: int = 0) -> None:
    """Create conversations with a message of Alice's between those of others, and approve her deletion. She has
    ``more`` messages in the last one."""
    for name in ("FIRST_SIZE", "LEAST_SIZE", "MOST_SIZE"):
        setattr(batches, name, 8)
    leftovers.CHECKPOINTS = 1
    alice, bob, charlie = (make_user(name, email=f"{name}@example.org") for name in ("alice", "bob", "charlie"))
    sue, sam = (make_user(name, is_staff=True) for name in ("sue", "sam"))
    alice.groups.add(Group.objects.create(name="Friends"))
    for number in range(10):
        first = write(charlie, bob, f"first {number}", minute=number)
        hers = answer(first, f"Alice's {number}", sender=alice, receiver=bob)
        Message.objects.filter(pk=hers.pk).update(content=f"Alice's {number}, edited")
        answer(answer(hers, "to Alice"), "not hers", sender=charlie, receiver=bob)
    copies = {"sender": alice, "receiver": bob, "conversation_id": hers.conversation_id, "timestamp": hers.timestamp}
    Message.objects.bulk_create(Message(content=f"more {number}", **copies) for number in range(more))
    group = requests.request_deletion([alice], by=sue, reason="alice wrote to us", basis=Basis.USER_REQUEST, mode=mode)
    approval.approve(group.requests.get(), by=sam)


def prepare_many() -> None:
    prepare(more=40)


def prepare_anonymising() -> None:
    prepare(Mode.ANONYMISE)


def dying_after_each_step() -> None:
    """Have every worker die as soon as it stores progress of the request; each step has a transaction of its own."""
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


def one_message_a_batch() -> None:
    """Make the work long enough for 20 workers to die during it, after up to five batches each."""
    batches.FIRST_SIZE = batches.LEAST_SIZE = batches.MOST_SIZE = 1


def look() -> Any:
    """Return everything that must not depend on how the jobs ended, after checking constraints and the chain."""
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
def test_workers_killed_after_each_step_do_not_change_the_result(databases: Any, prepared: str) -> None:
    calm, killed = databases.compare(f"{HERE}.{prepared}", f"{HERE}.look", disturb=f"{HERE}.dying_after_each_step")
    assert (calm.states, killed.states) == (["finished"], ["finished"])
    assert killed.deaths >= 14
    assert killed.found == calm.found
    assert calm.found["request"] == [["done", "", "", ""]]


def test_workers_killed_at_random_do_not_change_the_result(databases: Any) -> None:
    """A worker's first batches only find out how far the work is: with ``batches`` below five, none would get
    further."""
    fates = {"disturb": f"{HERE}.one_message_a_batch", "kills": 20, "seed": 5, "share": 4, "batches": 5}
    calm, killed = databases.compare(f"{HERE}.prepare_many", f"{HERE}.look", **fates)
    assert (killed.states, killed.deaths) == (["finished"], 20)
    assert killed.found == calm.found
