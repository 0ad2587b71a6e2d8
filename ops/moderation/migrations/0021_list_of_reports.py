"""Index reports by when they were made, for their list, and cases by when they were opened again, beside writers; not
atomic, it may be repeated."""

from django.db import migrations, models

from messaging.database.constraints import AddIndexBesideWriters


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0020_named_in_permissions")]

    operations = [
        migrations.AlterModelOptions(
            name="flag",
            options={
                "default_permissions": (),
                "ordering": ["created_at", "id"],
                "permissions": [("flag_message", "Can report messages to the queue")],
                "verbose_name": "report",
                "verbose_name_plural": "reports",
            },
        ),
        AddIndexBesideWriters(
            model_name="flag", index=models.Index(fields=["created_at", "id"], name="flag_latest")
        ),
        AddIndexBesideWriters(
            model_name="case",
            index=models.Index(
                fields=["pending_since"],
                condition=~models.Q(pending_since=models.F("first_flag_at")),
                name="case_reopened",
            ),
        ),
    ]
