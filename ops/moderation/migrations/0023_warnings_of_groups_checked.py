"""The rest of migration 0022: stored rows are checked, beside readers and writers."""

from django.db import migrations

from messaging.database.constraints import ValidateConstraint


class Migration(migrations.Migration):
    dependencies = [("moderation", "0022_restored_and_warned")]

    operations = [
        ValidateConstraint("decisiongroup", "group_warns_where_it_upholds"),
        ValidateConstraint("groupedcase", "group_case_outcome_known"),
    ]
