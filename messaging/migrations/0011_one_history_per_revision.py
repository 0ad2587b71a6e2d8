"""Check the stored numbers and build the index beside writers; not atomic, and each step may be repeated."""

from django.db import migrations, models

from messaging.database.constraints import AddUniqueBesideWriters, ValidateConstraint


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("messaging", "0010_histories_have_revisions")]

    operations = [
        ValidateConstraint("messagehistory", "history_revision_from_one"),
        AddUniqueBesideWriters(
            model_name="messagehistory",
            constraint=models.UniqueConstraint(fields=("message", "revision"), name="one_history_per_revision"),
        ),
    ]
