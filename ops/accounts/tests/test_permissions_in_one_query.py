"""AccountBackend grants the same permissions as Django's own backend, with one query instead of two."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission

from messaging.tests.cast import make_user
from ops.accounts.models import User
from ops.accounts.signing_in.backend import AccountBackend

pytestmark = pytest.mark.django_db


def permission(code: str) -> Permission:
    return Permission.objects.get(content_type__app_label="messaging", codename=code)


def holder(own: tuple[str, ...], *of_groups: tuple[str, ...], **facts: Any) -> User:
    """Return an account with its own permissions, and in one group for each further set of codes."""
    account = make_user("holder", **facts)
    account.user_permissions.set(map(permission, own))
    for number, codes in enumerate(of_groups):
        group = Group.objects.create(name=f"group {number}")
        group.permissions.set(map(permission, codes))
        account.groups.add(group)
    return User.objects.get(pk=account.pk)


@pytest.mark.parametrize("facts", [{}, {"is_active": False}, {"is_superuser": True}])
@pytest.mark.parametrize(
    "sets",
    [
        ((), ()),
        (("view_message",),),
        ((), ("view_message", "change_message")),
        (("view_message",), ("view_message", "change_message"), ("delete_message",)),
    ],
)
def test_the_permissions_equal_those_of_django(
    sets: tuple[tuple[str, ...], ...], facts: dict[str, Any], django_assert_num_queries: Any
) -> None:
    account = holder(*sets, **facts)
    expected = ModelBackend().get_all_permissions(User.objects.get(pk=account.pk))
    with django_assert_num_queries(1 if account.is_active else 0):
        assert AccountBackend().get_all_permissions(account) == expected
        assert AccountBackend().get_all_permissions(account) == expected
    assert account.is_superuser or len(expected) == (len({*sum(sets, ())}) if account.is_active else 0)


def test_there_are_no_permissions_for_single_objects() -> None:
    account = holder(("view_message",))
    assert AccountBackend().get_all_permissions(account, obj=account) == set()
    assert not account.has_perm("messaging.view_message", account)
    assert account.has_perm("messaging.view_message") and not account.has_perm("messaging.change_message")
