"""What exports add to the pages of other rooms is there for those who may use it, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.context_processors import PermWrapper
from django.contrib.auth.models import Group
from django.template import Context, Template
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import make_user
from ops.accounts import roles

EXPORT = "Export this person’s data"
FIRST = "Download this person’s data first"
BY_WHOM = "by a superuser, or by a colleague who is both Support and Data operator"
ROLES = [
    ((), "", BY_WHOM),
    (("Support",), "", BY_WHOM),
    (("Data operator",), EXPORT, BY_WHOM),  # who cannot open a user's page, where the link would be
    (("Reviewer", "Lead", "Auditor"), "", BY_WHOM),
    (("Support", "Data operator"), EXPORT, FIRST),
    (None, EXPORT, FIRST),
]


def staff(names: tuple[str, ...] | None) -> Any:
    """Somebody with these roles; a superuser without."""
    roles.set_up()
    user = make_user("sam", is_staff=True, is_superuser=names is None)
    user.groups.set(Group.objects.filter(name__in=names or ()))
    return user


def slot(name: str, user: Any, person: Any) -> str:
    template = Template(f'{{% load rooms %}}{{% slot "{name}" person=person %}}')
    return template.render(Context({"person": person, "user": user, "perms": PermWrapper(user)}))


@pytest.mark.parametrize(("names", "facts", "before_deletion"), ROLES)
def test_slots_show_what_the_role_may_do(
    alice: Any, names: tuple[str, ...] | None, facts: str, before_deletion: str
) -> None:
    user = staff(names)
    address = reverse("admin:exports_export_person", args=[alice.pk])
    shown = slot("person.facts", user, alice)
    assert (facts in shown, address in shown) == (True, bool(facts))
    shown = slot("person.before_deletion", user, alice)
    assert (before_deletion in shown, address in shown) == (True, before_deletion == FIRST)


@pytest.mark.parametrize(
    ("names", "offered"), [(("Support",), False), (("Support", "Data operator"), True), (None, True)]
)
def test_a_users_page_links_to_the_export_for_who_may(
    client: Client, alice: Any, names: tuple[str, ...] | None, offered: bool
) -> None:
    client.force_login(staff(names))
    page = client.get(reverse("admin:accounts_user_change", args=[alice.pk]))
    assert (page.status_code, EXPORT in page.content.decode()) == (200, offered)
