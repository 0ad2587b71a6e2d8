"""Index the texts. Not atomic: PostgreSQL builds beside writers, SQLite in batches; repeated, it goes on."""

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
    atomic = False
    dependencies = [("messaging", "0015_redactions_listed")]

    operations = [migrations.RunPython(build, remove, atomic=False)]
