"""Have the next round count everything, since blocks of days (rollups/numbers/blocks.py) are made when days are counted."""

from django.db import migrations


def count_again(apps, schema_editor):
    apps.get_model("dashboard", "Keeping").objects.using(schema_editor.connection.alias).all().delete()


def remove_blocks(apps, schema_editor):
    days = apps.get_model("dashboard", "DayNumbers").objects.using(schema_editor.connection.alias)
    days.filter(measure__regex=r"^(senders|receivers)_[0-9]+$").delete()


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0002_digest_and_permissions")]

    operations = [migrations.RunPython(count_again, remove_blocks, elidable=True)]
