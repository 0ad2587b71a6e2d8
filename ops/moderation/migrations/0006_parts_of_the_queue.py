"""Indexes of the parts of the queue: open cases, escalated ones, those that wait for a time, those that wait for a reply."""

from django.db import migrations, models
from django.db.models import Q

from messaging.database.constraints import AddIndexBesideWriters


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("moderation", "0005_notes")]

    operations = [
        AddIndexBesideWriters(
            model_name="case",
            index=models.Index(fields=["rank_at", "id"], name="case_open", condition=Q(state="open")),
        ),
        AddIndexBesideWriters(
            model_name="case",
            index=models.Index(fields=["rank_at", "id"], name="case_escalated", condition=Q(state="escalated")),
        ),
        AddIndexBesideWriters(
            model_name="case",
            index=models.Index(fields=["waits_until"], name="case_waits_until", condition=Q(state="waiting")),
        ),
        AddIndexBesideWriters(
            model_name="case",
            index=models.Index(
                fields=["rank_at", "id"], name="case_waits_for_reply", condition=Q(state="waiting", waits_for_reply=True)
            ),
        ),
    ]
