"""Support exports one person's data after a second person has approved it: once, within a week, and audited."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ops.accounts.refusals import Refused
from ops.audit.models import Entry
from ops.deletion.tests.screens import make_role
from ops.exports import requests
from ops.exports.models import Export
from ops.exports.personal import approval
from ops.exports.tests.exporting import EXPORTS, WHY, confirmed, some_messages, unzipped


@pytest.fixture
def sue(db: Any, folder: Path) -> Any:
    """Sue works in Support; she may not read messages."""
    return make_role("sue", "Support")


@pytest.fixture
def lena(db: Any) -> Any:
    return make_role("lena", "Lead")


@pytest.fixture
def alice(db: Any) -> Any:
    """Alice asks for her data."""
    return some_messages()[0].sender


@pytest.fixture
def requested(sue: Any, alice: Any) -> Export:
    return approval.request(alice, by=sue, reason=WHY)


def page(export: Export, act: str = "change") -> str:
    return reverse(f"admin:exports_export_{act}", args=[export.pk])


def waiting(client: Client) -> list[str]:
    return [task.words for task in client.get("/console/").context["frame"].tasks]


def test_an_export_is_requested_approved_made_and_downloaded(sue: Any, lena: Any, alice: Any) -> None:
    supporting, leading = confirmed(Client(), sue), confirmed(Client(), lena)
    ask = reverse("admin:exports_export_request", args=[alice.pk])
    assert ask in supporting.get(f"/console/accounts/user/{alice.pk}/", follow=True).content.decode()
    text = supporting.post(ask, {"reason": WHY}, follow=True).content.decode()
    assert "Awaiting approval by a second person." in text
    export = Export.objects.get()

    assert waiting(leading) == ["export awaits your approval"]
    listed = leading.get(f"{EXPORTS}?approval=to-approve")
    assert [row.pk for row in listed.context["cl"].result_list] == [export.pk]
    assert f"<bdi>alice</bdi>: {WHY}" in listed.content.decode()
    assert page(export, "approve") in leading.get(page(export)).content.decode()
    leading.post(page(export, "approve"))
    assert waiting(leading) == []

    assert page(export, "make") in supporting.get(page(export)).content.decode()
    supporting.post(page(export, "make"))
    sent: Any = supporting.get(page(export, "download"))
    file = b"".join(sent.streaming_content)
    assert "messages-received.csv" in unzipped(file)
    events = Entry.objects.about("accounts.user", alice.pk).filter(event__startswith="export.").order_by("pk")
    assert list(events.values_list("event", "actor_name")) == [
        ("export.requested", "sue"),
        ("export.approved", "lena"),
        ("export.made", "sue"),
    ]
    made = events.get(event="export.made")
    assert made.shown.exists()


def test_an_export_cannot_be_made_without_approval(requested: Export, sue: Any, lena: Any) -> None:
    client = confirmed(Client(), sue)
    for act in ("make", "approve"):
        assert client.post(page(requested, act)).status_code == 200
    assert client.get(page(requested, "download")).status_code == 403
    requested.refresh_from_db()
    assert (requested.approval, requested.file, requested.job) == ("requested", "", None)
    assert str(approval.OWN_REQUEST) in client.post(page(requested, "approve")).content.decode()
    approval.refuse(requested, by=lena, reason="Not their data")
    assert client.post(page(requested, "make")).status_code == 200
    assert not Entry.objects.filter(event="export.made").exists()


def test_an_approval_is_valid_once_and_for_a_week(requested: Export, sue: Any, lena: Any) -> None:
    approval.approve(requested, by=lena)
    Export.objects.filter(pk=requested.pk).update(decided_at=timezone.now() - approval.VALID - timedelta(minutes=1))
    requested.refresh_from_db()
    with pytest.raises(Refused, match="more than 7 days old"):
        approval.make(requested, by=sue)
    Export.objects.filter(pk=requested.pk).update(decided_at=timezone.now())
    first, second = (Export.objects.select_related("by", "person").get(pk=requested.pk) for _ in range(2))
    approval.make(first, by=sue)
    with pytest.raises(Refused, match="made already"):
        approval.make(second, by=sue)


def test_a_second_request_for_the_same_person_is_refused_while_one_is_open(
    requested: Export, sue: Any, lena: Any, alice: Any
) -> None:
    with pytest.raises(Refused, match="requested this person’s data already"):
        approval.request(alice, by=sue, reason=WHY)
    approval.refuse(requested, by=lena, reason="Not their data")
    assert approval.request(alice, by=sue, reason=WHY).pk != requested.pk


def test_the_data_of_a_colleague_needs_approval_by_a_superuser(sue: Any, lena: Any, rosa: Any) -> None:
    export = approval.request(make_role("rita", "Reviewer"), by=sue, reason=WHY)
    assert approval.why_not_approve(export, by=lena) == approval.COLLEAGUE
    assert export not in (approval.awaiting(lena) or ())
    approval.approve(export, by=rosa)


def test_the_export_of_own_data_cannot_be_approved(sue: Any, rosa: Any) -> None:
    export = approval.request(rosa, by=sue, reason=WHY)
    assert approval.why_not_approve(export, by=rosa) == approval.OWN_DATA
    assert export not in (approval.awaiting(rosa) or ())


def test_losing_the_role_refuses_the_download(requested: Export, sue: Any, lena: Any) -> None:
    approval.approve(requested, by=lena)
    approval.make(Export.objects.select_related("by", "person").get(pk=requested.pk), by=sue)
    sue.groups.clear()
    sue.groups.add(Group.objects.get(name="Auditor"))
    assert confirmed(Client(), sue).get(page(requested, "download")).status_code == 403


def test_an_approval_gives_no_access_to_messages(requested: Export, sue: Any, lena: Any) -> None:
    approval.approve(requested, by=lena)
    client = confirmed(Client(), sue)
    for address in ("/console/messaging/message/", "/console/messaging/message/export/"):
        assert client.get(address).status_code == 403
    with pytest.raises(Refused, match="You may not export this"):
        requests.draft(by=sue, scope="messages", query="")


def test_a_pending_export_is_shown_to_requester_and_approver(requested: Export, sue: Any, lena: Any) -> None:
    for user in (sue, lena):
        assert confirmed(Client(), user).get(page(requested)).status_code == 200
    other = confirmed(Client(), make_role("dan", "Data operator"))
    assert other.get(page(requested)).status_code == 403
    assert list(other.get(EXPORTS).context["cl"].result_list) == []


def test_the_requester_is_told_about_the_approval(requested: Export, sue: Any, lena: Any) -> None:
    client = confirmed(Client(), sue)
    assert waiting(client) == []
    approval.approve(requested, by=lena)
    (task,) = client.get("/console/").context["frame"].tasks
    assert (task.number, task.words) == (1, "approved export to make")
    assert [row.pk for row in client.get(task.address).context["cl"].result_list] == [requested.pk]
    Export.objects.update(decided_at=timezone.now() - approval.VALID)
    assert waiting(client) == []


def test_an_approval_does_not_cover_a_person_who_became_staff(
    requested: Export, sue: Any, lena: Any, alice: Any
) -> None:
    approval.approve(requested, by=lena)
    alice.is_staff = True
    alice.save()
    requested.refresh_from_db()
    with pytest.raises(Refused, match="only a superuser can approve it"):
        approval.make(requested, by=sue)


def test_an_anonymised_account_cannot_be_exported(sue: Any, alice: Any) -> None:
    alice.anonymised_at = timezone.now()
    with pytest.raises(Refused, match="was anonymised"):
        approval.request(alice, by=sue, reason=WHY)
