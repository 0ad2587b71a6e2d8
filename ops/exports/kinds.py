"""The job of an export."""

from __future__ import annotations

from django.urls import reverse

from ops.exports import jobs as making
from ops.exports import requests, selections
from ops.jobs.kinds import Kind
from ops.jobs.models import Job


def export_kinds() -> list[Kind]:
    """The kinds of jobs of exports; for the app's ``ready()``."""
    make = Kind(
        requests.KIND,
        making.make,
        take_back=making.remove,
        unit="messages",
        page=page,
        permission=selections.PERMISSION,
        cancelling="No file is kept.",
    )
    return [make]


def page(job: Job) -> str:
    """The address of the export that a job makes."""
    return reverse("admin:exports_export_change", args=[job.params["export"]])
