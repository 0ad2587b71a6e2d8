"""Whoever gets notices by e-mail chooses about what: who had chosen all keeps all."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TOPICS = ("approvals", "finished", "failed", "files", "cases", "account")


def give_all(apps, schema_editor):
    """Of each row that is about nothing in particular, make one about each topic."""
    readers = apps.get_model("notices", "EmailReader")._base_manager.using(schema_editor.connection.alias)
    for reader in readers.filter(topic=""):
        others = {"person_id": reader.person_id, "chosen_at": reader.chosen_at}
        readers.bulk_create([readers.model(topic=topic, **others) for topic in TOPICS])
        reader.delete()


def keep_who_has_all(apps, schema_editor):
    """Nobody gets what they have not chosen: who chose some topics gets none."""
    readers = apps.get_model("notices", "EmailReader")._base_manager.using(schema_editor.connection.alias)
    counted = readers.values("person").annotate(topics=models.Count("pk"), first=models.Min("pk"))
    firsts = [row["first"] for row in counted if row["topics"] == len(TOPICS)]
    readers.exclude(pk__in=firsts).delete()


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("notices", "0002_names_of_fields"),
    ]

    operations = [
        migrations.AlterField(
            model_name="emailreader",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="emailreader",
            name="topic",
            field=models.CharField(default="", max_length=32),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="emailreader",
            constraint=models.UniqueConstraint(fields=("person", "topic"), name="email_reader_once"),
        ),
        # At the end: PostgreSQL changes no table in which it has still to check new rows.
        migrations.RunPython(give_all, keep_who_has_all),
    ]
