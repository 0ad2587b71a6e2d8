"""An index for whether one person ever wrote to another, built beside writers; not atomic, and it may be repeated."""

from django.db import migrations, models

from messaging.database.constraints import AddIndexBesideWriters


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("messaging", "0012_blocks")]

    operations = [
        AddIndexBesideWriters(
            model_name="message",
            index=models.Index(fields=["sender", "receiver"], name="message_between"),
        ),
    ]
