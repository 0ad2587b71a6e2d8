"""``manage.py load_labels`` adds the starting set, and leaves unchanged what a team has edited."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ops.audit import recording
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.moderation.labels.placeholders import fill, refusal, unfilled
from ops.moderation.models import CannedReason, Label, Severity

pytestmark = pytest.mark.django_db


def load(**options: Any) -> str:
    output = StringIO()
    call_command("load_labels", stdout=output, **options)
    return output.getvalue()


def everything() -> list[Any]:
    return [list(model._default_manager.order_by("pk").values()) for model in (Label, CannedReason)]


def test_the_set_has_a_label_for_each_usual_case_and_a_reason_for_each_label() -> None:
    assert load() == "Added 11 labels and 13 canned reasons of the starting set.\n"
    assert list(Label.objects.values_list("slug", flat=True)) == [
        "spam", "scam", "harassment", "hate", "threat", "self-harm", "minors", "sexual-content", "personal-data",
        "impersonation", "other",
    ]  # fmt: skip
    assert not Label.objects.filter(canned_reasons=None).exists()
    assert set(Label.objects.values_list("severity", flat=True)) == set(Severity.values)
    assert Label.objects.for_participants().count() == CannedReason.objects.values("label").distinct().count() == 11
    assert Label.objects.values("colour").distinct().count() == 11


def test_each_of_its_reasons_can_be_filled_in_and_sent() -> None:
    load()
    for reason in CannedReason.objects.all():
        assert refusal(fill(reason.text, dict.fromkeys(unfilled(reason.text), "something"))) == ""


def test_each_of_its_rows_is_valid() -> None:
    load()
    for row in (*Label.objects.all(), *CannedReason.objects.all()):
        row.full_clean()


def test_loading_again_changes_and_prints_nothing() -> None:
    load()
    before = everything()
    assert load() == ""
    assert everything() == before


def test_loading_keeps_changed_rows_and_adds_missing_ones() -> None:
    load()
    Label.objects.filter(slug="spam").update(name="Junk", colour="#123456", active=False)
    CannedReason.objects.filter(slug="spam-removed").update(text="Please do not.")
    CannedReason.objects.filter(label__slug="hate").delete()
    Label.objects.filter(slug="hate").delete()
    assert load() == "Added 1 label and 1 canned reason of the starting set.\n"
    spam = Label.objects.get(slug="spam")
    assert (spam.name, spam.colour, spam.active) == ("Junk", "#123456", False)
    assert CannedReason.objects.get(slug="spam-removed").text == "Please do not."


def test_a_label_of_the_same_name_is_the_teams() -> None:
    Label.objects.create(name="Spam", slug="junk")
    assert load() == "Added 10 labels and 12 canned reasons of the starting set.\n"
    assert not Label.objects.filter(slug="spam").exists()


def test_the_option_if_none_does_not_load_the_set_beside_a_policy() -> None:
    Label.objects.create(name="Rude", slug="rude")
    assert load(if_none=True) == ""
    assert Label.objects.count() == 1


def test_loading_is_recorded_once_for_each_table() -> None:
    load()
    entries = Entry.objects.filter(event=Event.RECORDS_IMPORTED).order_by("pk")
    found = [(entry.target_type, entry.actor_id, entry.details["added"]) for entry in entries]
    assert found == [("moderation.label", None, 11), ("moderation.cannedreason", None, 13)]
    load()
    assert Entry.objects.filter(event=Event.RECORDS_IMPORTED).count() == 2


def test_nothing_is_loaded_when_recording_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise recording.NotRecorded

    monkeypatch.setattr(recording, "_store", fail)
    with pytest.raises(CommandError, match="could not be recorded"):
        load()
    assert everything() == [[], []]
