"""Everybody's own time zone. It may be NULL: to add a column that cannot be, SQLite would copy the table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_names_are_sorted")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(blank=True, max_length=64, null=True),
        ),
    ]
