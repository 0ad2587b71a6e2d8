"""On PostgreSQL numbers are not compressed, which took most of the time of counting: blocks of days (rollups/numbers/blocks.py)
have thousands of keys, and are written again whenever one of their days changes."""

from django.db import migrations


def storing(how):
    def store(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE dashboard_daynumbers ALTER COLUMN numbers SET STORAGE {how}")

    return store


class Migration(migrations.Migration):
    replaces = [
        ("dashboard", "0005_blocks_of_all_measures"),
        ("dashboard", "0006_numbers_are_texts"),
        ("dashboard", "0007_larger_blocks"),
    ]
    dependencies = [("dashboard", "0001_initial")]

    operations = [migrations.RunPython(storing("EXTERNAL"), storing("EXTENDED"))]
