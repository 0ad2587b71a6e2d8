"""Install the app of these tests, with its table, its permissions and its addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import override_settings

from ops.audit.tests.reference.models import Colour

APP = "ops.audit.tests.reference.apps.ReferenceTestsConfig"


@pytest.fixture(scope="module", autouse=True)
def installed(django_db_setup: Any, django_db_blocker: Any) -> Iterator[None]:
    addresses = "ops.audit.tests.reference.urls"
    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, APP], ROOT_URLCONF=addresses):
        with django_db_blocker.unblock():
            with connection.schema_editor() as editor:
                editor.create_model(Colour)
            create_permissions(apps.get_app_config("reference_tests"), verbosity=0)
        yield
        with django_db_blocker.unblock():
            ContentType.objects.filter(app_label="reference_tests").delete()
            with connection.schema_editor() as editor:
                editor.delete_model(Colour)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path / "private"
    return settings.PRIVATE_DIR
