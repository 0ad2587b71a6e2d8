"""An index for the conversations with most messages, built beside writers; not atomic, and it may be repeated."""

from django.db import migrations, models

from messaging.database.constraints import AddIndexBesideWriters


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("messaging", "0006_history_latest")]

    operations = [
        AddIndexBesideWriters(
            model_name="conversation",
            index=models.Index(fields=["message_count", "id"], name="conversation_longest"),
        ),
    ]
