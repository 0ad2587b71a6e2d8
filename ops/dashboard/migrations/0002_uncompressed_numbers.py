"""Do not compress numbers on PostgreSQL, which took most of the time of counting: blocks of days
(rollups/numbers/blocks.py) have thousands of keys, and are rewritten whenever one of their days changes.

It replaces none of the older migrations, which did the same: a database that lacks some of them would be mistaken for
one that has applied all that 0001_initial replaces. Where they were applied, it changes nothing."""

from django.db import migrations


def storing(how):
    def store(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE dashboard_daynumbers ALTER COLUMN numbers SET STORAGE {how}")

    return store


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0001_initial")]

    operations = [migrations.RunPython(storing("EXTERNAL"), storing("EXTENDED"))]
