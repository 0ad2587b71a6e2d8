"""Exporting in the console: with a reason, recorded before the first byte, kept for a day for one person."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape, strip_tags

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.audit.tests.trail import recording_fails
from ops.exports.columns import MessageTable
from ops.exports.events import ExportEvent
from ops.exports.models import Export
from ops.exports.selections import ExportRefused
from ops.exports.tests.exporting import (
    CONVERSATIONS,
    EXPORTS,
    MESSAGES,
    WHY,
    confirmed,
    exported,
    make_exporter,
    some_messages,
)
from ops.files import private_files


def form_data(**chosen: Any) -> dict[str, Any]:
    """Return the form as a browser sends it: CSV, the columns that an import takes, a reason."""
    boxes = {f"messagetable_{name}": "on" for name in chosen.pop("columns", MessageTable.columns())}
    return {"format": "csv", "reason": WHY, **boxes, **chosen}


@pytest.fixture
def stored(db: Any) -> list[Message]:
    return some_messages()


@pytest.fixture
def exporting(client: Client, dora: Any, stored: list[Message]) -> Client:
    return confirmed(client, dora)


def text(response: Any) -> str:
    return response.content.decode()


def made_by_a_job(client: Client, **chosen: Any) -> Export:
    """Export a workbook of all messages, which is never sent directly."""
    response = client.post(f"{MESSAGES}export/", form_data(format="xlsx", **chosen))
    export = Export.objects.get()
    assert response["Location"] == f"{EXPORTS}{export.pk}/change/"
    return export


def sent(client: Client, address: str, **form: Any) -> Any:
    """Return the download that starts automatically on the page after a small export."""
    page = text(client.post(address, form_data(**form), follow=True))
    (download,) = re.findall('<meta http-equiv="refresh" content="0; url=([^"]+)">', page)
    return client.get(download)


# --- Asking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [MESSAGES, CONVERSATIONS])
def test_the_list_links_to_the_export_with_the_same_filters(exporting: Client, of: str) -> None:
    page = text(exporting.get(f"{of}?unread=yes&q=with%3Aalice"))
    assert f'<a href="{of}export/?q=with%3Aalice&amp;unread=yes">Export…</a>' in page
    assert ">Export selected…</button>" in page
    assert 'name="_selected_action"' in page


def test_readers_without_the_permission_cannot_export(client: Client, rita: Any, stored: list[Message]) -> None:
    client.force_login(rita)
    for page in (MESSAGES, CONVERSATIONS):
        shown = text(client.get(page))
        assert "Export" not in shown
        assert "_selected_action" not in shown
        assert client.get(f"{page}export/").status_code == 403
        assert client.post(f"{page}export/", form_data()).status_code == 403


def test_exporting_needs_the_permission_to_read(client: Client, stored: list[Message], folder: Path) -> None:
    confirmed(client, make_exporter("dan", "view_user"))
    for page in (MESSAGES, CONVERSATIONS):
        assert client.get(f"{page}export/").status_code == 403
        assert client.post(f"{page}export/", form_data()).status_code == 403


def test_the_password_is_confirmed_first(client: Client, dora: Any, stored: list[Message]) -> None:
    client.force_login(dora)
    response = client.get(f"{MESSAGES}export/?unread=yes")
    assert response["Location"].startswith("/confirm/?next=")
    client.post(f"{MESSAGES}export/", form_data())
    assert not Export.objects.exists()


def test_the_form_shows_the_number_and_the_filters(exporting: Client) -> None:
    page = text(exporting.get(f"{MESSAGES}export/?unread=yes&q=with%3Aalice"))
    assert "<strong>2 messages</strong>" in page
    assert "<bdi>Read status: Unread</bdi>" in page
    assert "<bdi>Matching “with:alice”</bdi>" in page
    assert "Export 2 messages</button>" in page


def test_the_form_says_that_a_large_number_is_a_minimum(exporting: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.exports.admin.MAX_COUNTED", 2)
    assert "<strong>More than 2 messages</strong>" in text(exporting.get(f"{MESSAGES}export/"))


def test_an_unfiltered_export_is_called_everything(exporting: Client) -> None:
    assert "This is <strong>everything</strong>" in text(exporting.get(f"{MESSAGES}export/"))


def test_conversations_are_exported_with_all_their_messages(exporting: Client, stored: list[Message]) -> None:
    page = text(exporting.get(f"{CONVERSATIONS}export/?length=2-9"))
    assert "<strong>2 messages</strong>, all of these conversations" in page
    assert "Whole conversations" not in page
    response = sent(exporting, f"{CONVERSATIONS}export/?length=2-9")
    assert b"".join(response.streaming_content).count(b"\n") == 3


def test_an_empty_selection_is_reported(exporting: Client) -> None:
    page = text(exporting.get(f"{MESSAGES}export/?q=nothing"))
    assert "Nothing matches, so there is nothing to export." in page
    assert "<form" not in page.partition('id="content-main"')[2]
    response = exporting.post(f"{MESSAGES}export/?q=nothing", form_data())
    assert response.status_code == 200
    assert not Export.objects.exists()


def test_an_unknown_filter_leads_back_to_the_list(exporting: Client) -> None:
    response = exporting.get(f"{MESSAGES}export/?colour=red", follow=True)
    assert response.redirect_chain[0][0] == MESSAGES
    assert "A filter in that address was not understood" in text(response)


@pytest.mark.parametrize("reason", ["", "   ", "\x00", "x" * 1_001])
def test_an_export_needs_a_reason(exporting: Client, reason: str) -> None:
    response = exporting.post(f"{MESSAGES}export/", form_data(reason=reason))
    assert response.status_code == 200
    assert "Nothing was exported." in text(response)
    assert not Export.objects.exists()
    assert not Entry.objects.filter(event=ExportEvent.MESSAGES_EXPORTED).exists()


def test_an_export_needs_a_column(exporting: Client) -> None:
    page = text(exporting.post(f"{MESSAGES}export/", form_data(columns=[])))
    assert "Nothing was exported. Choose at least one column." in page


@pytest.mark.parametrize("format", ["", "exe", "xls"])
def test_an_unknown_format_is_refused(exporting: Client, format: str) -> None:
    assert "Nothing was exported." in text(exporting.post(f"{MESSAGES}export/", form_data(format=format)))


# --- Chosen rows -------------------------------------------------------------------------------------------------


def test_only_selected_rows_are_exported(exporting: Client, stored: list[Message]) -> None:
    chosen = {"action": "export_chosen", "_selected_action": [stored[0].pk, stored[2].pk]}
    response = exporting.post(f"{MESSAGES}?unread=yes", chosen)
    assert response["Location"] == f"{MESSAGES}export/?unread=yes&id={stored[0].pk}&id={stored[2].pk}"
    assert "2 chosen messages." in text(exporting.get(response["Location"]))
    file = sent(exporting, response["Location"], columns=["content"])
    assert b"".join(file.streaming_content) == b"'threadward',content\n,\"'=1+1\"\n,\"''quoted'\"\n"


def test_the_link_back_keeps_the_filters_of_the_list(exporting: Client, stored: list[Message]) -> None:
    """It does so on a form with errors too."""
    listed = "unread=yes&q=with%3Aalice"
    chosen = {"action": "export_chosen", "_selected_action": [stored[0].pk]}
    address = exporting.post(f"{MESSAGES}?{listed}", chosen)["Location"]
    for page in (exporting.get(address), exporting.post(address, form_data(reason=""))):
        assert f'href="../?{escape(listed)}">Back to the list</a>' in text(page)


@pytest.mark.parametrize("forged", ["x", "-1", "9" * 30, "1'", ""])
def test_invalid_ids_are_not_selected(exporting: Client, stored: list[Message], forged: str) -> None:
    chosen = {"action": "export_chosen", "_selected_action": [forged, stored[0].pk]}
    assert exporting.post(MESSAGES, chosen)["Location"] == f"{MESSAGES}export/?id={stored[0].pk}"
    alone = {"action": "export_chosen", "index": "0", "_selected_action": [forged]}
    assert "Items must be selected" in text(exporting.post(MESSAGES, alone, follow=True))


def test_selecting_all_pages_exports_all_matches(exporting: Client, stored: list[Message]) -> None:
    chosen = {"action": "export_chosen", "_selected_action": [stored[0].pk], "select_across": "1"}
    response = exporting.post(f"{MESSAGES}?unread=yes", chosen)
    assert response["Location"] == f"{MESSAGES}export/?unread=yes"


def test_selected_conversations_are_counted(exporting: Client, stored: list[Message]) -> None:
    page = text(exporting.get(f"{CONVERSATIONS}export/?id={stored[0].conversation_id}"))
    assert "1 chosen conversation, with" in page
    assert "Export 1 conversation</button>" in page


# --- Sent at once ------------------------------------------------------------------------------------------------


def test_a_small_export_is_sent_at_once_with_user_and_time_in_its_name(exporting: Client, dora: Any) -> None:
    response = sent(exporting, f"{MESSAGES}export/")
    export = Export.objects.get()
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="{export.file_name}"'
    assert export.file_name == f"messages-dora-{timezone.localtime(export.created_at):%Y-%m-%d-%H%M}.csv"
    assert b"".join(response.streaming_content) == exported(dora)


def test_the_page_of_a_sent_export_describes_it_and_its_record(exporting: Client) -> None:
    response = exporting.post(f"{MESSAGES}export/", form_data(), follow=True)
    export = Export.objects.get()
    content = " ".join(strip_tags(text(response).partition('id="content-main"')[2]).split())
    assert f"3 messages were sent to you as {export.file_name}." in content
    assert "This page and the audit trail keep that you exported them, and what for; no file is kept." in content
    assert "Download it again In case it did not come; until" in content
    again = text(exporting.get(f"{EXPORTS}{export.pk}/change/"))
    assert "were sent to you" in strip_tags(again)
    assert "refresh" not in again  # on later visits nothing is downloaded again
    assert "sent at once" in text(exporting.get(EXPORTS))


def test_a_sent_export_can_be_downloaded_again_by_its_owner_for_ten_minutes(exporting: Client, rosa: Any) -> None:
    exporting.post(f"{MESSAGES}export/", form_data())
    export = Export.objects.get()
    other = Client()
    for user in (make_exporter("emil"), rosa):
        other.force_login(user)
        assert other.get(f"{EXPORTS}{export.pk}/download/").status_code == 403
    assert "3 messages were sent at once; no file was kept." in text(other.get(f"{EXPORTS}{export.pk}/change/"))
    assert exporting.get(f"{EXPORTS}{export.pk}/download/").status_code == 200
    Export.objects.update(created_at=timezone.now() - timedelta(minutes=10))
    late = text(exporting.get(f"{EXPORTS}{export.pk}/download/", follow=True))
    assert "This file is no longer available: export it again." in late
    assert "3 messages were sent at once; no file was kept." in late


def test_an_export_that_cannot_be_made_again_says_why(exporting: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    exporting.post(f"{MESSAGES}export/", form_data())

    def refusing(export: Export) -> None:
        raise ExportRefused("A filter in that address was not understood.")

    monkeypatch.setattr("ops.exports.requests.stream", refusing)
    response = exporting.get(f"{EXPORTS}{Export.objects.get().pk}/download/", follow=True)
    assert "A filter in that address was not understood." in text(response)


def test_a_strange_username_makes_a_harmless_file_name(client: Client, stored: list[Message], folder: Path) -> None:
    confirmed(client, make_exporter('../"x"/é'))
    disposition = sent(client, f"{MESSAGES}export/")["Content-Disposition"]
    assert "/" not in disposition.replace("utf-8''", "")
    assert disposition.endswith(".csv")


# --- The trail ---------------------------------------------------------------------------------------------------


def test_an_export_is_recorded_with_filters_reason_and_number_but_no_text(exporting: Client, dora: Any) -> None:
    response = exporting.post(
        f"{MESSAGES}export/?unread=yes&q=with%3Aalice", form_data(histories="on", columns=["content"])
    )
    assert response.status_code == 302
    entry = Entry.objects.get(event=ExportEvent.MESSAGES_EXPORTED)
    assert (entry.actor_id, entry.reason, entry.target_type) == (dora.pk, WHY, "messaging.message")
    assert entry.target_label == "with:alice"
    assert entry.details == {
        "filters": {"unread": "yes"}, "rows": 2, "format": "csv", "columns": ["content"], "whole_threads": False,
        "histories": True, "reviews": False, "up_to": Message.objects.latest("pk").pk,
    }  # fmt: skip
    assert "hello" not in json.dumps(entry.details)


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_an_export_that_cannot_be_recorded_is_not_made(exporting: Client, format: str) -> None:
    with recording_fails():
        response = exporting.post(f"{MESSAGES}export/", form_data(format=format))
    assert response.status_code == 503
    assert not Export.objects.exists()


def test_selected_rows_are_recorded_by_id(exporting: Client, stored: list[Message]) -> None:
    exporting.post(f"{MESSAGES}export/?id={stored[0].pk}", form_data())
    assert Entry.objects.get(event=ExportEvent.MESSAGES_EXPORTED).details["chosen"] == [stored[0].pk]


# --- Kept files --------------------------------------------------------------------------------------------------


def test_a_file_made_by_a_job_can_be_downloaded_by_its_owner(exporting: Client, dora: Any) -> None:
    export = made_by_a_job(exporting)
    page = text(exporting.get(f"{EXPORTS}{export.pk}/change/"))
    assert f'href="{EXPORTS}{export.pk}/download/"' in page
    response: Any = exporting.get(f"{EXPORTS}{export.pk}/download/")
    assert response["Content-Disposition"] == f'attachment; filename="{export.file_name}"'
    assert response["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content) == private_files.path(export.file).read_bytes()


def test_only_the_owner_can_download_the_file(exporting: Client, rosa: Any) -> None:
    export = made_by_a_job(exporting)
    other = Client()
    for user, status in ((make_exporter("emil"), 403), (rosa, 403)):
        other.force_login(user)
        assert other.get(f"{EXPORTS}{export.pk}/download/").status_code == status
    assert "Only whoever asked for the file may download it." in text(other.get(f"{EXPORTS}{export.pk}/change/"))


def test_only_superusers_see_exports_of_others(exporting: Client, rosa: Any) -> None:
    export = made_by_a_job(exporting)
    other = Client()
    other.force_login(make_exporter("emil"))
    empty = text(other.get(EXPORTS))
    assert "You exported nothing yet." in empty
    assert "Open the messages</a>" in empty
    other.force_login(rosa)
    assert export.file_name in text(other.get(EXPORTS))


def test_the_file_expires_after_a_day(exporting: Client) -> None:
    export = made_by_a_job(exporting)
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "The file has expired: files are kept for a day." in text(exporting.get(f"{EXPORTS}{export.pk}/change/"))
    response = exporting.get(f"{EXPORTS}{export.pk}/download/", follow=True)
    assert "This file is no longer available: export it again." in text(response)


def test_a_deleted_file_is_shown_as_expired(exporting: Client) -> None:
    export = made_by_a_job(exporting)
    private_files.delete(export.file)
    assert "expired" in text(exporting.get(EXPORTS))


def test_losing_the_permission_refuses_the_download(exporting: Client, dora: Any) -> None:
    export = made_by_a_job(exporting)
    dora.user_permissions.remove(Permission.objects.get(codename="view_message"))
    assert exporting.get(f"{EXPORTS}{export.pk}/download/").status_code == 403


def test_an_unknown_export_is_not_found(exporting: Client) -> None:
    assert exporting.get(f"{EXPORTS}{uuid4()}/download/").status_code == 404


def test_a_failed_export_says_why(exporting: Client) -> None:
    export = made_by_a_job(exporting)
    assert export.job is not None
    Export.objects.update(size=None)
    type(export.job).objects.update(state="failed", error="The disk is full.")
    assert "The disk is full." in text(exporting.get(f"{EXPORTS}{export.pk}/change/"))


def test_the_number_of_queries_of_the_list_does_not_grow(exporting: Client, django_assert_num_queries: Any) -> None:
    exporting.post(f"{MESSAGES}export/", form_data())
    exporting.get(EXPORTS)
    with CaptureQueriesContext(connection) as before:
        exporting.get(EXPORTS)
    queries = len(before)
    for _ in range(8):
        exporting.post(f"{MESSAGES}export/", form_data())
    with django_assert_num_queries(queries):
        assert text(exporting.get(EXPORTS)).count("sent at once") == 9


def test_the_number_of_queries_of_the_form_does_not_grow(
    exporting: Client, stored: list[Message], django_assert_num_queries: Any
) -> None:
    exporting.get(f"{MESSAGES}export/?unread=yes")
    with CaptureQueriesContext(connection) as before:
        exporting.get(f"{MESSAGES}export/?unread=yes")
    for number in range(30):
        write(stored[0].sender, stored[0].receiver, str(number))
    with django_assert_num_queries(len(before)):
        exporting.get(f"{MESSAGES}export/?unread=yes")


# --- One person's data -------------------------------------------------------------------------------------------


def test_the_page_of_a_user_links_to_the_export(client: Client, rosa: Any, stored: list[Message]) -> None:
    alice = stored[0].sender
    client.force_login(rosa)
    assert f'href="{EXPORTS}of-person/{alice.pk}/"' in text(client.get(f"/console/accounts/user/{alice.pk}/change/"))


def test_one_persons_data_is_exported_with_a_reason_and_recorded(
    client: Client, stored: list[Message], folder: Path
) -> None:
    emma, alice = make_exporter("emma", "view_user"), stored[0].sender
    address = f"{EXPORTS}of-person/{alice.pk}/"
    confirmed(client, emma)
    page = text(client.get(address))
    assert "1 message sent and 2 received" in page
    refused = text(client.post(address, {"reason": ""}))
    assert "Nothing was exported. Fix the errors below." in refused
    assert refused.index("Enter a reason") > refused.index("Reason for export</label>")
    response = client.post(address, {"reason": WHY})
    export = Export.objects.get()
    assert response["Location"] == f"{EXPORTS}{export.pk}/change/"
    assert client.get(f"{EXPORTS}{export.pk}/download/").status_code == 200
    assert export.file_name.startswith("personal-data-emma-")
    assert "the data of <bdi>alice</bdi>" in text(client.get(response["Location"]))
    entry = Entry.objects.get(event=ExportEvent.MESSAGES_EXPORTED)
    assert (entry.target_type, entry.target_id, entry.reason) == ("accounts.user", str(alice.pk), WHY)


def test_the_page_of_an_export_is_titled_with_its_file_name(exporting: Client) -> None:
    exporting.post(f"{MESSAGES}export/", form_data())
    export = Export.objects.get()
    assert f"<h1>{export.file_name}</h1>" in text(exporting.get(f"{EXPORTS}{export.pk}/change/"))


@pytest.mark.parametrize("permissions", [("view_message",), ()])
def test_exporting_one_person_needs_both_permissions(client: Client, db: Any, folder: Path, permissions: Any) -> None:
    alice = make_user("alice")
    confirmed(client, make_exporter("emma", *permissions))
    assert client.get(f"{EXPORTS}of-person/{alice.pk}/").status_code == 403
    sue = make_user("sue", is_staff=True)
    sue.user_permissions.set(Permission.objects.filter(codename="view_user"))
    confirmed(client, sue)
    assert client.post(f"{EXPORTS}of-person/{alice.pk}/", {"reason": WHY}).status_code == 403


@pytest.mark.parametrize("key", ["0", "99999999999999999999999", "x", "-1"])
def test_exporting_an_unknown_person_is_not_found(client: Client, rosa: Any, key: str) -> None:
    confirmed(client, rosa)
    assert client.get(f"{EXPORTS}of-person/{key}/").status_code == 404
