"""Numbers are JSON in texts, which PostgreSQL writes several times as fast as jsonb. They stay uncompressed there."""

from django.db import migrations

import ops.dashboard.models


def leave_uncompressed(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE dashboard_daynumbers ALTER COLUMN numbers SET STORAGE EXTERNAL")


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0005_blocks_of_all_measures")]

    operations = [
        migrations.AlterField("daynumbers", "numbers", ops.dashboard.models.NumbersField(default=dict)),
        migrations.RunPython(leave_uncompressed, leave_uncompressed),
    ]
