from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def name_beginnings(apps, schema_editor):
    """Stored notes stand under what their conversation begins with now."""
    using = schema_editor.connection.alias
    messages = apps.get_model("messaging", "Message").objects.using(using)
    first = messages.filter(conversation=OuterRef("conversation"), parent_message=None).order_by("timestamp", "id")
    notes = apps.get_model("moderation", "Note").objects.using(using).filter(conversation__isnull=False)
    notes.update(beginning=Subquery(first.values("pk")[:1]))


class Migration(migrations.Migration):

    dependencies = [
        ("moderation", "0016_removed_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="note",
            name="beginning",
            field=models.BigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(name_beginnings, migrations.RunPython.noop),
    ]
