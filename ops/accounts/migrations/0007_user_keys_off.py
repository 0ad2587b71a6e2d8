"""Whether somebody switched single keys off. NULL means that they did not: no row is written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_user_time_zone")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="keys_off",
            field=models.BooleanField(editable=False, null=True),
        ),
    ]
