"""Unsent text is read by nobody else, is in no file, and is deleted with the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from messaging.models import Draft, Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.accounts.kept import storing
from ops.accounts.models import KeptForm
from ops.conftest import make_staff
from ops.deletion.tests.deleting import erased, sam, sue
from ops.exports import requests
from ops.exports.tests.exporting import NOW, WHY, make_exporter, unzipped
from ops.files import private_files
from ops.files.tests.conftest import folder
from ops.moderation import models as moderation
from ops.moderation.tests.desk import many_reports, spam

__all__ = ["folder", "sam", "spam", "sue"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]

TYPED = "What nobody was sent"


def write_drafts(person: Any, other: Any, case: moderation.Case) -> None:
    """Store all kinds of unsent text: in messages, in the form of a case, and in a form sent too late."""
    message = Message.objects.first() or write(other, person)
    Draft.objects.create(user=person, to=other, place=f"reply:{message.pk}", content=TYPED)
    Draft.objects.create(user=person, place="new", content=TYPED)
    moderation.Draft.objects.create(reviewer=person, case=case, entered={"note": TYPED})
    storing.store(storing.Sent(str(person.pk), "/messages/new/", "/messages/new/", {"content": [TYPED]}, []))


def left(person: Any) -> list[int]:
    return [
        Draft.objects.of(person.pk).count(),
        moderation.Draft.objects.filter(reviewer=person.pk).count(),
        KeptForm.objects.filter(account_id=person.pk).count(),
    ]


def delete(person: Any, **_: Any) -> None:
    """Delete the account as in a shell, and expire the forms sent too late, which are kept sealed for an hour."""
    get_user_model().objects.get(pk=person.pk).delete()
    KeptForm.objects.filter(account_id=person.pk).update(kept_at=timezone.now() - storing.KEPT_FOR)
    storing.forget_old()


def anonymise(person: Any, *, by: Any, approver: Any) -> None:
    erased(person, by=by, approver=approver, mode="anonymise")


@pytest.mark.parametrize("remove", [erased, anonymise, delete], ids=lambda one: one.__name__)
def test_drafts_go_with_the_account_and_those_of_others_stay(
    remove: Callable[..., Any], sue: Any, sam: Any, spam: Any, alice: Any
) -> None:
    [case] = many_reports(spam, 1)
    person, stays = make_user("kim"), make_staff("mona")
    write(alice, stays)
    for somebody in (person, stays):
        write_drafts(somebody, alice, case)
    Draft.objects.create(user=stays, to=person, place="conversation:1", content=TYPED)
    assert (left(person), left(stays)) == ([3, 1, 1], [3, 1, 1])
    remove(person, by=sue, approver=sam)
    assert (left(person), left(stays)) == ([0, 0, 0], [2, 1, 1])


def test_no_file_of_a_persons_data_holds_their_drafts_and_it_says_so(spam: Any, alice: Any) -> None:
    """Staff create the file, and staff see no drafts."""
    [case] = many_reports(spam, 1)
    emma, person = make_exporter("emma", "view_user"), make_user("kim")
    write(alice, person)
    write_drafts(person, alice, case)
    export = requests.person_zip(person, by=emma, reason=WHY, now=NOW)
    files = unzipped(private_files.path(export.file).read_bytes())
    assert TYPED.encode() not in b"".join(files.values())
    assert "Drafts that kim has not sent are in no file: kim alone reads them" in files["README.txt"].decode()
