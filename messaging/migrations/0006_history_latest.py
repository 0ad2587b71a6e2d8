"""The list of edits, and those of the last days, are read by their time."""

from django.db import migrations, models

from messaging.database.constraints import AddIndexBesideWriters


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("messaging", "0005_message_awaits")]

    operations = [
        AddIndexBesideWriters(
            model_name="messagehistory",
            index=models.Index(fields=["edited_at", "id"], name="history_latest"),
        ),
    ]
