"""An index of the decisions of each group."""

from django.db import migrations, models
from django.db.models import Q

from messaging.database.constraints import AddIndexBesideWriters


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0010_groups")]

    operations = [
        AddIndexBesideWriters(
            model_name="decision",
            index=models.Index(fields=["group", "case"], name="decision_of_group", condition=Q(group__isnull=False)),
        ),
    ]
