"""Moments that some time zone cannot show are refused on every code path, but shown where they are stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import DateTimeField
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.database.moments import EARLIEST, LATEST, SafeZone
from messaging.models import Block, Draft, Message
from messaging.tests.conversations import write

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)
FAR = [datetime.min.replace(tzinfo=UTC), EARLIEST - MOMENT, LATEST + MOMENT, datetime.max.replace(tzinfo=UTC)]
FIELDS = [
    (model, field.name)
    for model in apps.get_app_config("messaging").get_models()
    for field in model._meta.get_fields()
    if isinstance(field, DateTimeField)
]
ZONES = EASTERN, WESTERN = ["Pacific/Kiritimati", "Pacific/Pago_Pago"]
every_field = pytest.mark.parametrize(
    ("model", "field"), FIELDS, ids=[f"{model._meta.model_name}.{field}" for model, field in FIELDS]
)
every_far_moment = pytest.mark.parametrize("moment", FAR, ids=str)


@pytest.fixture
def rows(alice: Any, bob: Any) -> None:
    """Store a row of each model."""
    message = write(alice, bob)
    message.content = "edited"
    message.save()
    Block.objects.create(blocker=alice, blocked=bob)
    Draft.objects.create(user=alice, to=bob, place="new", content="hello")


def without_constraints() -> None:
    """Disable the constraints until the test ends: restored old dumps and raw SQL may leave rows that break them."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            return
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in {model for model, _ in FIELDS}:
            for one in model._meta.constraints:
                if one.name.endswith("within_range"):
                    cursor.execute(f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {one.name}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def unconstrained(rows: None) -> Any:
    without_constraints()
    yield
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


@every_field
@every_far_moment
def test_a_far_moment_is_refused_in_every_way_of_storing(
    rows: None, model: type[Any], field: str, moment: datetime
) -> None:
    row = model._base_manager.first()
    setattr(row, field, moment)
    with pytest.raises(ValidationError, match="between 3 January of the year 1 and 29 December 9999"):
        row.clean_fields()
    row.pk, row._state.adding = None, True
    for road in (
        lambda: model._base_manager.update(**{field: moment}),
        lambda: model._base_manager.bulk_create([row]),
        row.save,
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            road()


@every_field
@pytest.mark.parametrize("moment", [EARLIEST, LATEST], ids=str)
def test_the_limits_are_stored_and_read_as_they_are(rows: None, model: type[Any], field: str, moment: datetime) -> None:
    row = model._base_manager.first()
    setattr(row, field, moment)
    row.clean_fields()
    model._base_manager.update(**{field: moment})
    assert getattr(model._base_manager.first(), field) == moment


@pytest.mark.parametrize("zone", ZONES)
@every_far_moment
def test_every_moment_has_a_local_time_in_a_safe_zone(zone: str, moment: datetime) -> None:
    local = timezone.localtime(moment, SafeZone(zone))
    assert f"{local:%d}" and local.isoformat()
    now = timezone.now()
    assert timezone.localtime(now, SafeZone(zone)) == now


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("moment", [FAR[0], FAR[-1]], ids=str)
def test_pages_of_participants_open_with_extreme_moments(
    unconstrained: None, client: Client, bob: Any, settings: Any, zone: str, moment: datetime
) -> None:
    settings.TIME_ZONE = zone
    for model, field in FIELDS:
        model._base_manager.update(**{field: moment})
    client.force_login(bob)
    message = Message.objects.get()
    for name, args in (("inbox", []), ("conversation", [message.conversation_id]), ("history", [message.pk])):
        page = client.get(reverse(f"messaging:{name}", args=args))
        assert page.status_code == 200
        assert str(moment.year) in page.content.decode()
