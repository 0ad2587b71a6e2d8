"""Earlier times in which a case was pending are kept from now on. The days of all cases are counted again, for the number
of pending cases that each of them began and ended with."""

from datetime import UTC, timedelta

import django.db.models.deletion
from django.db import migrations, models

LAST_QUARTER = timedelta(minutes=45)  # of an hour: in some time zones a day begins between the two


def note_cases(apps, schema_editor):
    using = schema_editor.connection.alias
    cases = apps.get_model("moderation", "Case").objects.using(using).order_by()
    hours = {hour for field in ("pending_since", "closed_at") for hour in cases.datetimes(field, "hour", tzinfo=UTC)}
    quarters = sorted({quarter for hour in hours for quarter in (hour, hour + LAST_QUARTER)})
    noted = apps.get_model("dashboard", "Noted")
    noted.objects.using(using).bulk_create([noted(family="desk", at=at) for at in quarters], 1_000)


def remove_trigger(apps, schema_editor):
    """On SQLite, none is there while anything is migrated."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER IF EXISTS dashboard_earlierpending_kept ON moderation_case")


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0002_uncompressed_numbers"), ("moderation", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="EarlierPending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(db_index=True)),
                ("until", models.DateTimeField(db_index=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="moderation.case"
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunPython(note_cases, remove_trigger),
    ]
