"""Importing and exporting are permissions of their own; this model carries them and stores nothing."""

from __future__ import annotations

from django.db import models


class NothingStored(models.Manager["Transfer"]):
    """Finds nothing without asking: there is no table, and ``dumpdata`` would look for it."""

    def get_queryset(self) -> models.QuerySet[Transfer]:
        return super().get_queryset().none()


class Transfer(models.Model):
    """What the permissions to import and to export hang on: Django ties each permission to a model."""

    objects = NothingStored()

    class Meta:
        managed = False
        base_manager_name = "objects"
        default_permissions = ()
        permissions = [
            ("import_messages", "Can import messages"),
            ("export_messages", "Can export messages"),
        ]

    def __str__(self) -> str:
        return "import and export"
