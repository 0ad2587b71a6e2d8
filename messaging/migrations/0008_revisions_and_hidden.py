"""Texts have numbers, and moderators can hide messages.

PostgreSQL adds these columns without looking at a row: the numbers of stored texts come with the next migration, and so
do the checks of what is stored.
"""

from django.db import migrations, models

from messaging.database.constraints import AddConstraintForNewRows, AddFieldKeepingIds


def add_revision(model_name, **options):
    """Without Django's own check of positive numbers, for which PostgreSQL would read the table under a lock."""
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            AddFieldKeepingIds(model_name=model_name, name="revision", field=models.IntegerField(**options))
        ],
        state_operations=[
            migrations.AddField(
                model_name=model_name,
                name="revision",
                field=models.PositiveIntegerField(editable=False, **options),
            )
        ],
    )


class Migration(migrations.Migration):
    dependencies = [("messaging", "0007_conversation_longest")]

    operations = [
        add_revision("message", default=1, db_default=1),
        AddFieldKeepingIds(
            model_name="message",
            name="hidden",
            field=models.BooleanField(default=False, db_default=False, editable=False),
        ),
        add_revision("messagehistory", null=True),
        AddConstraintForNewRows(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("revision__gte", 1)), name="message_revision_from_one"
            ),
        ),
    ]
