"""Refuse moments that have no local time everywhere. Those that are stored move by two days at most, to the limit."""

import django.utils.timezone
from django.db import migrations, models

import messaging.database.moments
from messaging.database.constraints import AddConstraintForNewRows

FIELDS = [
    ("conversation", "started_at", {}),
    ("conversation", "last_message_at", {}),
    ("message", "timestamp", {"verbose_name": "sent at"}),
    ("messagehistory", "edited_at", {}),
    ("notification", "created_at", {}),
]


def move_to_limits(apps, schema_editor):
    """Only such rows are written, so this takes no longer than reading the tables once."""
    using = schema_editor.connection.alias
    for model, field, _ in FIELDS:
        rows = apps.get_model("messaging", model)._base_manager.using(using).order_by()
        for beyond, limit in (("lt", messaging.database.moments.EARLIEST), ("gt", messaging.database.moments.LATEST)):
            rows.filter(**{f"{field}__{beyond}": limit}).update(**{field: limit})


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]

    operations = [
        *(
            migrations.AlterField(
                model_name=model,
                name=field,
                field=models.DateTimeField(
                    default=django.utils.timezone.now, validators=[messaging.database.moments.validate_moment], **options
                ),
            )
            for model, field, options in FIELDS
        ),
        migrations.RunPython(move_to_limits, migrations.RunPython.noop),
        AddConstraintForNewRows(
            model_name="conversation",
            constraint=messaging.database.moments.moments_within_range(
                "started_at", "last_message_at", name="conversation_moments_within_range"
            ),
        ),
        AddConstraintForNewRows(
            model_name="message",
            constraint=messaging.database.moments.moments_within_range("timestamp", name="message_moment_within_range"),
        ),
        AddConstraintForNewRows(
            model_name="messagehistory",
            constraint=messaging.database.moments.moments_within_range("edited_at", name="history_moment_within_range"),
        ),
        AddConstraintForNewRows(
            model_name="notification",
            constraint=messaging.database.moments.moments_within_range("created_at", name="notification_moment_within_range"),
        ),
    ]
