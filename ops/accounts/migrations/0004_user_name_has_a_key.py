"""Refuse names without a key. In one transaction: SQLite copies the table, and drops the old one."""

from django.db import migrations, models
from django.db.models import Q

from messaging.database.constraints import AddConstraintForNewRows
from ops.accounts.names.filling import fill_keys


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_fill_name_keys")]

    operations = [
        # Those that came since: SQLite checks the stored rows at once.
        migrations.RunPython(fill_keys, migrations.RunPython.noop),
        AddConstraintForNewRows(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=Q(("name_key__isnull", False), Q(("name_key", b""), _negated=True)),
                name="user_name_has_a_key",
            ),
        ),
    ]
