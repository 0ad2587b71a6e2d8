"""Moderators can remove parts of texts. PostgreSQL adds the column without looking at a row."""

from django.db import migrations, models

from messaging.database.constraints import AddConstraintForNewRows, AddFieldKeepingIds


class Migration(migrations.Migration):
    dependencies = [("messaging", "0013_message_between")]

    operations = [
        # Without Django's own check of positive numbers, for which PostgreSQL would read the table under a lock.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                AddFieldKeepingIds(
                    model_name="message", name="redaction", field=models.IntegerField(null=True, editable=False)
                )
            ],
            state_operations=[
                migrations.AddField(
                    model_name="message",
                    name="redaction",
                    field=models.PositiveIntegerField(null=True, editable=False),
                )
            ],
        ),
        AddConstraintForNewRows(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("redaction__isnull", True))
                | models.Q(("redaction__gte", 1), ("redaction__lte", models.F("revision"))),
                name="message_redaction_is_a_revision",
            ),
        ),
        migrations.AlterModelOptions(
            name="message",
            options={
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "ordering": ["-timestamp", "-id"],
                "permissions": [("redact_message", "Can remove parts of messages")],
            },
        ),
        migrations.AlterModelOptions(
            name="messagehistory",
            options={
                "ordering": ["edited_at", "id"],
                "permissions": [("read_redacted", "Can read what moderators removed from messages")],
                "verbose_name": "history",
                "verbose_name_plural": "histories",
            },
        ),
    ]
