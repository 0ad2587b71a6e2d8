"""Fill the column that names are sorted by, in batches; not atomic, and it may be repeated."""

from django.db import migrations

from ops.accounts.names.filling import fill_keys


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("accounts", "0002_user_name_key")]

    operations = [migrations.RunPython(fill_keys, migrations.RunPython.noop)]
