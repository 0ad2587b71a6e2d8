"""Have the next rounds count everything, since blocks of days (rollups/numbers/blocks.py) have other lengths, and since
a day that is counted for the first time lists its people instead of counting them. Until then dashboards say that days
are still to be counted.
"""

from django.db import migrations


def count_again(apps, schema_editor):
    for name in ("Keeping", "DayNumbers"):  # the first waits for a worker that is counting
        apps.get_model("dashboard", name).objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0006_numbers_are_texts")]

    operations = [migrations.RunPython(count_again, count_again, elidable=True)]
