"""``manage.py setup_roles``: each role's group holds exactly the permissions in the table; changes are reported."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from ops.accounts.apps import AccountsConfig
from ops.accounts.roles import permissions_by_role
from ops.conftest import READING, confirm, make_staff

ROLES = permissions_by_role()
# What Reviewers may do besides reading messages.
POLICY = {
    "dashboard.view_review",
    *(
        f"moderation.{name}"
        for name in (
            "view_label",
            "view_cannedreason",
            "view_case",
            "view_decision",
            "decide_case",
            "flag_message",
            "view_note",
            "add_note",
        )
    ),
}


@pytest.fixture(autouse=True)
def database(db: Any) -> None:
    """All of these tests use the database."""


def set_up() -> list[str]:
    """Run the command; return the lines of its output."""
    said = StringIO()
    call_command("setup_roles", stdout=said)
    return said.getvalue().splitlines()


def held(role: str) -> set[str]:
    permissions = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in permissions}


def permission(codename: str) -> Permission:
    return Permission.objects.get(codename=codename)


def test_every_role_becomes_a_group_that_holds_what_the_table_says() -> None:
    said = set_up()
    assert {role: held(role) for role in ROLES} == {role: set(names) for role, names in ROLES.items()}
    assert len(said) == len(ROLES)
    assert "Created the role Auditor with 10 permissions (see docs/roles.md)." in said


def test_a_second_run_changes_nothing_and_says_nothing(django_assert_max_num_queries: Any) -> None:
    set_up()
    before = list(Group.permissions.through.objects.order_by("pk").values())
    with django_assert_max_num_queries(3 + 2 * len(ROLES)):
        assert set_up() == []
    assert list(Group.permissions.through.objects.order_by("pk").values()) == before


def test_what_was_taken_from_a_role_comes_back_and_what_does_not_belong_goes() -> None:
    set_up()
    reviewer = Group.objects.get(name="Reviewer")
    reviewer.permissions.remove(permission("view_message"))
    reviewer.permissions.add(permission("change_message"), permission("delete_group"))
    assert set_up() == [
        "Changed the role Reviewer: added messaging.view_message; removed auth.delete_group, messaging.change_message."
    ]
    assert held("Reviewer") == {f"messaging.{codename}" for codename in READING} | POLICY


def test_other_groups_and_the_people_of_a_role_stay() -> None:
    set_up()
    others = Group.objects.create(name="Night shift")
    others.permissions.add(permission("delete_user"))
    rita = make_staff("rita")
    rita.groups.add(Group.objects.get(name="Reviewer"))
    Group.objects.get(name="Reviewer").permissions.clear()
    set_up()
    assert held("Night shift") == {"accounts.delete_user"}
    assert [group.name for group in rita.groups.all()] == ["Reviewer"]


def test_a_permission_that_does_not_exist_is_named_and_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = {"messaging.juggle_message": ("Reviewer",), "nowhere.view_it": ("Reviewer",)}
    monkeypatch.setattr(AccountsConfig, "permissions", unknown)
    with pytest.raises(CommandError) as caught:
        set_up()
    assert str(caught.value) == (
        "No role was changed: the roles name permissions that the database does not have: messaging.juggle_message, "
        "nowhere.view_it. Run manage.py migrate first, or correct the name in the apps.py of its room."
    )
    assert not Group.objects.exists()


def test_nobody_but_superusers_looks_after_groups_and_themes() -> None:
    """A role that could change groups could grant itself everything."""
    apps = {name.partition(".")[0] for names in ROLES.values() for name in names}
    assert not apps & {"auth", "admin_interface", "contenttypes", "sessions"}


def test_only_reviewers_leads_and_data_operators_read_messages() -> None:
    readers = {role for role, names in ROLES.items() if any(name.startswith("messaging.") for name in names)}
    assert readers == {"Reviewer", "Lead", "Data operator"}


def test_the_page_of_a_role_says_that_it_is_kept_as_it_is(client: Client, rosa: Any) -> None:
    set_up()
    client.force_login(rosa)
    address = reverse("admin:auth_group_change", args=[Group.objects.get(name="Support").pk])
    page = client.get(address).content.decode()
    assert "every set-up makes it what it is here" in page
    assert 'type="checkbox"' not in page
    assert client.post(address, {"name": "Support", "permissions": []}).status_code == 403
    assert client.post(address.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert held("Support") == set(ROLES["Support"])


def test_a_group_of_ones_own_is_changed_as_ever(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    confirm(client, "rosa")
    address = reverse("admin:auth_group_change", args=[Group.objects.create(name="Night shift").pk])
    client.post(address, {"name": "Night shift", "permissions": [permission("view_message").pk]})
    assert held("Night shift") == {"messaging.view_message"}


def test_the_pages_of_roles_call_them_roles(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    confirm(client, "rosa")
    rows, add = reverse("admin:auth_group_changelist"), reverse("admin:auth_group_add")
    assert "<h1>Add role</h1>" in client.get(add).content.decode()
    said = client.post(add, {"name": "Night shift"}, follow=True).content.decode()
    assert re.search(r"The role “.*Night shift.*” was added successfully", said)
    assert re.search(r"\b1 role\s*<", said) and re.search(r">\s*Add role\s*<", said)
    page = client.get(reverse("admin:auth_group_change", args=[Group.objects.get().pk])).content.decode()
    assert "<h1>Change role</h1>" in page
    assert "Search roles" in client.get(rows).content.decode()


def test_the_list_of_groups_counts_people_and_permissions_in_one_query_for_all(
    client: Client, rosa: Any, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    set_up()
    make_staff("rita").groups.add(Group.objects.get(name="Reviewer"))
    client.force_login(rosa)
    address = reverse("admin:auth_group_changelist")
    client.get(address)  # the theme is read once per process
    with django_assert_max_num_queries(8) as few:
        rows = {row.name: row for row in client.get(address).context["cl"].result_list}
    assert (rows["Reviewer"].people, rows["Reviewer"].may) == (1, len(READING) + len(POLICY))
    for number in range(30):
        Group.objects.create(name=f"group {number}").permissions.add(permission("view_message"))
    with django_assert_num_queries(len(few)):
        client.get(address)
