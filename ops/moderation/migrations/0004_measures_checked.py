"""Check the stored measures and build the indexes of people beside writers; not atomic, each step may be repeated."""

from django.db import migrations, models
from django.db.models import Q

from messaging.database.constraints import AddIndexBesideWriters, AddUniqueBesideWriters, ValidateConstraint


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0003_measures_of_people")]

    operations = [
        ValidateConstraint("measure", "measure_act_known"),
        ValidateConstraint("measure", "measure_ends_if_timed"),
        AddUniqueBesideWriters(
            model_name="measure",
            constraint=models.UniqueConstraint(
                fields=("decision", "act", "user"), condition=Q(user__isnull=False), name="measure_once_for_person"
            ),
        ),
        AddIndexBesideWriters(
            model_name="measure",
            index=models.Index(fields=["user", "until"], condition=Q(user__isnull=False), name="measure_of_person"),
        ),
    ]
