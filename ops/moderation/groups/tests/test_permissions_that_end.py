"""A group does not start, or stops, if its author loses the right to it after the preview."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from ops.jobs import starting
from ops.jobs.models import Job
from ops.jobs.pacing import Pace
from ops.moderation.groups import kinds, preparing
from ops.moderation.groups.tests.many import decided_together, previewed, undone
from ops.moderation.models import Act, Decision, DecisionGroup, Label, Measure
from ops.moderation.refusals import DecisionRefused
from ops.moderation.tests.desk import decided, many_reports

pytestmark = pytest.mark.django_db


@pytest.fixture
def spared(spam: Label, reported: Any) -> Any:
    """A case outside of the groups, used to suspend somebody."""
    return reported(spam).case


@pytest.fixture(params=["inactive", "suspended", "no permission"])
def end_rights(request: Any, spared: Any, mona: Any, spam: Label) -> tuple[Callable[[Any], None], str]:
    """Return a function that ends a person's rights, and part of the refusal that follows."""

    def end(person: Any) -> None:
        if request.param == "inactive":
            get_user_model().objects.filter(pk=person.pk).update(is_active=False)
        elif request.param == "suspended":
            until = timezone.now() + timedelta(days=7)
            Measure.objects.create(decision=decided(spared, mona, spam), act=Act.SUSPEND, user=person, until=until)
        else:
            person.user_permissions.clear()

    return end, {"suspended": "may not sign in now"}.get(request.param, "needs a permission")


def waiting(group: DecisionGroup, by: Any, monkeypatch: Any) -> Job:
    """Start a group, and return its job, which has not run yet."""
    monkeypatch.setattr(starting, "do_here", lambda job: None)
    job = preparing.start(group, by=by).job
    assert job is not None
    return job


def run(job: Job) -> tuple[str, str]:
    starting.run_now(job)
    job.refresh_from_db()
    return job.state, job.error


def test_a_group_does_not_start(lena: Any, spam: Label, end_rights: Any) -> None:
    end, says = end_rights
    group = previewed(many_reports(spam, 2), lena, spam)
    end(lena)
    with pytest.raises(DecisionRefused, match=says):
        preparing.start(group, by=get_user_model().objects.get(pk=lena.pk))


def test_a_job_decides_nothing_and_neither_does_its_retry(
    lena: Any, spam: Label, end_rights: Any, monkeypatch: Any
) -> None:
    end, says = end_rights
    group = previewed(many_reports(spam, 2), lena, spam)
    job = waiting(group, lena, monkeypatch)
    end(lena)
    for _ in range(2):
        state, error = run(job)
        assert (state, says in error) == ("failed", True)
        starting.retry(job, by=lena)
    assert not Decision.objects.filter(group=group.pk).exists()


def test_a_job_stops_before_its_next_batch(lena: Any, spam: Label, end_rights: Any, monkeypatch: Any) -> None:
    end, says = end_rights
    monkeypatch.setattr(kinds, "Pace", lambda *_, **__: Pace(1, most=1))
    do_batch, done = kinds.do_batch, []

    def do_one(*args: Any, **kwargs: Any) -> None:
        do_batch(*args, **kwargs)
        done.append(kwargs["by"])
        if len(done) == 2:
            end(lena)

    monkeypatch.setattr(kinds, "do_batch", do_one)
    group = previewed(many_reports(spam, 4), lena, spam)
    state, error = run(waiting(group, lena, monkeypatch))
    assert (state, says in error) == ("failed", True)
    assert Decision.objects.filter(group=group.pk).count() == 2


def without_undoing(person: Any) -> Any:
    """Take away the right to undo colleagues' decisions, and return the account, loaded again."""
    person.user_permissions.remove(*person.user_permissions.filter(codename="undo_decision"))
    return get_user_model().objects.get(pk=person.pk)


class TestGroupsOfColleagues:
    @pytest.fixture(params=["undo", "redo"])
    def reversal(self, request: Any, lena: Any, lea: Any, spam: Label) -> DecisionGroup:
        """Lea's preview that reverses a group of Lena's: it undoes decisions, or restores them."""
        group = decided_together(many_reports(spam, 2), lena, spam)
        if request.param == "redo":
            group = undone(group, lena)
        made = preparing.prepare_reversal(group, note="", by=lea)
        assert made.kind == request.param
        return made

    def test_a_reversal_does_not_start(self, reversal: DecisionGroup, lea: Any) -> None:
        with pytest.raises(DecisionRefused, match="Only its author"):
            preparing.start(reversal, by=without_undoing(lea))

    def test_the_job_of_a_reversal_fails_and_decides_nothing(
        self, reversal: DecisionGroup, lea: Any, monkeypatch: Any
    ) -> None:
        job = waiting(reversal, lea, monkeypatch)
        without_undoing(lea)
        state, error = run(job)
        assert (state, "Only its author" in error) == ("failed", True)
        assert not Decision.objects.filter(group=reversal.pk).exists()

    def test_the_author_of_a_group_needs_no_permission_to_undo_it(self, lena: Any, spam: Label) -> None:
        group = decided_together(many_reports(spam, 1), lena, spam)
        undo = undone(group, without_undoing(lena))
        assert undo.members.done().count() == 1
