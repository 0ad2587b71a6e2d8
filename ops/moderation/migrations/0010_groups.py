"""Groups: many cases decided at once, or many decisions undone, with what came of each case."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0002_job_of_kind"),
        ("moderation", "0009_imported_flags_indexed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DecisionGroup",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("decide", "Decide"), ("undo", "Undo"), ("redo", "Decide again as before")],
                        max_length=16,
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("dismiss", "Dismiss: nothing is wrong"),
                            ("hide", "Hide what is reported"),
                            ("uphold", "Uphold the reports, hide nothing"),
                        ],
                        max_length=16,
                    ),
                ),
                ("sent", models.TextField(blank=True, max_length=4000)),
                ("note", models.CharField(blank=True, max_length=1000)),
                ("is_emptied", models.BooleanField(default=False)),
                ("made_by_name", models.CharField(blank=True, max_length=150)),
                ("made_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "group decision",
                "ordering": ["-started_at", "-id"],
                "permissions": [("decide_many_cases", "Can decide many cases at once")],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="GroupedCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("reports", models.PositiveIntegerField(default=0)),
                ("revisions", models.PositiveBigIntegerField(default=0)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
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
                            ("refused", "its messages are elsewhere by now; decide it individually"),
                            ("undone", "its decision was undone already"),
                            ("decided", "it was decided again since"),
                            ("reported", "it was reported again since"),
                            ("text-changed", "a text was changed since"),
                            ("another-case", "another case of its conversation is pending"),
                        ],
                        max_length=16,
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="decisiongroup",
            name="job",
            field=models.OneToOneField(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="jobs.job"
            ),
        ),
        migrations.AddField(
            model_name="decisiongroup",
            name="label",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.label",
            ),
        ),
        migrations.AddField(
            model_name="decisiongroup",
            name="made_by",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="decisiongroup",
            name="reason",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="moderation.cannedreason",
            ),
        ),
        migrations.AddField(
            model_name="decisiongroup",
            name="reverses",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversed_by",
                to="moderation.decisiongroup",
            ),
        ),
        migrations.AddField(
            model_name="groupedcase",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="moderation.case"
            ),
        ),
        migrations.AddField(
            model_name="groupedcase",
            name="group",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="moderation.decisiongroup",
            ),
        ),
        migrations.AddIndex(
            model_name="decisiongroup",
            index=models.Index(
                condition=models.Q(("started_at__isnull", False)), fields=["started_at", "id"], name="group_latest"
            ),
        ),
        migrations.AddIndex(
            model_name="decisiongroup",
            index=models.Index(condition=models.Q(("started_at", None)), fields=["made_at"], name="group_previews"),
        ),
        migrations.AddConstraint(
            model_name="decisiongroup",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["decide", "undo", "redo"])), name="group_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="decisiongroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("action__in", ["dismiss", "hide", "uphold"]),
                        ("kind", "decide"),
                        ("label__isnull", False),
                        ("reverses", None),
                    ),
                    models.Q(
                        models.Q(("kind", "decide"), _negated=True),
                        ("action", ""),
                        ("label", None),
                        ("reverses__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="group_decides_or_reverses",
            ),
        ),
        migrations.AddIndex(
            model_name="groupedcase",
            index=models.Index(fields=["group", "outcome", "id"], name="group_case_outcome"),
        ),
        migrations.AddConstraint(
            model_name="groupedcase",
            constraint=models.UniqueConstraint(fields=("group", "case"), name="group_case_once"),
        ),
        migrations.AddConstraint(
            model_name="groupedcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        [
                            "",
                            "done",
                            "held",
                            "escalated",
                            "about-you",
                            "overturned",
                            "closed",
                            "changed",
                            "nothing",
                            "erased",
                            "refused",
                            "undone",
                            "decided",
                            "reported",
                            "text-changed",
                            "another-case",
                        ],
                    )
                ),
                name="group_case_outcome_known",
            ),
        ),
    ]
