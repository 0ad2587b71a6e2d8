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
    output = StringIO()
    call_command("setup_roles", stdout=output)
    return output.getvalue().splitlines()


def held(role: str) -> set[str]:
    permissions = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in permissions}


def permission(codename: str) -> Permission:
    return Permission.objects.get(codename=codename)


def test_every_role_becomes_a_group_with_its_permissions() -> None:
    output = set_up()
    assert {role: held(role) for role in ROLES} == {role: set(names) for role, names in ROLES.items()}
    assert len(output) == len(ROLES)
    assert "Created the role Auditor with 10 permissions (see docs/roles.md)." in output


def test_a_second_run_changes_and_prints_nothing(django_assert_max_num_queries: Any) -> None:
    set_up()
    before = list(Group.permissions.through.objects.order_by("pk").values())
    with django_assert_max_num_queries(3 + 2 * len(ROLES)):
        assert set_up() == []
    assert list(Group.permissions.through.objects.order_by("pk").values()) == before


def test_missing_permissions_are_restored_and_extra_ones_removed() -> None:
    set_up()
    reviewer = Group.objects.get(name="Reviewer")
    reviewer.permissions.remove(permission("view_message"))
    reviewer.permissions.add(permission("change_message"), permission("delete_group"))
    assert set_up() == [
        "Changed the role Reviewer: added messaging.view_message; removed auth.delete_group, messaging.change_message."
    ]
    assert held("Reviewer") == {f"messaging.{codename}" for codename in READING} | POLICY


def test_other_groups_and_members_of_roles_stay() -> None:
    set_up()
    others = Group.objects.create(name="Night shift")
    others.permissions.add(permission("delete_user"))
    rita = make_staff("rita")
    rita.groups.add(Group.objects.get(name="Reviewer"))
    Group.objects.get(name="Reviewer").permissions.clear()
    set_up()
    assert held("Night shift") == {"accounts.delete_user"}
    assert [group.name for group in rita.groups.all()] == ["Reviewer"]


def test_an_unknown_permission_is_named_and_no_role_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = {"messaging.juggle_message": ("Reviewer",), "nowhere.view_it": ("Reviewer",)}
    monkeypatch.setattr(AccountsConfig, "permissions", unknown)
    with pytest.raises(CommandError) as caught:
        set_up()
    assert str(caught.value) == (
        "No role was changed: the roles name permissions that the database does not have: messaging.juggle_message, "
        "nowhere.view_it. Run manage.py migrate first, or correct the name in the apps.py of its room."
    )
    assert not Group.objects.exists()


def test_no_role_has_permissions_for_groups_or_themes() -> None:
    """A role that could change groups could grant itself everything."""
    apps = {name.partition(".")[0] for names in ROLES.values() for name in names}
    assert not apps & {"auth", "admin_interface", "contenttypes", "sessions"}


def test_only_reviewers_leads_and_data_operators_read_messages() -> None:
    readers = {role for role, names in ROLES.items() if any(name.startswith("messaging.") for name in names)}
    assert readers == {"Reviewer", "Lead", "Data operator"}


def test_the_page_of_a_role_is_read_only_and_says_why(client: Client, rosa: Any) -> None:
    set_up()
    client.force_login(rosa)
    address = reverse("admin:auth_group_change", args=[Group.objects.get(name="Support").pk])
    page = client.get(address).content.decode()
    assert "every set-up makes it what it is here" in page
    assert 'type="checkbox"' not in page
    assert client.post(address, {"name": "Support", "permissions": []}).status_code == 403
    assert client.post(address.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert held("Support") == set(ROLES["Support"])


def test_other_groups_can_be_edited(client: Client, rosa: Any) -> None:
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
    text = client.post(add, {"name": "Night shift"}, follow=True).content.decode()
    assert re.search(r"The role “.*Night shift.*” was added successfully", text)
    assert re.search(r"\b1 role\s*<", text) and re.search(r">\s*Add role\s*<", text)
    page = client.get(reverse("admin:auth_group_change", args=[Group.objects.get().pk])).content.decode()
    assert "<h1>Change role</h1>" in page
    assert "Search roles" in client.get(rows).content.decode()


def test_the_list_of_groups_counts_people_and_permissions_in_constant_queries(
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
