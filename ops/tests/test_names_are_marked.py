"""The names of models and fields are marked for translation wherever people may read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import RequestFactory
from django.utils.functional import Promise

from messaging.tests.cast import make_user
from messaging.tests.pseudo import ACCENTED, speaking

OWN = ("messaging", "ops.")
# Models that no page, entry or refusal ever names: they have no address and no permission, and no entry is about one.
NEVER_NAMED = {
    "accounts.FailedSignIn": "counted, and never shown",
    "accounts.KeptForm": "a form that comes back as it was sent",
    "audit.Seal": "the chain of the trail, of which pages show positions alone",
    "audit.ShownMessages": "an index of the trail",
    "audit.Unsealed": "the queue of what is to be sealed",
    "dashboard.Beginning": "figures, which pages show under titles of their own",
    "dashboard.DigestReader": "a choice of one person",
    "dashboard.EarlierPending": "figures, which pages show under titles of their own",
    "dashboard.Keeping": "how figures are kept",
    "dashboard.Noted": "what is to be counted anew",
    "deletion.ErasedSkeleton": "digests that are compared",
    "imports.Joined": "numbers for taking an import back",
    "imports.Origin": "one row, of which pages show the name",
    "imports.SavedColumn": "what is chosen beforehand in a form",
    "imports.SavedEncoding": "what is chosen beforehand in a form",
    "imports.SavedPerson": "what is chosen beforehand in a form",
    "moderation.CasePerson": "whom a case is about, which its page says in words of its own",
    "moderation.Claim": "who holds a case, which pages say in words of their own",
    "moderation.Comfort": "choices of one person",
    "moderation.CoveredMessage": "what a decision is about, which pages say in words of their own",
    "moderation.Draft": "a form that comes back as it was sent",
    "moderation.GroupedCase": "a case of a group, which the group's page lists",
    "moderation.NotePerson": "whom a note is about, which pages say in words of their own",
    "moderation.Skip": "what somebody is not given again",
    "notices.EmailReader": "a choice of one person",
    "searching.Look": "until where somebody looked",
}
# Models with fields that have no name of their own: their pages are templates, which use other words, and no form, list
# or filter is made from these fields (checked by the second test).
SHOWN_BY_TEMPLATES = {
    "accounts.Session": "ops/accounts/templates",
    "accounts.User": "but for the fields that people fill in",
    "audit.Entry": "ops/audit/templates",
    "dashboard.DayNumbers": "ops/dashboard/templates",
    "deletion.DeletionGroup": "ops/deletion/templates",
    "deletion.DeletionRequest": "ops/deletion/templates",
    "deletion.ErasedIdentifier": "ops/deletion/templates",
    "deletion.Hold": "ops/deletion/templates",
    "deletion.Receipt": "ops/deletion/templates",
    "exports.Export": "ops/exports/templates",
    "imports.Import": "ops/imports/templates",
    "jobs.Job": "ops/jobs/templates",
    "moderation.Case": "ops/moderation/templates",
    "moderation.Decision": "ops/moderation/templates",
    "moderation.DecisionGroup": "ops/moderation/templates",
    "moderation.Flag": "ops/moderation/templates",
    "moderation.FlagImport": "ops/moderation/templates",
    "moderation.Measure": "ops/moderation/templates",
    "moderation.Note": "ops/moderation/templates",
    "moderation.Opening": "ops/moderation/templates",
    "moderation.View": "but for the fields that people fill in",
    "notices.Notice": "ops/notices/templates",
    "searching.SavedSearch": "but for the fields that people fill in",
}


def own_models() -> Iterator[type[Model]]:
    for app in apps.get_app_configs():
        if app.name.startswith(OWN):
            yield from app.get_models()


def own_fields(model: type[Model]) -> Iterator[Any]:
    """Yield the fields that the model itself declares, without automatic ids."""
    for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
        if not (field.auto_created or field.primary_key):
            yield field


def is_marked(text: Any) -> bool:
    return isinstance(text, Promise)


@pytest.mark.parametrize("model", list(own_models()), ids=lambda model: model._meta.label)
class TestModels:
    def test_the_model_name_is_marked(self, model: type[Model]) -> None:
        marked = is_marked(model._meta.verbose_name) and is_marked(model._meta.verbose_name_plural)
        assert marked != (model._meta.label in NEVER_NAMED), model._meta.verbose_name

    def test_the_field_names_are_marked(self, model: type[Model]) -> None:
        derived = [field.name for field in own_fields(model) if not is_marked(field.verbose_name)]
        listed = model._meta.label in NEVER_NAMED or model._meta.label in SHOWN_BY_TEMPLATES
        assert bool(derived) <= listed, derived

    def test_models_that_are_never_named_have_no_page_and_no_permission(self, model: type[Model]) -> None:
        """Forms of roles and people list permissions by their models."""
        if model._meta.label in NEVER_NAMED:
            assert not admin.site.is_registered(model)
            assert not (model._meta.default_permissions or model._meta.permissions)


def test_the_listed_models_exist() -> None:
    assert {model._meta.label for model in own_models()} >= {*NEVER_NAMED, *SHOWN_BY_TEMPLATES}
    assert not NEVER_NAMED.keys() & SHOWN_BY_TEMPLATES.keys()


@pytest.mark.django_db
def test_generated_forms_and_lists_use_marked_field_names(rf: RequestFactory) -> None:
    """Checks the forms and lists that Django generates, for a superuser."""
    request = rf.get("/")
    request.user = make_user("rosa", is_staff=True, is_superuser=True)
    unmarked = []
    for model, shown in admin.site._registry.items():
        if not shown.opts.app_config.name.startswith(OWN):
            continue
        # If nobody may change rows, Django's form is only shown if its fields are chosen, as read-only text.
        changes = shown.has_add_permission(request) or shown.has_change_permission(request)
        form = shown.get_fields(request) if changes else shown.fields or ()
        named = {*form, *shown.list_display, *shown.list_filter, *shown.readonly_fields}
        for field in own_fields(model):
            if field.name in named and not is_marked(field.verbose_name):
                unmarked.append(f"{model._meta.label}.{field.name}")
    assert unmarked == []


@pytest.mark.django_db
def test_permissions_are_stored_in_english() -> None:
    """Django builds their names from those of models, in any language in which somebody migrates."""
    app = apps.get_app_config("jobs")
    Permission.objects.filter(content_type__app_label=app.label).delete()
    with speaking(ACCENTED):
        create_permissions(app, verbosity=0)
    assert Permission.objects.filter(name="Can view job").exists()
