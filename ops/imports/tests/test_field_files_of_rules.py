"""The files of ../shared/data/field that are about the meaning of rows are read as its README states."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.models import Conversation, Message, MessageHistory
from messaging.tests.cast import make_user
from ops.imports.models import Import
from ops.imports.tests.files import SHARED
from ops.imports.tests.importing import checked, preview, problems, stored_import

FIELD = SHARED / "field"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FIELD.is_dir(), reason=f"the shared test data is not at {SHARED}"),
]


@pytest.fixture(autouse=True)
def people(db: Any) -> None:
    for username in ("alice", "bob", "carol", "dave"):
        make_user(username)


def of(name: str, **options: Any) -> Import:
    return checked(content=(FIELD / name).read_bytes(), **options)


def offered(import_: Import) -> list[tuple[str, Any]]:
    """Return the choices that the page offers for this file, by name and value."""
    return [(one["option"], one["value"]) for one in preview(import_)["suggestions"]]


def test_07_a_root_that_names_itself_begins_a_conversation_if_that_is_chosen() -> None:
    found = of("07-slack-own-thread.csv")
    assert problems(found) == [
        "row 2, parent_external_id: replies in a loop: 1705312800.000100 → 1705312800.000100 (row 2): correct one of "
        "these parents."
    ]
    assert offered(found) == [("self_parents_begin", True)]
    assert preview(found)["suggestions"][0]["sentence"] == (
        "Row 2 names itself as its parent: Slack, for one, writes the beginning of a thread like that."
    )
    stored_import(content=(FIELD / "07-slack-own-thread.csv").read_bytes(), self_parents_begin=True)
    links = Message.objects.order_by("external_id").values_list("content", "parent_message__content")
    assert list(links) == [("root", None), ("reply", "root")]
    assert not Message.objects.exclude(awaited_parent_external_id=None).exists()
    again = of("07-slack-own-thread.csv", self_parents_begin=True)
    assert (again.counts["unchanged"], problems(again)) == (2, [])


def test_08_answers_to_one_missing_message_begin_one_conversation() -> None:
    name = "08-slack-root-missing.json"
    missing = "parent 1705399999.000100 is neither in the file nor stored"
    assert [missing in problem for problem in problems(of(name))] == [True, True]
    import_ = stored_import(content=(FIELD / name).read_bytes(), start_conversations=True)
    assert (Message.objects.count(), Conversation.objects.count()) == (2, 1)
    assert import_.outcome["conversations"] == 1
    assert Conversation.objects.get().message_count == 2


@pytest.mark.parametrize("existing", ["skip", "edit"])
def test_23_an_older_revision_that_comes_later_is_asked_about(existing: str) -> None:
    names = ("23-older-revision-later-1.csv", "23-older-revision-later-2.csv")
    first, second = ((FIELD / name).read_bytes() for name in names)
    stored_import(content=first)
    found = checked(content=second)
    assert (found.counts["errors"], offered(found)) == (1, [("existing", "skip"), ("existing", "edit")])
    stored_import(content=second, existing=existing)
    assert Message.objects.get().content == {"skip": "version three", "edit": "version two"}[existing]
    assert MessageHistory.objects.count() == (existing == "edit")


def test_35_equal_rows_are_imported_both_or_once() -> None:
    found = of("35-no-ids.csv")
    assert problems(found) == ["Rows 2 and 3 are alike and have no id. All of them are imported."]
    assert (found.counts["new"], offered(found)) == (3, [("alike_once", True)])
    once = of("35-no-ids.csv", alike_once=True)
    assert problems(once) == ["row 3 repeats row 2; skipped"]
    assert (once.counts["new"], once.counts["repeated"], offered(once)) == (2, 1, [])
