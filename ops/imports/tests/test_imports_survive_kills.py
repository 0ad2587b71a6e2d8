"""Workers are killed with -9 at random moments of an import and an undo; the result is that of an undisturbed run."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.imports import steps, undoing
from ops.imports.models import Import
from ops.imports.storing import messages, people, plan, texts
from ops.imports.tests.files import row
from ops.imports.tests.importing import brought, everything
from ops.jobs import pacing, starting
from ops.jobs.tests.killing import databases

__all__ = ["databases"]

pytestmark = pytest.mark.processes

SENT = "2026-01-05T10:00:00+00:00"


def in_small_batches() -> None:
    """Use small batches. Workers are forked from the preparing process, so they do too."""
    plan.PIECE, pacing.BATCH_SECONDS, people.USERS, texts.PIECE, undoing.PIECE, undoing.PEOPLE = (
        5,
        0,
        4,
        2,
        10,
        4,
    )


def a_file() -> Import:
    """Import threads in any order, new people, answers to a stored message, changed texts, rows without an id."""
    alice, bob = make_user("alice"), make_user("bob")
    for number in range(20):
        write(alice, bob, "old", external_id=f"old{number}")
    threads = [
        row(f"{thread}.{place}", f"{thread}.{place - 1}" if place else "old0" if thread % 5 == 0 else "", sender=name)
        for thread in range(20)
        for place, name in enumerate(["alice", "bob", f"new{thread}", "alice", "bob"][: 1 + thread % 5])
    ]
    long = [row(f"long.{place}", f"long.{place - 1}" if place else "") for place in range(60)]
    changes = [row(f"old{number}", timestamp=SENT, content="changed") for number in range(5, 15)]
    options: dict[str, Any] = {"create_users": True, "notify": True, "existing": "edit"}
    return brought(*reversed(threads), *long, *changes, row(""), row(""), **options)


def prepare() -> None:
    in_small_batches()
    steps.store(a_file(), by=None, kick=False)


def prepare_cancelled() -> None:
    in_small_batches()
    job = steps.store(a_file(), by=None, kick=False)
    store = messages.store_messages

    def cancelled_in_the_middle(*args: Any, **options: Any) -> None:
        store(*args, **options)
        with suppress(starting.NotPossible):  # it was cancelled before an earlier kill
            starting.cancel(job, by=None)

    messages.store_messages = cancelled_in_the_middle


def prepare_undo() -> None:
    prepare()
    import_ = Import.objects.get()
    assert import_.job is not None
    starting.run_now(import_.job)
    four = Message.objects.get(external_id="long.4")
    write(make_user("carl"), make_user("dan"), "since", parent_message=four, external_id="since")
    steps.undo(import_, by=None, kick=False)


def look() -> Any:
    """Return everything, and the ids of what was imported, counted from the first possible one."""
    import_ = Import.objects.get()
    base = import_.message_base or 0
    rows = Message.objects.filter(pk__gt=base).order_by("pk").values_list("pk", "conversation_id", "external_id")
    begun = import_.conversation_base or 0
    ids = [(pk - base, max(conversation - begun, 0), name) for pk, conversation, name in rows]
    return repr((import_.state, everything(), ids if import_.state == Import.State.STORED else [], import_.outcome))


@pytest.mark.parametrize(
    ("prepared", "state", "seed"),
    [("prepare", "finished", 1), ("prepare_cancelled", "cancelled", 2), ("prepare_undo", "finished", 3)],
)
def test_the_end_is_the_same_however_often_workers_die(databases: Any, prepared: str, state: str, seed: int) -> None:
    fates = {"kills": 20, "seed": seed, "share": 20}
    calm, killed = databases.compare(f"{__name__}.{prepared}", f"{__name__}.look", **fates)
    assert (killed.errors[-1], killed.states[-1]) == ("", state)
    assert killed.found == calm.found
    assert killed.deaths == 20
