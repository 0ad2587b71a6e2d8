"""Labels and canned reasons: which values can be stored, by any code path, and how they are shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.template import Context, Template

from ops.moderation.labels import targets
from ops.moderation.models import CannedReason, Label, Severity


def label(slug: str = "rude", **values: Any) -> Label:
    return Label.objects.create(**{"slug": slug, "name": slug.capitalize(), **values})


def reason(of: Label, slug: str = "rude-words", **values: Any) -> CannedReason:
    return CannedReason.objects.create(
        **{"slug": slug, "label": of, "title": slug, "text": "Your message of {date} is rude.", **values}
    )


# --- What the database refuses -------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values",
    [
        {"slug": ""}, {"slug": "two words"}, {"slug": "Upper"}, {"slug": "ü"}, {"slug": "a_b"}, {"name": ""},
        {"colour": "#FF0000"}, {"colour": "#ff000g"}, {"colour": "ff0000"}, {"colour": "#fff"}, {"colour": ""},
        {"colour": "##f0000"}, {"severity": "extreme"}, {"severity": ""}, {"name": "Spam"}, {"slug": "spam"},
    ],
)  # fmt: skip
def test_a_label_of_another_shape_is_not_stored(values: dict[str, str]) -> None:
    label("spam")
    with pytest.raises(IntegrityError), transaction.atomic():
        label(**values)


@pytest.mark.django_db
@pytest.mark.parametrize("values", [{"slug": "a_b"}, {"slug": "Upper"}, {"colour": "#ff000g"}, {"severity": "extreme"}])
def test_an_invalid_label_fails_validation(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Label(**{"slug": "rude", "name": "Rude", **values}).full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("values", [{"slug": ""}, {"slug": "a b"}, {"title": ""}, {"text": ""}, {"slug": "taken"}])
def test_a_canned_reason_of_another_shape_is_not_stored(values: dict[str, str]) -> None:
    rude = label()
    reason(rude, "taken")
    with pytest.raises(IntegrityError), transaction.atomic():
        reason(rude, **values)


@pytest.mark.django_db
def test_a_label_with_reasons_is_not_deleted() -> None:
    rude = label()
    reason(rude)
    with pytest.raises(ProtectedError):
        rude.delete()


# --- What forms and files refuse -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_colour_is_stored_in_small_letters() -> None:
    rude = Label(slug="rude", name="Rude", colour="#DC2626")
    rude.full_clean()
    assert rude.colour == "#dc2626"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "field"),
    [({"text": "Of {date"}, "text"), ({"language": "klingon"}, "language"), ({"language": ""}, "language")],
)
def test_a_reason_needs_balanced_braces_and_a_language(values: dict[str, str], field: str) -> None:
    found = CannedReason(**{"slug": "a", "label": label(), "title": "A", "text": "Because.", **values})
    with pytest.raises(ValidationError) as caught:
        found.full_clean()
    assert list(caught.value.message_dict) == [field]


# --- Which are offered ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_inactive_labels_and_reasons_are_not_offered() -> None:
    on, staff, off = label("on", wording="It is on"), label("staff"), label("off", wording="It is off", active=False)
    assert set(Label.objects.active()) == {on, staff}
    assert list(Label.objects.for_participants()) == [on]
    offered = reason(on, "offered")
    reason(on, "switched-off", active=False)
    reason(off, "of-a-label-that-is-off")
    assert list(CannedReason.objects.offered()) == [offered]


@pytest.mark.django_db
def test_labels_come_in_the_order_of_the_team() -> None:
    label("b", sort_order=2), label("a", sort_order=2), label("c", sort_order=1)
    assert [one.slug for one in Label.objects.all()] == ["c", "a", "b"]


# --- Targets -------------------------------------------------------------------------------------------------------


def test_each_severity_has_a_target_and_a_worse_one_no_longer_one() -> None:
    assert list(settings.REVIEW_TARGETS) == Severity.values
    found = [targets.target_of(severity) for severity in Severity]
    assert found == sorted(found)


def test_the_setting_changes_the_target(settings: Any) -> None:
    settings.REVIEW_TARGETS = {**settings.REVIEW_TARGETS, "low": timedelta(days=5)}
    assert targets.target_of("low") == timedelta(days=5)


def test_the_worst_of_several_counts() -> None:
    assert targets.worst(["low", "threat", "normal"]) is Severity.THREAT
    with pytest.raises(ValueError):
        targets.worst([])


@pytest.mark.parametrize(
    ("minutes", "words"), [(15, "15 minutes"), (60, "1 hour"), (90, "90 minutes"), (4320, "72 hours"), (1, "1 minute")]
)
def test_a_target_is_shown_in_its_largest_whole_unit(minutes: int, words: str) -> None:
    assert targets.in_words(timedelta(minutes=minutes)) == words


# --- How it is shown -----------------------------------------------------------------------------------------------


def shown(label: Label) -> str:
    return Template("{% load labels %}{% label one %}").render(Context({"one": label}))


@pytest.mark.parametrize(("colour", "text"), [("#1d2433", "#ffffff"), ("#fde68a", "#000000")])
def test_a_label_is_a_swatch_and_its_name(colour: str, text: str) -> None:
    page = shown(Label(name="élan", colour=colour))
    assert f'fill="{colour}"' in page and f'fill="{text}">É</text>' in page
    assert "<bdi>élan</bdi>" in page
    assert "style=" not in page


def test_the_name_of_a_label_is_escaped() -> None:
    assert "<bdi>&lt;b&gt;Rude&lt;/b&gt;</bdi>" in shown(Label(name="<b>Rude</b>", colour="#dc2626"))
