"""Texts that differ between file and database: newer, older, or without a time."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Message, MessageHistory
from ops.imports import steps
from ops.imports.pages.forms import StoreForm
from ops.imports.tests.files import row
from ops.imports.tests.importing import (
    at_batch,
    brought,
    checked,
    do,
    everything,
    preview,
    problems,
    stored_import,
    undone,
)
from ops.jobs.run import JobFailed

pytestmark = pytest.mark.django_db
HEADER = "external_id,parent_external_id,sender,receiver,timestamp,content,edited_at\n"
NEWER = "the stored text was written later than this one, or at the same time: it is left as it is."


def edits(*rows: str) -> bytes:
    """Return a file with a message for each "text,edited_at"."""
    return (
        HEADER + "".join(f"{number},,alice,bob,2026-01-05T10:00:00Z,{one}\n" for number, one in enumerate(rows))
    ).encode()


def texts() -> list[tuple[str, str]]:
    """Return the older texts with their times, in order."""
    return [(old, f"{at:%d %H:%M}") for old, at in MessageHistory.objects.values_list("old_content", "edited_at")]


def test_a_newer_text_is_an_edit_of_its_own_time(alice: Any, bob: Any) -> None:
    stored_import(content=edits("one,"))
    stored_import(content=edits("two,2026-01-06T10:00:00Z"), existing="edit")
    stored_import(content=edits("three,2026-01-07T10:00:00+01:00"), existing="edit")
    assert Message.objects.get().content == "three"
    assert texts() == [("one", "06 10:00"), ("two", "07 09:00")]


@pytest.mark.parametrize("existing", ["edit", "skip", "refuse"])
def test_an_older_text_is_never_an_edit(alice: Any, bob: Any, existing: str) -> None:
    stored_import(content=edits("three,2026-01-07T10:00:00Z"))
    assert Message.objects.get().edited
    before = everything()
    for older in ("two,2026-01-06T10:00:00Z", "two,2026-01-07T10:00:00Z"):
        import_ = stored_import(content=edits(older), existing=existing)
        assert problems_of(older, existing) == [f"row 2, content: {NEWER}"]
        assert (import_.counts["changed"], import_.counts["unchanged"], everything()) == (0, 1, before)


def problems_of(one: str, existing: str) -> list[str]:
    return problems(checked(content=edits(one), existing=existing))


def test_a_text_older_than_the_last_edit_is_not_an_edit(alice: Any, bob: Any) -> None:
    stored_import(content=edits("one,"))
    message = Message.objects.get()
    message.content = "corrected today"
    message.save()
    stored_import(content=edits("two,2026-01-06T10:00:00Z"), existing="edit")
    assert Message.objects.get().content == "corrected today"


def test_undoing_an_edit_of_the_past_restores_the_text(alice: Any, bob: Any) -> None:
    stored_import(content=edits("one,"))
    undone(stored_import(content=edits("two,2026-01-06T10:00:00Z"), existing="edit"))
    assert Message.objects.get().content == "one"


def test_an_import_that_is_cancelled_leaves_the_texts_as_they_were(alice: Any, bob: Any) -> None:
    stored_import(content=edits("one,"))
    before = everything()
    import_ = brought(content=edits("two,2026-01-06T10:00:00Z", "new,"), existing="edit")
    with at_batch(3, JobFailed("The disk is full.")):
        do(steps.store(import_, by=None, kick=False))
    assert everything() == before


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("yesterday", "row 2, edited_at: this is not a date and time: write it like 2026-01-05T10:00:00+00:00."),
        (
            "2026-01-04T10:00:00Z",
            "row 2, edited_at: the text was edited before the message was sent: correct edited_at or timestamp.",
        ),
        (
            "2999-01-01T10:00:00Z",
            "row 2, edited_at: the text was edited in the future: correct edited_at, or leave it empty.",
        ),
    ],
)
def test_a_time_that_cannot_be_is_refused(alice: Any, bob: Any, written: str, problem: str) -> None:
    assert problems(checked(content=edits(f"one,{written}"))) == [problem]


def test_without_a_time_leaving_the_stored_text_is_likelier(client: Client, dan: Any, alice: Any, bob: Any) -> None:
    stored_import(row("1"))
    import_ = checked(row("1", content="new"), by=dan)
    offered = preview(import_)["suggestions"]
    assert [(one["option"], one["value"]) for one in offered] == [("existing", "skip"), ("existing", "edit")]
    assert "the file does not say when (edited_at), so the stored text may be newer or as old" in offered[0]["sentence"]
    client.force_login(dan)
    page = client.get(reverse("admin:imports_import_change", args=[import_.pk])).content.decode()
    assert "Leave the stored texts as they are" in page
    assert StoreForm(checked(row("1", content="new"), existing="edit")).initial == {"existing": "skip"}
    stored_import(content=edits("two,"))
    dated = checked(content=edits("three,2026-01-08T10:00:00Z"))
    assert [one["value"] for one in preview(dated)["suggestions"]] == ["edit", "skip"]
    assert StoreForm(dated).initial == {}
