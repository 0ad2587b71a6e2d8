"""What names are sorted by: a column that every road sets, empty until the next migration fills it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="name_key",
            field=models.BinaryField(max_length=64, null=True),
        ),
    ]
