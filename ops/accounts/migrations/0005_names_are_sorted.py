"""Check the stored rows, and build the indexes beside writers; not atomic, and it may be repeated."""

from django.db import migrations, models

from messaging.database.constraints import AddIndexBesideWriters, ValidateConstraint
from ops.accounts.names.filling import fill_keys


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0004_user_name_has_a_key")]

    operations = [
        # On PostgreSQL others may write until the constraint is there: after the last were filled, but before it.
        migrations.RunPython(fill_keys, migrations.RunPython.noop),
        ValidateConstraint("user", "user_name_has_a_key"),
        AddIndexBesideWriters(
            model_name="user", index=models.Index(fields=["name_key", "id"], name="user_by_name")
        ),
        AddIndexBesideWriters(
            model_name="user", index=models.Index(fields=["date_joined", "id"], name="user_joined")
        ),
    ]
