from __future__ import annotations

from django.db import models


class Colour(models.Model):
    name = models.CharField(max_length=40, unique=True)
    note = models.CharField(max_length=40, blank=True)
    weight = models.IntegerField(default=0)

    objects: models.Manager[Colour] = models.Manager()

    class Meta:
        app_label = "reference_tests"  # so that the module can be imported before its app is installed
        ordering = ["name"]
        permissions = [("import_colour", "Can import colours"), ("export_colour", "Can export colours")]

    def __str__(self) -> str:
        return self.name
