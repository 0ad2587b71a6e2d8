"""What people sent too late, sealed, for an hour."""

import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_user_zone_asked'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptForm',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('account_id', models.BigIntegerField(db_index=True)),
                ('kept_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('sealed', models.BinaryField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
    ]
