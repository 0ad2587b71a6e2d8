"""Whether somebody was asked for their time zone. NULL means that they were not: no row is written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_user_keys_off")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="zone_asked",
            field=models.BooleanField(editable=False, null=True),
        ),
    ]
