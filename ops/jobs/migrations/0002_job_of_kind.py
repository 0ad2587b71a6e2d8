"""The last job of a kind is found by an index: that of the verification of the audit trail stands on the home page."""

from django.db import migrations, models

from messaging.database.constraints import AddIndexBesideWriters


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("jobs", "0001_initial")]

    operations = [
        AddIndexBesideWriters(
            model_name="job", index=models.Index(fields=["kind", "created_at", "id"], name="job_of_kind")
        ),
    ]
