"""Have the next round count everything, since blocks of days (rollups/numbers/blocks.py) grow with what is counted, and
there are hours of the week. Until then dashboards say that days are still to be counted.

On PostgreSQL numbers are no longer compressed, which took most of the time of counting: blocks have thousands of keys, and
are written again whenever one of their days changes.
"""

from django.db import migrations


def count_again(apps, schema_editor):
    for name in ("DayNumbers", "Keeping"):
        apps.get_model("dashboard", name).objects.using(schema_editor.connection.alias).all().delete()


def storing(how):
    def store(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE dashboard_daynumbers ALTER COLUMN numbers SET STORAGE {how}")

    return store


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0004_named_in_permissions")]

    operations = [
        migrations.RunPython(storing("EXTERNAL"), storing("EXTENDED")),
        migrations.RunPython(count_again, count_again, elidable=True),
    ]
