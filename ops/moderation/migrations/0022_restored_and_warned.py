"""Decisions say what they restore, and whether reports were upheld; groups may warn. On PostgreSQL no table is written
anew, and constraints look at new rows only: the next migration looks at the others.

Of decisions that are stored already nothing says whether reports were upheld without a measure on a message.
"""

import django.db.models.deletion
from django.db import migrations, models

from messaging.database.constraints import AddConstraintForNewRows, AddFieldKeepingIds

OUTCOMES = [
    ("", "Waiting"),
    ("done", "Done"),
    ("held", "a colleague holds it"),
    ("escalated", "it is escalated; a Lead decides it individually"),
    ("about-you", "it is about who decides, or about somebody they exchanged messages with"),
    ("overturned", "a decision on it by the same person was undone"),
    ("closed", "it is closed"),
    ("changed", "it changed since the preview"),
    ("nothing", "no report waits in it; decide it individually"),
    ("erased", "its messages were erased"),
    ("protected", "somebody in it may use the console; a Lead decides it individually"),
    ("refused", "its messages are elsewhere by now; decide it individually"),
    ("undone", "its decision was undone already"),
    ("decided", "it was decided again since"),
    ("reported", "it was reported again since"),
    ("text-changed", "a text was changed since"),
    ("another-case", "another case of its conversation is pending"),
]


class Migration(migrations.Migration):
    dependencies = [("moderation", "0021_list_of_reports")]

    operations = [
        AddFieldKeepingIds(
            model_name="decision",
            name="restores",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.decision",
            ),
        ),
        AddFieldKeepingIds(
            model_name="decision", name="upholds", field=models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(
            model_name="decisiongroup", name="warns", field=models.BooleanField(db_default=False, default=False)
        ),
        AddConstraintForNewRows(
            model_name="decisiongroup",
            constraint=models.CheckConstraint(
                condition=models.Q(warns=False) | models.Q(kind="decide", action__in=["hide", "uphold"]),
                name="group_warns_where_it_upholds",
            ),
        ),
        migrations.RemoveConstraint(model_name="groupedcase", name="group_case_outcome_known"),
        migrations.AlterField(
            model_name="groupedcase",
            name="outcome",
            field=models.CharField(blank=True, choices=OUTCOMES, max_length=16),
        ),
        AddConstraintForNewRows(
            model_name="groupedcase",
            constraint=models.CheckConstraint(
                condition=models.Q(outcome__in=[name for name, _ in OUTCOMES]), name="group_case_outcome_known"
            ),
        ),
    ]
