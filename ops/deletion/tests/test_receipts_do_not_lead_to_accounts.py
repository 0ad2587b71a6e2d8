"""Nothing connects a request or a receipt with the id of an anonymised account: neither pages nor the audit trail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse

from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.audit.sealing import chain, verification
from ops.deletion import approval
from ops.deletion.events import DeletionEvent
from ops.deletion.models import AccountDeletion, DeletionRequest, Hold, Receipt
from ops.deletion.tests.deleting import ask, work_on
from ops.deletion.tests.screens import ask_about, filled_in, make_role, page_of, signed_in
from ops.jobs.models import Job

Token = tuple[str, str]
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def make_everybody() -> dict[str, Any]:
    roles = {role: make_role(role.lower(), role) for role in ("Support", "Lead", "Auditor", "Reviewer")}
    return {**roles, "superuser": make_user("rosa", is_staff=True, is_superuser=True)}


def asked_and_approved(user: Any, staff: dict[str, Any]) -> DeletionRequest:
    """Request and approve in a browser, as people do, after a cancelled request and with a hold that was lifted."""
    asking, approving = signed_in(staff["Support"]), signed_in(staff["Lead"])
    approval.cancel(ask(user, by=staff["Support"], reason="wonder asked"), by=staff["Lead"], reason="wonder thought")
    asking.get(reverse("admin:accounts_user_change", args=[user.pk]))
    hold = {"kind": "legal", "reason": "about wonder"}
    asking.post(reverse("admin:accounts_user_hold", args=[user.pk]), hold)
    lift = reverse("admin:deletion_hold_lift", args=[Hold.objects.get().pk])
    asking.post(lift, {"reason": "no more about wonder"})
    asking.post(ask_about(user), filled_in(user.username, way="keep", reason="wonder wrote to us"))
    request = DeletionRequest.objects.open().get()
    approve = reverse("admin:deletion_deletionrequest_approve", args=[request.pk])
    approving.post(approve, {"typed": user.username})
    return work_on(request)


def own_request(user: Any, staff: dict[str, Any]) -> DeletionRequest:
    client = Client()
    client.force_login(user)
    client.post(reverse("messaging:delete_user"), {"password": f"{user.username}'s password"})
    request = DeletionRequest.objects.get()
    return request if request.state == "done" else work_on(request)  # on a slow machine a worker finishes it


def colleague(user: Any, staff: dict[str, Any]) -> DeletionRequest:
    """Delete a superuser with a role and a permission of their own, who searched for their own name in the console."""
    user.is_staff = user.is_superuser = True
    user.save()
    user.groups.add(Group.objects.get(name="Lead"))
    user.user_permissions.add(Permission.objects.get(codename="view_user"))
    signed_in(user).get(reverse("admin:accounts_user_changelist"), {"q": "wonder"})
    signed_in(staff["Lead"]).get(reverse("admin:accounts_user_changelist"), {"q": "wonder"})
    signed_in(staff["superuser"]).post(ask_about(user), filled_in("wonder", way="keep"))
    request = DeletionRequest.objects.get()
    approve = reverse("admin:deletion_deletionrequest_approve", args=[request.pk])
    signed_in(staff["Lead"]).post(approve, {"typed": "wonder"})
    return work_on(request)


@dataclass(frozen=True)
class Anonymised:
    """A finished ``request``, the ``number`` of the account that it anonymised, and the ``staff`` involved."""

    request: DeletionRequest
    number: int
    staff: dict[str, Any]


@pytest.fixture(scope="class", params=[asked_and_approved, own_request, colleague])
def anonymised_account(request: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[Anonymised]:
    """An anonymised account, created once per class: each test rolls back its own changes, and the end everything."""
    kept = override_settings(DELETION_MODE="anonymise", DELETION_TEXTS="keep")
    cache.clear()
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # durable transactions refuse to be nested
    with django_db_blocker.unblock(), block, kept:
        yield anonymised(request.param)
        transaction.set_rollback(True)


@pytest.fixture
def gone(anonymised_account: Anonymised, db: Any) -> Anonymised:
    """The anonymised account, with its request reloaded."""
    anonymised_account.request.refresh_from_db()
    return anonymised_account


def anonymised(way: Callable[[Any, dict[str, Any]], DeletionRequest]) -> Anonymised:
    staff = make_everybody()
    user = make_user("wonder", pk=7_654_321, email="w.land@example.org")  # an id that occurs nowhere by chance
    write(user, make_user("bob"), "Hello")
    done = way(user, staff)
    done.refresh_from_db()
    user.refresh_from_db()
    assert (done.state, user.username) == ("done", "Deleted user 1")
    return Anonymised(done, user.pk, staff)


def tokens_of(entry: Entry) -> set[Token]:
    """Return everything that an entry can be found by, or leads to."""
    found = {("action", str(entry.action)), ("entry", str(entry.pk))}
    found |= {("request id", entry.request_id)} if entry.request_id else set()
    found |= {(entry.target_type, entry.target_id)} if entry.target_id else set()
    found |= {("accounts.user", str(entry.actor_id))} if entry.actor_id else set()
    found |= {("entry", str(key)) for key in entry.details.get("named_in", ())}
    return found | {("uuid", one) for one in UUID.findall(str(entry.details))}


def reachable(start: Token, groups: list[set[Token]]) -> set[Token]:
    found = {start}
    while new := set().union(*(group for group in groups if group & found)) - found:
        found |= new
    return found


def links(content: str) -> set[str]:
    return {unescape(link) for link in re.findall(r'(?:href|action|hx-get)="([^"#]+)"', content)}


def check_that_no_page_has_the_id(request: DeletionRequest, number: int, *, client: Client) -> None:
    receipt = Receipt.objects.get()
    trail = reverse("admin:audit_entry_changelist")
    frame = links(client.get("/console/").content.decode())
    waiting = [
        page_of(request),
        reverse("admin:deletion_receipt", args=[receipt.pk]),
        reverse("admin:deletion_deletiongroup", args=[request.group_id]),
        f"{trail}?target=deletion.deletionrequest:{request.pk}",
        *(
            reverse("admin:audit_entry_change", args=[key])
            for key in Entry.objects.filter(target_id=str(request.pk)).values_list("pk", flat=True)
        ),
    ]
    seen: set[str] = set()
    while waiting:
        address = waiting.pop()
        # Skip colleagues' activity, which is not about the request; links that every page has; static files.
        if address in seen or address in frame or "actor=" in address or not address.startswith("/console/"):
            continue
        seen.add(address)
        response = client.get(address)
        if response.status_code != 200:
            continue
        content = b"".join(response) if response.streaming else response.content
        assert str(number) not in content.decode(), address
        assert "Deleted user 1" not in content.decode(), address
        if "?" not in address or "target=" in address:
            waiting += links(content.decode())
    assert len(seen) >= 4
    exported = client.post(f"{trail}export/?target=deletion.deletionrequest:{request.pk}", {"reason": "A check"})
    if exported.status_code == 200 and exported.streaming:
        assert str(number) not in b"".join(exported).decode()


class TestAfterAnonymising:
    def test_no_chain_of_entries_connects_receipt_and_account(self, gone: Anonymised) -> None:
        request, number = gone.request, gone.number
        everybody = {("accounts.user", str(person.pk)) for person in gone.staff.values()}
        groups = [tokens_of(entry) - everybody for entry in Entry.objects.all()]
        for one in DeletionRequest.objects.all():
            name = ("deletion.deletionrequest", str(one.pk))
            groups.append(
                {name, ("uuid", str(one.pk)), *([("accounts.user", str(one.user_id))] if one.user_id else [])}
            )
        for job in Job.objects.all():
            groups.append(
                {("jobs.job", str(job.pk)), ("action", str(job.action)), ("uuid", job.params.get("request", ""))}
            )
        receipt = Receipt.objects.get()
        groups.append({("uuid", str(receipt.pk)), ("uuid", str(receipt.request))})
        reached = reachable(("uuid", str(receipt.pk)), groups)
        assert ("deletion.deletionrequest", str(request.pk)) in reached  # the search works
        assert any(("accounts.user", str(number)) in group for group in groups)  # there is something to find
        assert ("accounts.user", str(number)) not in reached
        assert not AccountDeletion.objects.filter(deleted_by=number).exists()

    def test_no_entry_since_the_request_has_the_id(self, gone: Anonymised) -> None:
        """Entries near the receipt, by time or by actor, are about the request."""
        request, number = gone.request, gone.number
        about = Entry.objects.filter(target_id=str(request.pk))
        asked = about.get(event=DeletionEvent.DELETION_REQUESTED)
        later = Entry.objects.filter(pk__gte=asked.pk).order_by("pk")
        assert set(later.values_list("event", flat=True)) >= {"account.anonymised", "audit.scrubbed"}
        assert about.filter(event="audit.scrubbed").count() == 1
        own = set(Entry.objects.concerning("accounts.user", str(number)).values_list("pk", flat=True))
        own |= set(Entry.objects.by_person(number).values_list("pk", flat=True))
        assert own  # there is something to find
        for entry in later:
            assert str(number) not in str(Entry.objects.filter(pk=entry.pk).values().get()), entry.event
            assert entry.pk not in own
            assert not own & set(entry.details.get("named_in", ())), entry.event

    @pytest.mark.crawl
    def test_no_page_linked_from_the_request_has_the_id(self, gone: Anonymised) -> None:
        """For any role: readings of these pages are recorded about the request, and lead no further than it."""
        for role in ("Support", "Lead", "Auditor", "superuser"):
            check_that_no_page_has_the_id(gone.request, gone.number, client=signed_in(gone.staff[role]))

    def test_entries_about_the_requests_are_scrubbed_and_the_chain_is_valid(self, gone: Anonymised) -> None:
        chain.seal()
        verification.verify()
        text = str([list(entry.values()) for entry in Entry.objects.values()])
        assert "wonder" not in text
        assert "w.land" not in text

    def test_the_chain_stays_valid_after_a_later_erasure(self, gone: Anonymised) -> None:
        again = ask(get_user_model().objects.get(pk=gone.number), by=gone.staff["superuser"], mode="erase")
        approval.approve(again, by=gone.staff["Lead"])
        assert work_on(again).state == "done"
        chain.seal()
        verification.verify()


def test_the_local_part_of_the_address_is_scrubbed_like_the_name(db: Any, settings: Any) -> None:
    staff = make_everybody()
    settings.DELETION_MODE, settings.DELETION_TEXTS = "anonymise", "keep"
    other = ask(make_user("other"), by=staff["Support"], reason="A friend of w.land, they say")
    user = make_user("wonder", email="w.land@example.org")
    signed_in(staff["superuser"]).get(reverse("admin:accounts_user_changelist"), {"q": "w.land"})
    # The other request is still open.
    approval.approve(asked := ask(user, by=staff["Support"]), by=staff["Lead"])
    assert work_on(asked).state == "done"
    other.refresh_from_db()
    assert other.reason == "A friend of [erased], they say"
    assert "w.land" not in str([list(entry.values()) for entry in Entry.objects.values()])
