"""Notices tell that a job ended: whether its requester knows is noted with the notice."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_job_of_kind"), ("notices", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="job", name="job_unnotified"),
        migrations.RemoveField(model_name="job", name="notified_at"),
    ]
