"""The starting set of labels and canned reasons, which a team adapts to its own policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tablib
from django.db import transaction

from ops.audit.details import Key
from ops.audit.events import Event
from ops.audit.recording import record
from ops.audit.reference_data.admin import counts
from ops.audit.reference_data.formats import Json
from ops.audit.reference_data.resources import ReferenceResource
from ops.moderation.labels.resources import CannedReasonResource, LabelResource
from ops.moderation.models import CannedReason, Label

FOLDER = Path(__file__).parent / "starting_set"


# Validating the constraints of each row would be two thirds of the work. A test checks the files against them, load()
# avoids duplicates, and the database enforces both.
class StartingLabels(LabelResource):
    class Meta:
        clean_model_instances = False


class StartingReasons(CannedReasonResource):
    class Meta:
        clean_model_instances = False


def load() -> tuple[int, int]:
    """Add the labels and canned reasons of the starting set that are missing; return how many of each.

    Existing rows stay unchanged. A label exists if one has its slug or its name. A canned reason is left out if its
    label was not added because the team has one of the same name.
    """
    with transaction.atomic():
        slugs, names = (set(Label.objects.values_list(name, flat=True)) for name in ("slug", "name"))
        labels = _read("labels.json", lambda row: row["slug"] not in slugs and row["name"] not in names)
        added = _add(StartingLabels(), labels)
        slugs, reasons = (set(model.objects.values_list("slug", flat=True)) for model in (Label, CannedReason))
        rows = _read("canned_reasons.json", lambda row: row["slug"] not in reasons and row["label"] in slugs)
        return added, _add(StartingReasons(), rows)


def _read(name: str, is_missing: Any) -> tablib.Dataset:
    dataset = Json().create_dataset((FOLDER / name).read_bytes())
    return tablib.Dataset(*(row.values() for row in dataset.dict if is_missing(row)), headers=dataset.headers)


def _add(resource: ReferenceResource, dataset: tablib.Dataset) -> int:
    """Import the rows, record that, and return their number."""
    if not dataset.height:
        return 0
    result = resource.import_data(dataset, raise_errors=True)
    details = {**counts(result), "fields": [Key(name) for name in dataset.headers]}
    record(Event.RECORDS_IMPORTED, actor=None, target=resource._meta.model, details=details)
    return int(dataset.height)
