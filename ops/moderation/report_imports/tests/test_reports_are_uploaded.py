"""A file of reports in the console: checked, previewed, imported once and undone, without giving its importer
access."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.files import private_files
from ops.files.tests.conftest import folder
from ops.moderation import flagging
from ops.moderation.erased import forget
from ops.moderation.models import Case, Flag, FlagImport, ImportState, Label, Opening, Source
from ops.moderation.report_imports import uploading
from ops.moderation.tests.desk import decided, lena, spam

__all__ = ["folder", "lena", "spam"]

HEADER = "external_id,message,label,reporter,note\n"
LIST = "admin:moderation_flagimport_changelist"
pytestmark = pytest.mark.usefixtures("folder", "spam")


@pytest.fixture
def dan(db: Any) -> Any:
    return make_staff("dan", "import_flags")


@pytest.fixture
def importing(client: Client, dan: Any) -> Client:
    client.force_login(dan)
    return client


@pytest.fixture
def message(alice: Any, bob: Any) -> Message:
    return write(alice, bob, "Buy my pills", external_id="m1")


def upload(client: Client, text: str, name: str = "flags.csv") -> FlagImport:
    """Upload a file, and return the import that the response redirects to."""
    file = SimpleUploadedFile(name, text.encode())
    answered = client.post(reverse("admin:moderation_flagimport_add"), {"file": file})
    assert answered.status_code == 302, answered.context["form"].errors
    found = FlagImport.objects.latest("created_at")
    assert answered["Location"] == uploading.address_of(found.pk)
    return found


def page(client: Client, import_: FlagImport) -> str:
    answered = client.get(uploading.address_of(import_.pk))
    assert answered.status_code == 200
    return " ".join(answered.content.decode().split())


def step(client: Client, import_: FlagImport, name: str) -> str:
    """Press a button of the page, and return the next page."""
    answered = client.post(reverse(f"admin:moderation_flagimport_{name}", args=[import_.pk]), follow=True)
    import_.refresh_from_db()
    return " ".join(answered.content.decode().split())


def test_reports_are_uploaded_stored_and_undone(importing: Client, message: Message, dan: Any) -> None:
    import_ = upload(importing, HEADER + "f1,m1,spam,bob,Look at this\nf2,m1,spam,,<b>\n")
    shown = page(importing, import_)
    assert "<strong>2</strong> new reports in 1 conversation" in shown
    assert "Look at this" in shown
    assert "&lt;b&gt;" in shown
    assert not Flag.objects.exists()  # nothing is stored before the import is confirmed
    assert "2 reports imported, 1 new case" in step(importing, import_, "store")
    assert import_.state == ImportState.STORED
    assert set(Flag.objects.values_list("source", "reporter__username")) == {("import", "bob"), ("import", None)}
    assert Case.objects.get().conversation == message.conversation
    answered = importing.get(reverse("admin:moderation_flagimport_undo", args=[import_.pk]))
    assert answered.context["removed"] == 2
    assert "2 reports and 1 case removed" in step(importing, import_, "undo")
    assert not Flag.objects.exists()
    assert (
        "nothing to undo"
        in importing.get(reverse("admin:moderation_flagimport_undo", args=[import_.pk])).content.decode()
    )
    events = Entry.objects.filter(target_id=str(import_.pk)).order_by("pk").values_list("event", "actor")
    assert list(events) == [("moderation.flags_imported", dan.pk), ("moderation.flags_import_undone", dan.pk)]


def test_undoing_keeps_reports_decided_since(importing: Client, message: Message, lena: Any, spam: Label) -> None:
    import_ = upload(importing, HEADER + "f1,m1,spam,bob,\n")
    step(importing, import_, "store")
    decided(Case.objects.get(), lena, spam)
    assert "1 kept because they were decided since" in step(importing, import_, "undo")
    assert Flag.objects.count() == 1


def test_a_file_with_problems_lists_them_and_cannot_be_imported(importing: Client, message: Message) -> None:
    import_ = upload(importing, HEADER + "f1,m9,spam,bob,\nf2,m1,rudeness,bob,\nf3,m1,spam,nobody,\nf4,m1,spam,,\n")
    shown = page(importing, import_)
    assert "3 problems must be fixed first" in shown
    for words in ("import the messages first", "There is no label rudeness", "There is no account nobody"):
        assert words in shown
    assert ">Import 1 report<" not in shown
    assert "3 problems must be fixed first" in step(importing, import_, "store")
    assert not Flag.objects.exists()


def test_checking_again_finds_messages_added_since(importing: Client, alice: Any, bob: Any) -> None:
    import_ = upload(importing, HEADER + "f1,m1,spam,bob,\n")
    write(alice, bob, "Late", external_id="m1")
    assert ">Import 1 report<" in step(importing, import_, "check")


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", HEADER, "\x00\x01", '{"a": 1}', "[]"])
def test_other_files_show_an_error(importing: Client, content: str) -> None:
    file = SimpleUploadedFile("flags.csv", content.encode())
    answered = importing.post(reverse("admin:moderation_flagimport_add"), {"file": file}, follow=True)
    assert answered.status_code == 200
    assert "errornote" in answered.content.decode()


def test_a_file_is_used_once_and_deleted(importing: Client, message: Message) -> None:
    import_ = upload(importing, HEADER + "f1,m1,spam,bob,\n")
    name = import_.upload
    assert private_files.any_exists(name)
    step(importing, import_, "store")
    assert not private_files.any_exists(name)
    for name in ("store", "check", "discard"):
        step(importing, import_, name)
    assert (import_.state, Flag.objects.count()) == (ImportState.STORED, 1)
    again = upload(importing, HEADER + "f1,m1,spam,bob,\n")
    assert "already stored" in page(importing, again)
    assert "there is nothing to import" in step(importing, again, "store")


def test_each_user_keeps_one_file_for_a_day(importing: Client, message: Message) -> None:
    first, second = (upload(importing, HEADER + f"f{place},m1,spam,,\n") for place in (1, 2))
    assert not private_files.any_exists(first.upload)
    FlagImport.objects.filter(pk=second.pk).update(created_at=timezone.now() - timedelta(hours=25))
    call_command("settle_cases")
    assert not private_files.any_exists(second.upload)
    assert set(FlagImport.objects.values_list("state", flat=True)) == {ImportState.DISCARDED}


def test_only_the_uploader_reads_and_uses_a_file(importing: Client, message: Message) -> None:
    import_ = upload(importing, HEADER + "f1,m1,spam,,Words of the file\n")
    other = Client()
    other.force_login(make_staff("dora", "import_flags"))
    assert "Words of the file" not in page(other, import_)
    for name in ("check", "store", "discard"):
        assert other.post(reverse(f"admin:moderation_flagimport_{name}", args=[import_.pk])).status_code == 403
    assert private_files.any_exists(import_.upload)


def test_an_erased_importer_leaves_no_file(importing: Client, message: Message, dan: Any) -> None:
    import_ = upload(importing, HEADER + "f1,m1,spam,,\n", "from dan.csv")
    forget(dan.pk, ["dan"])
    assert not private_files.any_exists(import_.upload)
    import_.refresh_from_db()
    assert (import_.by, import_.upload, import_.file_name) == (None, "", "")


def test_an_imported_report_frees_the_text_for_all_but_its_importer(
    importing: Client, message: Message, dan: Any, lena: Any, spam: Label
) -> None:
    step(importing, upload(importing, HEADER + "f1,m1,spam,bob,\n"), "store")
    flag = Flag.objects.select_related("brought_by").get()
    assert [flag.frees(one.pk) for one in (dan, lena)] == [False, True]
    assert [Flag.objects.freeing(one.pk).count() for one in (dan, lena)] == [0, 1]
    reading = make_staff("dina", "import_flags", "view_conversation", "view_message")
    reader = Client()
    reader.force_login(reading)
    FlagImport.objects.update(by=reading)
    reader.get(reverse("admin:messaging_conversation_change", args=[message.conversation_id]))
    assert Opening.objects.filter(reader=reading).count() == 1  # counts as an opening without a report
    flagging.flag(answer(message, "more"), label=spam, by=message.sender, source=Source.PARTICIPANT)
    reader.get(reverse("admin:messaging_conversation_change", args=[message.conversation_id]))
    assert Opening.objects.filter(reader=reading).count() == 1


@pytest.mark.parametrize("number", [1, 8])
def test_the_list_takes_the_same_queries(
    importing: Client, dan: Any, number: int, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    FlagImport.objects.bulk_create(
        FlagImport(by=dan, created_at=now, stored_at=now, counts={"flags": 1, "cases": 1}) for _ in range(number)
    )
    importing.get(reverse(LIST))
    with django_assert_max_num_queries(12):
        assert importing.get(reverse(LIST)).content.decode().count("1 report imported") == number
