"""Nobody can enter a moment at the limits of the calendar; if one is stored, every page still opens."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import DateTimeField
from django.test import RequestFactory
from django.utils import timezone

from messaging.database.moments import validate_moment
from messaging.models import Message
from messaging.tests.test_moments_within_range import EASTERN, FIELDS, WESTERN, ZONES, without_constraints
from ops.accounts.models import User
from ops.console.confirming import CONFIRMED_AT
from ops.exports.models import Export
from ops.exports.tests.exporting import exported, make_exporter
from ops.files.tests.conftest import folder
from ops.tests.asking import address, opened_by, signed_in, status
from ops.tests.test_who_may_open_what import keys

__all__ = ["folder", "keys"]

pytestmark = pytest.mark.crawl

FAR = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]


@pytest.fixture(params=FAR, ids=["year 1", "year 9999"])
def far(request: Any, folder: Path, keys: dict[str, Any]) -> Any:
    """Set all moments to the first or the last year that Python supports, without the constraints of the database."""
    without_constraints()
    fields: list[tuple[Any, str]] = [*FIELDS, (User, "date_joined"), (User, "last_login")]
    for model, field in fields:
        model._base_manager.update(**{field: request.param})
    yield request.param
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def test_every_console_page_opens_with_far_moments(far: datetime, keys: dict[str, Any], settings: Any) -> None:
    """The zone is one in which the moment falls into a year that Python does not support."""
    settings.TIME_ZONE = EASTERN if far.year == 9999 else WESTERN
    client, led = signed_in("rosa"), dict[str, int]()
    opened = {name: status(client, address(name, keys), led) for name in opened_by("rosa")}
    assert {name for name, answered in opened.items() if answered != 200} == set()


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("scope", [Export.Scope.MESSAGES, Export.Scope.CONVERSATIONS])
def test_exports_contain_far_moments(far: datetime, settings: Any, zone: str, scope: str) -> None:
    settings.TIME_ZONE = zone
    by = make_exporter()
    assert exported(by, scope=scope, format="csv").count(f"{far:%Y}".zfill(4).encode()) >= Message.objects.count()


def test_no_form_takes_a_moment_that_cannot_be_shown() -> None:
    """Each field of a form that sets a moment has the validator."""
    request = RequestFactory().get("/console/")
    request.session = {CONFIRMED_AT: timezone.now().timestamp()}  # type: ignore[assignment]
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    settable = {
        f"{model._meta.label_lower}.{name}": model._meta.get_field(name)
        for model, model_admin in admin.site._registry.items()
        for change in (None, model())
        if (model_admin.has_change_permission(request, change) if change else model_admin.has_add_permission(request))
        for name in model_admin.get_form(request, change).base_fields
        if name in {field.name for field in model._meta.fields}
    }
    for name, field in settable.items():
        assert not isinstance(field, DateTimeField) or validate_moment in field.validators, name
