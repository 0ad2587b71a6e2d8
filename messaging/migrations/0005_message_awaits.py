"""Check the stored rows and build the index beside writers; not atomic, and each step may be repeated."""

from django.db import migrations, models

from messaging.database.constraints import AddIndexBesideWriters, ValidateConstraint


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("messaging", "0004_orphans_and_edits_elsewhere")]

    operations = [
        ValidateConstraint("message", "message_edit_within_range"),
        ValidateConstraint("message", "message_awaits_no_second_parent"),
        AddIndexBesideWriters(
            model_name="message",
            index=models.Index(
                condition=models.Q(("awaited_parent_external_id__isnull", False)),
                fields=["awaited_parent_external_id"],
                name="message_awaits",
            ),
        ),
    ]
