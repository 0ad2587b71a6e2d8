from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Keeping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('zone', models.CharField(max_length=64)),
                ('kept_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Beginning',
            fields=[
                ('conversation', models.BigIntegerField(primary_key=True, serialize=False)),
                ('began_at', models.DateTimeField()),
                ('replied_at', models.DateTimeField(null=True)),
                ('imported', models.BooleanField()),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['began_at'], name='beginning_at'), models.Index(condition=models.Q(('replied_at__isnull', False)), fields=['replied_at'], name='beginning_replied')],
            },
        ),
        migrations.CreateModel(
            name='DayNumbers',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('measure', models.CharField(max_length=24)),
                ('imported', models.BooleanField(default=False)),
                ('numbers', models.JSONField(default=dict)),
                ('total', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('measure', 'day', 'imported'), name='day_measured_once')],
            },
        ),
        migrations.CreateModel(
            name='Noted',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('family', models.CharField(choices=[('messages', 'Messages'), ('desk', 'Reports, cases and decisions'), ('trail', 'The audit trail')], max_length=8)),
                ('at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['family', 'at'], name='noted_quarter')],
            },
        ),
    ]
