"""Earlier times in which a case was pending are kept from now on. The next round of the worker counts the days of all cases
again (rollups/rounds.py), for the number of pending cases that each of them began and ended with."""

import django.db.models.deletion
from django.db import migrations, models


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
        migrations.RunPython(migrations.RunPython.noop, remove_trigger),
    ]
