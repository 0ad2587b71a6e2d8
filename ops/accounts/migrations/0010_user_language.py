"""The language that somebody chose. NULL means that they chose none: no row is written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_kept_forms")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, max_length=35, null=True),
        ),
    ]
