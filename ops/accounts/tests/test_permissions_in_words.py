"""Permissions are shown in the reader's language: their stored names are English, and marked for translation."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import make_user
from messaging.tests.pseudo import ACCENTED, speaking
from messaging.tests.remains import remains
from ops.accounts.roles import in_words, set_up
from ops.conftest import confirm


def own_models() -> Iterator[type[Model]]:
    for app in apps.get_app_configs():
        if app.name.startswith(("messaging", "ops.")):
            yield from app.get_models()


def marked_in(model: type[Model]) -> set[str]:
    """Return the strings that a model's module marks with ``gettext_noop``."""
    calls = (node for node in ast.walk(ast.parse(inspect.getsource(inspect.getmodule(model) or pytest))))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "gettext_noop"
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def test_each_permission_name_is_marked_for_translation() -> None:
    unmarked = [
        f"{model._meta.label}: {name}"
        for model in own_models()
        for _codename, name in model._meta.permissions
        if name not in marked_in(model)
    ]
    assert unmarked == []


@pytest.mark.django_db
def test_english_permission_names_are_unchanged() -> None:
    for permission in Permission.objects.select_related("content_type"):
        assert in_words(permission) == str(permission)


@pytest.mark.django_db
@pytest.mark.parametrize("shown", ["to choose", "to read"])
def test_the_page_of_a_group_translates_permissions(client: Client, shown: str) -> None:
    set_up()
    rosa = make_user("rosa", is_staff=True, is_superuser=True)
    if shown == "to choose":
        client.force_login(rosa)
        confirm(client, "rosa")
        address = reverse("admin:auth_group_change", args=[Group.objects.create(name="Helpers").pk])
    else:
        client.force_login(rosa)
        address = reverse("admin:auth_group_change", args=[Group.objects.get(name="Lead").pk])
    with speaking(ACCENTED):
        page = client.get(address).content.decode()
        form = page[page.index("<form") : page.rindex("</form>")]
        field = form[form.index("permissions") :]
    assert field.count("⟦") > 40
    assert [line for line in remains(field).splitlines() if "Can" in line] == []
