"""Every history has a number, also those of texts that were edited since the last migration."""

from importlib import import_module

from django.db import migrations, models

from messaging.database.constraints import AddConstraintForNewRows, AlterFieldKeepingIds

number_texts = import_module("messaging.migrations.0009_number_stored_texts").number_texts


class Migration(migrations.Migration):
    dependencies = [("messaging", "0009_number_stored_texts")]

    operations = [
        migrations.RunPython(number_texts, migrations.RunPython.noop),
        AlterFieldKeepingIds(
            model_name="messagehistory", name="revision", field=models.PositiveIntegerField(editable=False)
        ),
        AddConstraintForNewRows(
            model_name="messagehistory",
            constraint=models.CheckConstraint(
                condition=models.Q(("revision__gte", 1)), name="history_revision_from_one"
            ),
        ),
    ]
