import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("exports", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="export",
            options={
                "default_permissions": (),
                "ordering": ["-created_at", "-id"],
                "permissions": [
                    ("export_messages", "Can export messages"),
                    ("request_person_export", "Can request an export of one person's data"),
                    ("approve_person_export", "Can approve exports of one person's data that others request"),
                ],
            },
        ),
        migrations.AddField(
            model_name="export",
            name="approval",
            field=models.CharField(
                blank=True,
                choices=[
                    ("requested", "Awaiting approval"),
                    ("approved", "Approved"),
                    ("refused", "Refused"),
                    ("used", "Approved, and made"),
                ],
                default="",
                max_length=16,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="export",
            name="person",
            field=models.ForeignKey(
                help_text="Whose data it is, where a second person has to approve it.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="export",
            name="decided_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="export",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="export",
            index=models.Index(
                condition=models.Q(("approval", "requested")), fields=["person"], name="export_to_approve"
            ),
        ),
    ]
