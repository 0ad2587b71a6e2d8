"""The team's views in Settings: Leads manage them, and files move them between installations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ops.audit.events import Event
from ops.audit.models import Entry
from ops.moderation.labels.tests.test_managing import check, exported, imported
from ops.moderation.models import View
from ops.moderation.saved import saving
from ops.moderation.tests.desk import spam, threat
from ops.tests.asking import make_staff, signed_in

__all__ = ["spam", "threat"]

pytestmark = pytest.mark.django_db

VIEWS = "/console/moderation/view/"
FIELDS = ("slug", "name", "filters", "order", "sort_order", "active")


@pytest.fixture(autouse=True)
def views(settings: Any, tmp_path: Path, spam: Any, threat: Any) -> list[View]:
    settings.PRIVATE_DIR = tmp_path / "private"
    return [
        View.objects.create(name="Threats", slug="threats", filters="label=threat&overdue=yes", sort_order=10),
        View.objects.create(name="=Spam", slug="spam", filters="label=spam", order="newest", active=False),
    ]


@pytest.fixture
def lena(db: Any) -> Client:
    make_staff("lena")
    return signed_in("lena")


def stored() -> list[tuple[Any, ...]]:
    return list(View.objects.team().order_by("slug").values_list(*FIELDS))


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_views_move_to_another_installation_as_a_file(lena: Client, format: str) -> None:
    before, content = stored(), exported(lena, VIEWS, format)
    View.objects.all().delete()
    assert imported(lena, VIEWS, content, format)["added"] == 2
    assert stored() == before
    assert imported(lena, VIEWS, content, format) == {"added": 0, "changed": 0, "deleted": 0, "unchanged": 2}


def test_personal_views_are_neither_exported_nor_changed_by_imports(lena: Client) -> None:
    own = saving.save("Threats", {"label": "spam"}, "", by=make_staff("rita"))
    assert [row["slug"] for row in json.loads(exported(lena, VIEWS, "json"))] == ["threats", "spam"]
    imported(lena, VIEWS, b"slug,name,filters\nthreats,All threats,label=threat\n", "csv")
    own.refresh_from_db()
    assert (own.name, own.filters) == ("Threats", "label=spam")
    assert View.objects.team().get(slug="threats").name == "All threats"
    assert lena.get(f"{VIEWS}{own.pk}/change/").status_code == 302
    assert "2 views" in lena.get(VIEWS).content.decode()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("label=nowhere", "does not offer “nowhere”"),
        ("content__regex=x", "Views have no filter “content__regex”"),
        ("nonsense", "Write filters as in an address"),
        ("reporter=1", "reporter"),
    ],
)
def test_a_file_with_a_filter_that_is_not_offered_changes_nothing(lena: Client, row: str, says: str) -> None:
    before = stored()
    content = f"slug,name,filters\nnew,New,{row}\n".encode()
    [problem] = check(lena, VIEWS, content, "csv").context["problems"]
    assert problem.startswith("Data row 1") and says in problem
    assert stored() == before


def test_the_order_of_filters_in_a_file_is_no_change(lena: Client) -> None:
    content = b"slug,filters\nthreats,overdue=yes&label=threat\n"
    assert imported(lena, VIEWS, content, "csv")["unchanged"] == 1


def test_leads_manage_team_views_in_settings_which_is_recorded(lena: Client) -> None:
    sent = {"name": "Late", "slug": "late", "filters": "overdue=yes", "order": "", "sort_order": "5", "active": "on"}
    assert lena.post(f"{VIEWS}add/", sent).status_code == 302
    view = View.objects.get(slug="late")
    page = f"{VIEWS}{view.pk}/change/"
    refused = lena.post(page, {**sent, "filters": "label=nowhere"}).content.decode()
    assert "does not offer “nowhere”" in refused
    lena.post(page, {**sent, "slug": "other", "name": "Too late"})
    view.refresh_from_db()
    assert (view.name, view.slug) == ("Too late", "late")
    lena.post(f"{VIEWS}{view.pk}/delete/", {"post": "yes"})
    assert not View.objects.filter(slug="late").exists()
    events = list(Entry.objects.filter(target_type="moderation.view").values_list("event", flat=True).order_by("pk"))
    assert events == [Event.RECORD_ADDED, Event.RECORD_CHANGED, Event.RECORD_DELETED]


def test_the_list_shows_filters_and_marks_stale_ones(lena: Client) -> None:
    View.objects.filter(slug="spam").update(filters="label=gone")
    page = lena.get(VIEWS).content.decode()
    assert "<bdi>Label: Threat</bdi>" in page
    assert "does not offer “gone”" in page


def test_the_list_costs_the_same_with_twice_the_rows(lena: Client) -> None:
    lena.get(VIEWS)
    with CaptureQueriesContext(connection) as few:
        lena.get(VIEWS)
    for number in range(4):
        View.objects.create(name=f"View {number}", slug=f"view-{number}", filters="label=spam")
    with CaptureQueriesContext(connection) as many:
        assert len(lena.get(VIEWS).context["cl"].result_list) == 6
    assert len(many) == len(few)
