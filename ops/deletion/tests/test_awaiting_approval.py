"""The requests that await somebody's approval are exactly those that this person may approve."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from messaging.tests.cast import make_user
from ops.accounts.models import User
from ops.conftest import make_staff
from ops.deletion import approval
from ops.deletion.models import DeletionGroup, DeletionRequest, State
from ops.deletion.tests.deleting import sam, sue

__all__ = ["sam", "sue"]


def requests_of_every_kind(people: list[Any]) -> None:
    """Create requests about participants, staff and superusers, by each of ``people`` or a command, own or not, in
    every state."""
    kinds = product([{}, {"is_staff": True}, {"is_superuser": True}], [*people, None], [True, False], State.values)
    for number, (power, by, own, state) in enumerate(kinds):
        user = make_user(f"person{number}")
        User.objects.filter(pk=user.pk).update(**power)
        a_request(user, by, own=own, state=state)


def a_request(user: Any, by: Any, *, own: bool = False, state: str = State.REQUESTED) -> None:
    group = DeletionGroup.objects.create(basis="policy", mode="erase")
    approval_ = {"one_person": True} if state in (State.APPROVED, State.RUNNING, State.DONE) else {}
    DeletionRequest.objects.create(
        group=group, user=user, username="" if state == State.DONE else user.username,
        was_active=True, own=own, requested_by=by, state=state, **approval_,
    )  # fmt: skip


@pytest.mark.parametrize("one_person", [True, False])
def test_pending_requests_are_those_the_person_may_approve(
    sue: Any, sam: Any, rosa: Any, settings: Any, one_person: bool
) -> None:
    settings.DELETION_ONE_PERSON = one_person
    requests_of_every_kind([sue, rosa])
    a_request(sam, sue)
    a_request(rosa, sue)
    for person in (sue, sam, rosa):
        rows = approval.awaiting(person)
        assert rows is not None
        allowed = {one.pk for one in DeletionRequest.objects.all() if approval.why_not_approve(one, by=person) is None}
        assert allowed and set(rows.values_list("pk", flat=True)) == allowed


def test_a_person_without_the_permission_has_no_pending_approvals(sue: Any, alice: Any) -> None:
    a_request(alice, sue)
    assert approval.awaiting(make_staff("olga", "view_deletionrequest")) is None
