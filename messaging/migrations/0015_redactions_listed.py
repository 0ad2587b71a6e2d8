"""Check the stored rows and build the index beside writers; not atomic, and each step may be repeated."""

from django.db import migrations, models

from messaging.database.constraints import AddIndexBesideWriters, ValidateConstraint


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("messaging", "0014_redactions")]

    operations = [
        ValidateConstraint("message", "message_redaction_is_a_revision"),
        AddIndexBesideWriters(
            model_name="message",
            index=models.Index(
                condition=models.Q(("redaction__isnull", False)), fields=["timestamp", "id"], name="message_redacted"
            ),
        ),
    ]
