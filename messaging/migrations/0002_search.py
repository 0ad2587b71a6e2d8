"""Index the texts. Not atomic: PostgreSQL builds concurrently with writers, SQLite in batches. A rerun resumes."""

from django.db import migrations

from messaging.search import indexing


def build(apps, schema_editor):
    using = schema_editor.connection.alias
    indexing.install(using)
    for _ in indexing.catch_up(using):
        pass


def remove(apps, schema_editor):
    indexing.remove(schema_editor.connection.alias)


class Migration(migrations.Migration):
    replaces = [
        ("messaging", "0016_search"),
    ]
    atomic = False
    dependencies = [("messaging", "0001_initial")]

    operations = [migrations.RunPython(build, remove, atomic=False)]
