"""Exports add links to the pages of other apps, only for people who may use them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.context_processors import PermWrapper
from django.contrib.auth.models import Group
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import make_user
from ops.accounts.tests.with_roles import make_roles

EXPORT = "Export this person’s data"
FIRST = "Download this person’s data first"
REQUEST = "Request this person’s data first"
BY_WHOM = "Support can request it"
ROLES = [
    ((), BY_WHOM),
    (("Support",), REQUEST),
    (("Data operator",), BY_WHOM),
    (("Reviewer", "Lead", "Auditor"), BY_WHOM),
    (("Support", "Data operator"), REQUEST),  # an export has older texts, which they may not see
    (("Support", "Data operator", "Reviewer"), FIRST),
    (None, FIRST),
]


def staff(names: tuple[str, ...] | None) -> Any:
    """Return a user with these roles, or a superuser if there are none."""
    make_roles()
    user = make_user("sam", is_staff=True, is_superuser=names is None)
    user.groups.set(Group.objects.filter(name__in=names or ()))
    return user


def slot(name: str, user: Any, person: Any) -> str:
    template = Template(f'{{% load rooms %}}{{% slot "{name}" person=person %}}')
    return template.render(Context({"person": person, "user": user, "perms": PermWrapper(user)}))


@pytest.mark.parametrize(("names", "before_deletion"), ROLES)
def test_the_deletion_page_says_who_can_export_the_data(
    alice: Any, names: tuple[str, ...] | None, before_deletion: str
) -> None:
    user = staff(names)
    address = reverse("admin:exports_export_person", args=[alice.pk])
    shown = slot("person.before_deletion", user, alice)
    assert (before_deletion in shown, f'href="{address}"' in shown) == (True, before_deletion == FIRST)


@pytest.mark.parametrize(
    ("names", "offered"),
    [
        (("Support",), False),
        (("Support", "Data operator"), False),  # it would be refused: it has older texts
        (("Support", "Data operator", "Reviewer"), True),
        (None, True),
    ],
)
def test_a_users_page_links_to_the_export_with_permission(
    client: Client, alice: Any, names: tuple[str, ...] | None, offered: bool
) -> None:
    client.force_login(staff(names))
    page = client.get(reverse("admin:accounts_user_change", args=[alice.pk]))
    assert (page.status_code, EXPORT in page.content.decode()) == (200, offered)
