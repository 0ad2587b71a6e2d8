"""What decisions do to people: new columns, empty in stored rows, and checks of new rows."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from messaging.database.constraints import AddConstraintForNewRows, AddFieldKeepingIds

ACTS = [
    ("none", "No action"),
    ("hide", "Hide message"),
    ("redact", "Redact words"),
    ("warn", "Warn"),
    ("restrict", "Restrict"),
    ("suspend", "Suspend"),
    ("delete", "Request account deletion"),
]
TIMED = ("restrict", "suspend")


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0002_cases"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddFieldKeepingIds(
            model_name="measure",
            name="user",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        AddFieldKeepingIds(
            model_name="measure", name="until", field=models.DateTimeField(blank=True, null=True)
        ),
        AddFieldKeepingIds(
            model_name="measure", name="confirmed_at", field=models.DateTimeField(blank=True, null=True)
        ),
        AddFieldKeepingIds(model_name="measure", name="facts", field=models.JSONField(blank=True, null=True)),
        migrations.AlterField(
            model_name="measure", name="act", field=models.CharField(choices=ACTS, max_length=16)
        ),
        migrations.RemoveConstraint(model_name="measure", name="measure_act_known"),
        AddConstraintForNewRows(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=Q(act__in=[act for act, _ in ACTS]), name="measure_act_known"
            ),
        ),
        AddConstraintForNewRows(
            model_name="measure",
            constraint=models.CheckConstraint(
                condition=Q(act__in=TIMED, until__isnull=False) | (~Q(act__in=TIMED) & Q(until=None)),
                name="measure_ends_if_timed",
            ),
        ),
    ]
