"""Messages know which parent they await, and when their text was edited in the system that they came from."""

from django.db import migrations, models

import messaging.database.moments
from messaging.database.constraints import AddConstraintForNewRows


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_validate_moments")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="awaited_parent_external_id",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="The external id of the message that it answers, while that one is not stored.",
                max_length=255,
                null=True,
                verbose_name="awaited parent's external id",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="edited_elsewhere_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When the text that it was stored with was edited last, in the system it came from.",
                null=True,
                validators=[messaging.database.moments.validate_moment],
            ),
        ),
        AddConstraintForNewRows(
            model_name="message",
            constraint=messaging.database.moments.moments_within_range("edited_elsewhere_at", name="message_edit_within_range"),
        ),
        AddConstraintForNewRows(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("awaited_parent_external_id__isnull", True))
                | models.Q(("parent_message__isnull", True)),
                name="message_awaits_no_second_parent",
                violation_error_message="A message that answers one awaits no other.",
            ),
        ),
    ]
