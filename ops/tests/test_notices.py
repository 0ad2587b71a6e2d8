"""Every kind of notice that a room declares is given where its event happens: once, and to the person concerned."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.editors import editing_as
from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.accounts.models import User
from ops.audit.context import one_action
from ops.deletion import approval as deciding
from ops.deletion import requests
from ops.deletion.models import Basis, DeletionGroup
from ops.deletion.tests.deleting import approved, ask, erased, work_on
from ops.exports.models import Export
from ops.exports.personal import approval
from ops.exports.requests import draft, start, submit
from ops.exports.tests.exporting import WHY
from ops.files import private_files
from ops.files.tests.conftest import folder
from ops.imports import uploads
from ops.imports.models import Import
from ops.imports.tests.files import row
from ops.imports.tests.importing import checked, stored_import, undone
from ops.jobs import kinds as job_kinds
from ops.jobs import leases, running, starting
from ops.jobs.models import Job
from ops.jobs.notices import notices
from ops.moderation import claims, decisions
from ops.moderation.groups.tests.many import decided_together
from ops.moderation.groups.tests.many import undone as undone_together
from ops.moderation.models import DecisionGroup, FlagImport
from ops.moderation.restoring import restoring
from ops.moderation.tests.desk import decided, many_reports, spam
from ops.notices.kinds import Kind, all_kinds
from ops.notices.mailing import sending
from ops.notices.models import Notice
from ops.notices.topics import TOPICS
from ops.tests.asking import make_staff

__all__ = ["folder", "spam"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]


class World:
    """Olga, who gets the notices, and Rosa, who causes them: superusers who take part in no conversation."""

    def __init__(self, label: Any) -> None:
        self.olga, self.rosa = (make_user(name, is_staff=True, is_superuser=True) for name in ("olga", "rosa"))
        self.alice, self.bob = make_user("alice"), make_user("bob")
        self.label = label

    def asked_for_both(self) -> DeletionGroup:
        options = {"reason": "They wrote", "basis": Basis.USER_REQUEST}
        return requests.request_deletion([self.alice, self.bob], by=self.olga, **options)

    def person_export(self) -> Export:
        return approval.request(self.alice, by=self.olga, reason=WHY)

    def export(self) -> Export:
        write(self.alice, self.bob, "A secret text")
        return start(submit(draft(by=self.olga, scope="messages", reason=WHY)))

    def job(self, kind: str, about: Any = None, **params: Any) -> Job:
        """Create a running job of Olga's."""
        params |= {} if about is None else {"import": str(about.pk), "request": str(about.pk), "group": str(about.pk)}
        lease = {"lease_token": uuid4(), "lease_until": timezone.now() + timedelta(minutes=1)}
        return Job.objects.create(
            kind=kind, title="A job", requester=self.olga, state="running", params=params, **lease
        )

    def ended(self, kind: str, state: str, about: Any = None, result: Any = None, **params: Any) -> None:
        """End a job of Olga's as a worker does, and notify her again, as after an attempt whose commit was lost."""
        job = self.job(kind, about, **params)
        running._end(job, Job.State(state), result=result or {})
        notices.notify_ended(job, state, result or {})

    def import_of_reports(self, step: str, state: str, result: Any = None) -> None:
        import_ = FlagImport.objects.create(by=self.olga, file_name="reports.csv", created_at=timezone.now())
        self.ended(f"moderation.{step}_flags", state, import_, result)


def send_back(world: World) -> None:
    request = ask(world.alice, by=world.olga)
    User.objects.filter(pk=world.olga.pk).update(is_superuser=False)
    lea = make_user("lea", is_staff=True)
    lea.user_permissions.set(Permission.objects.filter(codename="approve_deletionrequest"))
    deciding.approve(request, by=lea)
    User.objects.filter(pk=world.alice.pk).update(is_staff=True)
    work_on(request)
    User.objects.filter(pk=world.olga.pk).update(is_superuser=True)


def refuse_all(world: World) -> None:
    for request in world.asked_for_both().requests.all():
        deciding.refuse(request, by=world.rosa, reason="No")


def finish_both(world: World) -> None:
    group = world.asked_for_both()
    deciding.approve_group(group, by=world.rosa)
    first, second = group.requests.order_by("pk")
    work_on(first)
    assert not Notice.objects.filter(kind="deletion.group_finished").exists()
    work_on(second)


