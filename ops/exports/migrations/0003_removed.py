"""An export that an erasure removed says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exports", "0002_export_approval")]

    operations = [
        migrations.AddField(model_name="export", name="removed", field=models.BooleanField(default=False)),
    ]
