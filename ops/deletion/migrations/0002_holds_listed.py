"""The list of holds is read by their time; and deletions are called requested, no longer asked for."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deletion', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='deletionrequest',
            options={'default_permissions': ('view',), 'ordering': ['-requested_at', '-id'], 'permissions': [('approve_deletionrequest', 'Can approve and refuse deletions that others requested')]},
        ),
        migrations.AlterModelOptions(
            name='erasedidentifier',
            options={'default_permissions': ('view',), 'permissions': [('lift_erasedidentifier', 'Can release the name of an erased account')]},
        ),
        migrations.AlterField(
            model_name='deletiongroup',
            name='mode',
            field=models.CharField(choices=[('erase', 'Erase everything sent or received'), ('anonymise', 'Anonymise the person, keep the conversations')], max_length=16),
        ),
        migrations.AlterField(
            model_name='deletiongroup',
            name='requested_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='requested'),
        ),
        migrations.AlterField(
            model_name='deletiongroup',
            name='requested_by',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by'),
        ),
        migrations.AlterField(
            model_name='deletionrequest',
            name='own',
            field=models.BooleanField(default=False, verbose_name='the person’s own request'),
        ),
        migrations.AlterField(
            model_name='deletionrequest',
            name='requested_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='requested'),
        ),
        migrations.AlterField(
            model_name='deletionrequest',
            name='requested_by',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by'),
        ),
        migrations.AlterField(
            model_name='deletionrequest',
            name='state',
            field=models.CharField(choices=[('requested', 'Awaiting approval'), ('approved', 'Approved'), ('running', 'Being erased'), ('done', 'Done'), ('cancelled', 'Cancelled'), ('refused', 'Refused')], default='requested', max_length=16),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='mode',
            field=models.CharField(choices=[('erase', 'Erase everything sent or received'), ('anonymise', 'Anonymise the person, keep the conversations')], max_length=16),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='own',
            field=models.BooleanField(verbose_name='the person’s own request'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='requested_at',
            field=models.DateTimeField(verbose_name='requested'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='requester',
            field=models.BigIntegerField(null=True, verbose_name='requested by (account)'),
        ),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(fields=['placed_at', 'id'], name='hold_latest'),
        ),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(condition=models.Q(('lifted_at', None)), fields=['placed_at', 'id'], name='hold_latest_open'),
        ),
    ]