def fail_deletion(world: World) -> None:
    """Fail the deletion, and fail its retry."""
    request = ask(world.alice, by=world.olga)
    for _ in range(2):
        world.ended("accounts.delete", "failed", request)


def expire_export(world: World) -> None:
    export = world.export()
    Export.objects.filter(pk=export.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    for _ in range(2):
        call_command("notify_expired_exports")


def remove_export(world: World) -> None:
    world.export()
    erased(world.alice, by=world.rosa, approver=make_user("rhea", is_staff=True, is_superuser=True))


def expire_import(world: World) -> None:
    import_ = checked(row("1"), by=world.olga)
    private_files.delete_all(import_.upload)
    Import.objects.filter(pk=import_.pk).update(created_at=timezone.now() - timedelta(days=2))
    for _ in range(2):
        uploads.sweep()


def take_over(world: World) -> None:
    [case] = many_reports(world.label, 1)
    claims.claim(world.olga, case)
    claims.take_over(world.rosa, case)


def undo_decision(world: World) -> None:
    [case] = many_reports(world.label, 1)
    decisions.undo(decided(case, world.olga, world.label).pk, by=world.rosa)


def restore_decision(world: World) -> None:
    [case] = many_reports(world.label, 1)
    restoring.restore(decisions.undo(decided(case, world.olga, world.label).pk, by=world.olga).pk, by=world.rosa)


def restore_group(world: World) -> None:
    group = decided_together(many_reports(world.label, 2), world.olga, world.label)
    undone_together(undone_together(group, world.olga), world.rosa)


def change_texts(world: World, number: int) -> None:
    for case in many_reports(world.label, number):
        decided(case, world.olga, world.label)
    Message.objects.update(content="Other words")


def undo_group(world: World) -> None:
    group = decided_together(many_reports(world.label, 2), world.olga, world.label)
    undone_together(group, world.rosa)


def group_decision(world: World) -> DecisionGroup:
    return decided_together(many_reports(world.label, 1), world.olga, world.label)


def change_roles(world: World) -> None:
    User.objects.filter(pk=world.olga.pk).update(last_login=timezone.now())
    with editing_as(world.rosa):
        world.olga.groups.set([Group.objects.create(name="Lead")])


def cancel(world: World) -> None:
    job = starting.start("audit.verify", requester=world.olga, title="A job", params={})
    starting.cancel(job, by=world.rosa)


VERIFY = "audit.verify"
HAPPENS: dict[str, Callable[[World], Any]] = {
    "jobs.finished": lambda world: world.ended(VERIFY, "finished"),
    "jobs.failed": lambda world: world.ended("of another version", "failed"),
    "jobs.cancelled": cancel,
    "accounts.roles_changed": change_roles,
    "deletion.approved": lambda world: approved(world.alice, by=world.olga, approver=world.rosa),
    "deletion.refused": lambda world: deciding.refuse(ask(world.alice, by=world.olga), by=world.rosa, reason="No"),
    "deletion.cancelled": lambda world: deciding.cancel(ask(world.alice, by=world.olga), by=world.rosa, reason="No"),
    "deletion.sent_back": send_back,
    "deletion.finished": lambda world: erased(world.alice, by=world.olga, approver=world.rosa),
    "deletion.failed": fail_deletion,
    "deletion.group_approved": lambda world: deciding.approve_group(world.asked_for_both(), by=world.rosa),
    "deletion.group_refused": refuse_all,
    "deletion.group_cancelled": lambda world: deciding.cancel_group(world.asked_for_both(), by=world.rosa, reason="No"),
    "deletion.group_finished": finish_both,
    "exports.approved": lambda world: approval.approve(world.person_export(), by=world.rosa),
    "exports.refused": lambda world: approval.refuse(world.person_export(), by=world.rosa, reason="No"),
    "exports.ready": World.export,
    "exports.failed": lambda world: world.ended("export.make", "failed", export=str(world.person_export().pk)),
    "exports.expired": expire_export,
    "exports.removed": remove_export,
    "imports.checked": lambda world: checked(row("1"), by=world.olga),
    "imports.check_failed": lambda world: world.ended("import.check", "failed", checked(row("1"))),
    "imports.stored": lambda world: stored_import(row("1"), by=world.olga),
    "imports.refused": lambda world: world.ended("import.store", "finished", checked(row("1")), {"refused": "Why"}),
    "imports.store_failed": lambda world: world.ended("import.store", "failed", checked(row("1"))),
    "imports.undone": lambda world: undone(stored_import(row("1"), by=world.olga), by=world.rosa),
    "imports.undo_failed": lambda world: world.ended("import.undo", "failed", checked(row("1"))),
    "imports.expired": expire_import,
    "moderation.taken_over": take_over,
    "moderation.undone": undo_decision,
    "moderation.undone_in_group": undo_group,
    "moderation.restored": restore_decision,
    "moderation.restored_in_group": restore_group,
    "moderation.lapsed": lambda world: change_texts(world, 1),
    "moderation.lapsed_together": lambda world: change_texts(world, 6),
    "moderation.group_finished": group_decision,
    "moderation.group_failed": lambda world: world.ended("decide_many", "failed", group_decision(world)),
    "moderation.reports_checked": lambda world: world.import_of_reports("check", "finished"),
    "moderation.reports_check_failed": lambda world: world.import_of_reports("check", "failed"),
    "moderation.reports_stored": lambda world: world.import_of_reports("store", "finished"),
    "moderation.reports_refused": lambda world: world.import_of_reports("store", "finished", {"refused": "Why"}),
    "moderation.reports_store_failed": lambda world: world.import_of_reports("store", "failed"),
    "moderation.reports_undone": lambda world: world.import_of_reports("undo", "finished"),
    "moderation.reports_undo_failed": lambda world: world.import_of_reports("undo", "failed"),
}


@pytest.fixture
def world(spam: Any) -> World:
    return World(spam)


def test_every_declared_kind_is_in_this_table() -> None:
    """Every declared kind of notice needs an entry that shows where it is given."""
    assert HAPPENS.keys() == all_kinds().keys()
    named = {name for kind in job_kinds.all_kinds() for name in kind.notifies.values()}
    assert named <= all_kinds().keys()


@pytest.mark.parametrize("kind", all_kinds().values(), ids=lambda kind: kind.name)
def test_a_kind_has_a_sentence_a_topic_and_an_existing_target(kind: Kind) -> None:
    assert re.fullmatch(r"[A-Z][^{}%]+\.", str(kind.sentence))
    assert not kind.target or apps.get_model(kind.target)._meta.label_lower == kind.target
    assert kind.target or kind.called is None
    assert kind.topic in TOPICS
    assert len(kind.name) <= 64 and kind.name.partition(".")[0] in {config.label for config in apps.get_app_configs()}


@pytest.mark.parametrize("name", HAPPENS)
def test_each_notice_is_sent_once_and_links_to_its_subject(name: str, world: World, client: Client) -> None:
    with one_action():  # as in a request
        HAPPENS[name](world)
    [notice] = Notice.objects.of(world.olga.pk).filter(kind=name)
    assert notice.read_at is None
    assert (notice.target_type, bool(notice.target_id)) == (all_kinds()[name].target, bool(all_kinds()[name].target))
    if name == "accounts.roles_changed":
        return  # the notice says everything itself
    client.force_login(world.olga)
    listed = client.get(reverse("admin:notices_notice_changelist")).content.decode()
    assert notice.sentence in listed.replace("&#x27;", "'")
    opened = client.get(reverse("admin:notices_notice_change", args=[notice.pk]))
    assert "/notices/" not in opened["Location"] and client.get(opened["Location"]).status_code == 200
    notice.refresh_from_db()
    assert notice.read_at is not None


# --- People whom they do not concern -------------------------------------------------------------------------------


def test_ones_own_acts_and_participants_cause_no_notice(world: World) -> None:
    deciding.cancel(ask(world.alice, by=world.olga), by=world.olga, reason="A mistake")
    [case] = many_reports(world.label, 1)
    decisions.undo(decided(case, world.olga, world.label).pk, by=world.olga)
    requests.delete_own_account(world.bob)
    assert not Notice.objects.exists()


def test_an_erasure_deletes_the_persons_notices_and_no_notice_names_them(world: World) -> None:
    lena = make_staff("lena")
    Notice.objects.create(recipient=lena, kind="jobs.failed", target_type="jobs.job", target_id="1")
    erased(lena, by=world.olga, approver=world.rosa, mode="anonymise")
    assert not Notice.objects.of(lena.pk).exists()
    kept = {str(value) for row in Notice.objects.values() for value in row.values()}
    assert Notice.objects.exists() and not {str(lena.pk), "lena"} & (kept - {str(world.olga.pk)})


def test_an_erasure_stopped_by_a_hold_sends_no_notice(world: World) -> None:
    request = ask(world.alice, by=world.olga)
    world.ended("accounts.delete", "finished", request, {"stopped": "On hold."})
    assert not Notice.objects.exists()


def test_a_job_that_fails_twice_sends_two_notices(world: World) -> None:
    for _ in range(2):
        world.ended(VERIFY, "failed")
    assert Notice.objects.filter(kind="jobs.failed").count() == 2


def test_a_worker_that_lost_its_lease_sends_no_notice(world: World) -> None:
    job = world.job(VERIFY)
    Job.objects.filter(pk=job.pk).update(lease_token=uuid4())  # another worker took it over
    with pytest.raises(leases.LeaseLost):
        running._end(job, Job.State.FINISHED)
    assert not Notice.objects.exists()


def test_many_lapsed_decisions_send_one_notice(world: World) -> None:
    change_texts(world, 6)
    assert Notice.objects.count() == 1


def test_a_notice_whose_page_may_no_longer_be_opened_says_so(world: World, client: Client) -> None:
    request = approved(world.alice, by=world.olga, approver=world.rosa)
    User.objects.filter(pk=world.olga.pk).update(is_superuser=False)
    client.force_login(world.olga)
    notice = Notice.objects.get(target_id=request.pk)
    response = client.get(reverse("admin:notices_notice_change", args=[notice.pk]), follow=True)
    assert "What this notice is about is gone, or you may not open it." in response.content.decode()


# --- The bell -------------------------------------------------------------------------------------------------------


def bell(client: Client) -> int:
    return client.get("/console/keyboard/").context["frame"].bell.number


def test_the_bell_is_current_and_opening_the_subject_marks_the_notice_read(world: World, client: Client) -> None:
    client.force_login(world.olga)
    assert bell(client) == 0
    request = approved(world.alice, by=world.olga, approver=world.rosa)
    assert bell(client) == 1
    assert 'aria-label="Notices, 1 unread"' in client.get("/console/keyboard/").content.decode()
    page = client.get(reverse("admin:deletion_deletionrequest_change", args=[request.pk]))
    assert page.context["frame"].bell.number == 0  # already on this page, which marks it as read
    assert bell(client) == 0


def test_a_visit_by_another_person_does_not_mark_my_notice_as_read(world: World, client: Client) -> None:
    request = approved(world.alice, by=world.olga, approver=world.rosa)
    client.force_login(world.rosa)
    client.get(reverse("admin:deletion_deletionrequest_change", args=[request.pk]))
    assert Notice.objects.unread().count() == 1


def test_opening_a_finished_export_marks_its_notice_as_read(world: World, client: Client) -> None:
    export = world.export()
    client.force_login(world.olga)
    client.get(reverse("admin:exports_export_change", args=[export.pk]))
    assert bell(client) == 0


def test_the_bell_adds_no_query_to_the_pending_work(client: Client, django_assert_num_queries: Any) -> None:
    nils = make_staff("nils")
    client.force_login(nils)
    client.get("/console/keyboard/")
    # session, user, permissions, and pending work with the bell
    with django_assert_num_queries(4):
        client.get("/console/keyboard/")


# --- By e-mail ------------------------------------------------------------------------------------------------------


def test_one_mail_for_an_approval_a_finished_export_and_an_expired_file(
    world: World, settings: Any, folder: Path
) -> None:
    settings.SENDS_EMAIL, settings.SITE_URL = True, "https://console.example.org"
    User.objects.filter(pk=world.olga.pk).update(email="olga@example.org")
    client = Client()
    client.force_login(world.olga)
    client.post(reverse("admin:email"), {f"notices_{topic}": "on" for topic in ("approvals", "finished", "files")})
    approval.approve(world.person_export(), by=world.rosa)
    expire_export(world)
    for _ in range(2):  # within the minute in which the notices may be read here
        call_command("send_notices", verbosity=0)
    assert mail.outbox == []
    later = timezone.now() + sending.WAIT
    assert [sending.send_due(later), sending.send_due(later)] == [1, 0]
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == (["olga@example.org"], "Threadward: 3 notices")
    for notice in Notice.objects.all():
        assert notice.sentence in sent.body
        assert f"https://console.example.org/console/notices/notice/{notice.pk}/change/" in sent.body
    for name in ("alice", "bob", "rosa", "A secret text", WHY, ".csv", ".zip"):
        assert name not in f"{sent.subject} {sent.body}"
