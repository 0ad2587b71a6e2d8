"""Build the index of imported reports beside writers; not atomic, it may be repeated."""

from django.db import migrations, models

from messaging.database.constraints import AddIndexBesideWriters


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0008_imported_flags")]

    operations = [
        AddIndexBesideWriters(
            model_name="flag",
            index=models.Index(
                fields=["brought_by"], condition=models.Q(brought_by__isnull=False), name="flag_brought"
            ),
        ),
    ]
