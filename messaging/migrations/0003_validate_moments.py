"""Check the stored rows, in a transaction of its own: the one before has blocked the tables."""

from django.db import migrations

from messaging.database.constraints import ValidateConstraint


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_moments_within_range")]

    operations = [
        ValidateConstraint("conversation", "conversation_moments_within_range"),
        ValidateConstraint("message", "message_moment_within_range"),
        ValidateConstraint("messagehistory", "history_moment_within_range"),
        ValidateConstraint("notification", "notification_moment_within_range"),
    ]
