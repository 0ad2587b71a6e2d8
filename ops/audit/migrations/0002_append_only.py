"""Triggers that refuse to change or delete entries and seals; see ops/audit/sealing/triggers.py."""

from django.db import migrations

from ops.audit.sealing import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
