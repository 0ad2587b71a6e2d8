"""The button on a person's page to export their data, or to request the export."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from ops.console.person.about import About, Act
from ops.exports.models import Export
from ops.exports.selections import may_export, may_request

ORDER = 50


def about_export(request: HttpRequest, person: Any) -> About | None:
    """Return a button for the form that exports the person's data, or requests the export; None if neither."""
    if may_export(request.user, Export.Scope.PERSON):
        words, name = _("Export this person’s data"), "admin:exports_export_person"
    elif may_request(request.user):
        words, name = _("Request data export…"), "admin:exports_export_request"
    else:
        return None
    if person.anonymised_at:
        return None
    return About(acts=[Act(words, reverse(name, args=[person.pk]), order=ORDER, primary=True)])
