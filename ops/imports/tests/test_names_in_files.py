"""Names in a file that belonged to an erased person, or that read like somebody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from messaging.models import Message
from messaging.tests.cast import make_user
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.deletion import erased_names
from ops.imports.events import ImportEvent
from ops.imports.tests.files import row
from ops.imports.tests.importing import checked, problems, stored_import

User = get_user_model()

RECEIPT = UUID("11111111-2222-3333-4444-555555555555")
GONE_SINCE = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def anna(db: Any) -> None:
    """Anna has been erased."""
    erased_names.store(username="Anna", email="", receipt_id=RECEIPT, at=GONE_SINCE)


def sentence(name: str, words: str, when: str = "") -> str:
    reason = f"“{name}” {words} an account that was erased{when} and cannot be used again: "
    return f"row 2, sender: {reason}use another name, or ask a superuser to release it."


@pytest.mark.parametrize("name", ["anna", "ANNA", "\u0410nna", "\U0001d400nna", "Ann\u0430"])
def test_a_name_that_reads_like_an_erased_one_is_refused(bob: Any, anna: None, name: str) -> None:
    import_ = checked(row("1", sender=name), create_users=True)
    assert problems(import_) == [sentence(name, "reads like the name of")]


def test_the_date_of_erasure_is_shown_only_to_users_who_see_receipts(bob: Any, anna: None, rosa: Any) -> None:
    dan = make_staff("dan", "import_messages")
    for by, when in ((dan, ""), (None, ""), (rosa, f" on 2026-03-04 (receipt {RECEIPT})")):
        import_ = checked(row("1", sender="Anna"), create_users=True, by=by)
        assert problems(import_) == [sentence("Anna", "was the name of", when)]


def test_checking_a_file_that_names_erased_people_is_recorded_without_the_names(bob: Any, anna: None) -> None:
    dan = make_staff("dan", "import_messages")
    checked(row("1", sender="Bella"), create_users=True, by=dan)
    assert not Entry.objects.filter(event=ImportEvent.ERASED_NAMED).exists()
    import_ = checked(row("1", sender="Anna"), row("2", sender="anna"), by=dan)
    entry = Entry.objects.get(event=ImportEvent.ERASED_NAMED)
    assert (entry.actor, entry.target_id, entry.details) == (dan, str(import_.pk), {"names": 2})
    assert "anna" not in str(list(Entry.objects.filter(pk=entry.pk).values())).lower()


def anonymised(username: str) -> Any:
    user = User(username=username, is_active=False, anonymised_at=timezone.now())
    user.set_unusable_password()
    user.save()
    return user


@pytest.mark.parametrize("column", ["sender", "receiver"])
def test_anonymised_accounts_are_refused_as_sender_and_receiver(alice: Any, bob: Any, column: str) -> None:
    anonymised("Deleted user 1")
    make_user("bella")
    User(username="Deleted user 2", password="!").save()
    reason = "is an anonymised account, as whom and to whom nobody writes: name somebody else, or remove the row."
    for name in ("Deleted user 1", "Deleted user 2"):
        assert problems(checked(row("1", **{column: name}))) == [f"row 2, {column}: '{name}' {reason}"]


@pytest.mark.parametrize("create_users", [True, False])
@pytest.mark.parametrize("name", ["Deleted user 9", "deleted USER 9", "D\u0435leted user 9", "Deleted_user_l"])
def test_names_like_those_of_anonymised_accounts_are_refused(bob: Any, name: str, create_users: bool) -> None:
    assert problems(checked(row("1", sender=name), create_users=create_users)) == [
        "row 2, sender: Anonymised accounts are called “Deleted user” and a number, and nobody else is: "
        "use another name."
    ]


def test_a_stored_message_of_an_anonymised_account_does_no_harm_in_a_file(alice: Any, bob: Any) -> None:
    stored_import(row("1"))
    message = Message.objects.get()
    gone = anonymised("Deleted user 1")
    Message.objects.filter(pk=message.pk).update(sender=gone)
    again = checked(row("1", sender="Deleted user 1"))
    assert (again.counts["unchanged"], problems(again)) == (1, [])


def test_a_new_account_with_a_similar_name_is_a_warning(alice: Any, bob: Any) -> None:
    rows = [row("1", receiver="bob"), row("2", sender="bob", receiver="Alice"), row("3", sender="Alice")]
    import_ = checked(*rows, create_users=True)
    assert problems(import_) == [
        "row 3, receiver: 'Alice' has no account and reads like 'alice', who has one: is it somebody else?"
    ]
    assert (import_.counts["errors"], import_.counts["warnings"]) == (0, 1)
    assert import_.why_not_storable == ""


def test_imported_accounts_are_found_by_similar_names(bob: Any) -> None:
    stored_import(row("1", sender="\u0430lice"), create_users=True)
    (warning,) = problems(checked(row("2", sender="alice"), create_users=True))
    assert "'alice' has no account and reads like" in warning
