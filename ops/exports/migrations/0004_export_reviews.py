"""Exports carry reports and decisions; the column has a default of the database, so no row is written."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exports', '0003_removed'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='export',
            options={'default_permissions': (), 'ordering': ['-created_at', '-id'], 'permissions': [('export_messages', 'Can export messages'), ('export_reviews', 'Can export reports and decisions with messages'), ('request_person_export', "Can request an export of one person's data"), ('approve_person_export', "Can approve exports of one person's data that others request")]},
        ),
        migrations.AddField(
            model_name='export',
            name='reviews',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
