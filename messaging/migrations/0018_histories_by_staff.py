"""Histories say whether staff edited. PostgreSQL adds the column without looking at a row."""

from django.db import migrations, models

from messaging.database.constraints import AddFieldKeepingIds


class Migration(migrations.Migration):
    dependencies = [("messaging", "0017_drafts")]

    operations = [
        AddFieldKeepingIds(
            model_name="messagehistory",
            name="by_staff",
            field=models.BooleanField(default=False, db_default=False, editable=False),
        ),
    ]
