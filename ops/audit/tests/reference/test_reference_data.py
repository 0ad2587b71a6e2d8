"""Importing and exporting reference data: by permission, recorded, through private uploads, with no inline scripts."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse
from import_export.resources import ModelResource

from messaging.tests.cast import make_user
from ops.audit import recording
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.recording import NotRecorded
from ops.audit.reference_data.admin import CHANGED_MEANWHILE, GONE, ReferenceDataAdmin
from ops.audit.reference_data.formats import Csv, Json, Xlsx
from ops.audit.reference_data.uploads import MAX_AGE, PendingUpload, UploadGone
from ops.audit.tests.reference.models import Colour
from ops.conftest import make_staff
from ops.files import private_files
from ops.files.formulas import MARK, MARK_WITHOUT_GUARD

LIST = "/console/reference_tests/colour/"
IMPORT, PROCESS, EXPORT = f"{LIST}import/", f"{LIST}process_import/", f"{LIST}export/"
FORMATS = {"csv": "0", "xlsx": "1", "json": "2"}
ODD = ["=1", "'x", "''", "-5", "+1", "@a", "\ttab", "a;b", 'say "hi"', "two\nlines", "cr\r\nlf", "_x0041_", "<r>ü</r>"]
COLUMNS = ("name", "note", "weight")


@pytest.fixture
def ivy(db: Any) -> Client:
    """The browser of Ivy, who may view, import and export colours."""
    return client_of("ivy", "view_colour", "import_colour", "export_colour")


def client_of(name: str, *codenames: str) -> Client:
    client = Client()
    client.force_login(make_staff(name, *codenames))
    return client


def upload(client: Client, content: bytes, format: str = "csv") -> Any:
    file = SimpleUploadedFile(f"colours.{format}", content)
    return client.post(IMPORT, {"import_file": file, "format": FORMATS[format], "resource": "0"})


def confirmation(page: Any) -> dict[str, str]:
    """Return the fields that the form of a preview sends."""
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode())
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def imported(client: Client, content: bytes, format: str = "csv") -> Any:
    page = upload(client, content, format)
    assert page.context["problems"] == []
    return client.post(PROCESS, confirmation(page), follow=True)


def exported(client: Client, format: str = "csv", query: str = "", columns: Any = COLUMNS) -> Any:
    boxes = {f"colourresource_{name}": "on" for name in columns}
    return client.post(f"{EXPORT}{query}", {"format": FORMATS[format], "resource": "0", **boxes})


def messages_of(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"]]


def colours() -> dict[str, str]:
    return dict(Colour.objects.values_list("name", "note"))


def entries(*events: Event) -> list[Entry]:
    return list(Entry.objects.filter(event__in=events).order_by("pk"))


# --- Permissions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [IMPORT, EXPORT])
def test_import_and_export_have_separate_permissions(db: Any, address: str) -> None:
    codename = address.removeprefix(LIST).rstrip("/")
    assert (
        client_of("all-else", "view_colour", "add_colour", "change_colour", "delete_colour").get(address).status_code
        == 403
    )
    other = {"import": "export_colour", "export": "import_colour"}[codename]
    assert client_of("other", other).get(address).status_code == 403
    assert client_of("own", f"{codename}_colour").get(address).status_code == 200


def test_without_permission_no_data_is_imported_or_exported(db: Any, folder: Path) -> None:
    client = client_of("eve", "view_colour", "add_colour", "change_colour", "export_colour")
    assert upload(client, b"name\nred\n").status_code == 403
    assert client.post(PROCESS, {"import_file_name": "x", "format": "0"}).status_code == 403
    assert (Colour.objects.count(), list(folder.glob("*"))) == (0, [])
    assert exported(client_of("ida", "view_colour", "import_colour")).status_code == 403
    assert entries(Event.RECORDS_IMPORTED, Event.RECORDS_EXPORTED) == []


def test_the_list_offers_permitted_actions_only(ivy: Client) -> None:
    page = ivy.get(f"{LIST}?q=re").content.decode()
    assert f'href="{IMPORT}"' in page and f'href="{EXPORT}?q=re"' in page
    page = client_of("viewer", "view_colour").get(LIST).content.decode()
    assert IMPORT not in page and EXPORT not in page


def test_an_import_is_confirmed_by_post_only(ivy: Client) -> None:
    assert ivy.get(PROCESS).status_code == 405


# --- Importing -----------------------------------------------------------------------------------------------------


def test_a_preview_stores_nothing_and_a_confirmed_import_is_stored(ivy: Client, folder: Path) -> None:
    Colour.objects.create(name="red", note="old")
    page = upload(ivy, b"name,note\nred,new\nblue,\n")
    assert page.context["counts"] == {"added": 1, "changed": 1, "deleted": 0, "unchanged": 0}
    assert "<del>old</del>" in page.content.decode() and "<ins>new</ins>" in page.content.decode()
    assert (colours(), len(list(folder.iterdir()))) == ({"red": "old"}, 1)
    page = ivy.post(PROCESS, confirmation(page), follow=True)
    assert messages_of(page) == ["Import finished: 1 new, 1 updated, 0 deleted and 0 skipped colours."]
    assert (colours(), list(folder.iterdir())) == ({"red": "new", "blue": ""}, [])


def test_an_import_and_each_of_its_rows_are_recorded(ivy: Client) -> None:
    for name in ("red", "green", "grey"):
        Colour.objects.create(name=name, note="old")
    red, green = Colour.objects.get(name="red"), Colour.objects.get(name="green")
    imported(ivy, b"name,note,weight\nred,new,3\ngreen,delete,0\nblue,,0\ngrey,old,0\n")
    (added,), (changed,), (deleted,) = (
        entries(event) for event in (Event.RECORD_ADDED, Event.RECORD_CHANGED, Event.RECORD_DELETED)
    )
    (whole,) = entries(Event.RECORDS_IMPORTED)
    assert added.target_id == str(Colour.objects.get(name="blue").pk)
    assert (changed.target_id, changed.details) == (str(red.pk), {"fields": ["note", "weight"]})
    assert deleted.target_id == str(green.pk)
    assert whole.details == {"added": 1, "changed": 1, "deleted": 1, "unchanged": 1, "fields": ["note", "weight"]}
    assert (whole.target_type, whole.actor_name, whole.get_event_display()) == (
        "reference_tests.colour",
        "ivy",
        "Imported records",
    )
    assert {entry.action for entry in (added, changed, deleted)} == {whole.action}


def test_an_import_that_cannot_be_recorded_is_not_stored(ivy: Client, monkeypatch: Any) -> None:
    page = upload(ivy, b"name\nred\n")

    def fails(*args: Any, **kwargs: Any) -> None:
        raise NotRecorded

    monkeypatch.setattr(recording, "_store", fails)
    assert ivy.post(PROCESS, confirmation(page)).status_code == 503
    assert Colour.objects.count() == 0


def test_an_import_that_became_invalid_is_not_partly_stored(ivy: Client, monkeypatch: Any) -> None:
    page = upload(ivy, b"name,weight\nred,1\nblue,2\n")
    monkeypatch.setattr(Colour, "clean", lambda self: 1 / 0 if self.name == "blue" else None, raising=False)
    answer = ivy.post(PROCESS, confirmation(page), follow=True)
    assert messages_of(answer) == [CHANGED_MEANWHILE]
    assert (Colour.objects.count(), Entry.objects.filter(event__startswith="record").count()) == (0, 0)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"name,weight\nred,heavy\n", "Data row 1, weight: 'heavy' is not a valid value of this column."),
        (
            b"name,note\nred," + b"x" * 41 + b"\n",
            "Data row 1, note: Ensure this value has at most 40 characters (it has 41).",
        ),
        (b"name,hue\nred,1\n", "The file cannot be imported: unknown columns: hue. Known are name, note, weight."),
        (b"name,note\nred,1\nred,2\n", "The file cannot be imported: data row 2 repeats name red of an earlier row."),
    ],
)
def test_a_file_with_problems_cannot_be_confirmed_and_is_not_kept(
    ivy: Client, folder: Path, content: bytes, problem: str
) -> None:
    page = upload(ivy, content)
    assert page.context["problems"] == [problem]
    assert "confirm_form" not in page.context
    assert (Colour.objects.count(), list(folder.iterdir())) == (0, [])


def test_exceptions_are_not_shown(ivy: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(Colour, "clean", lambda self: 1 / 0, raising=False)
    page = upload(ivy, b"name\nred\n")
    assert page.context["problems"] == ["Data row 1: it could not be stored. Check its values."]
    assert not re.search("Traceback|ZeroDivision|division by zero", page.content.decode())


@pytest.mark.parametrize(
    ("content", "format", "words"),
    [
        (b'name,note\nred,"never closed\n', "csv", "line 2 is not valid CSV: check its quotes."),
        (b"name,note\nred\n", "csv", "data row 1 has 1 cells, but there are 2 columns."),
        (b"name,name\nred,x\n", "csv", "every column needs a name, and no name may occur twice."),
        (b"name\n" + b"x\n" * 1_001, "csv", "the file has more than 1,000 rows: split it."),
        ("name\nrötlich\n".encode("latin-1"), "csv", "the file is not in UTF-8: save it as “CSV UTF-8”."),
        (b"name,note\n", "csv", "the file has no rows."),
        (b"", "csv", "The submitted file is empty."),
        (b"name\nred\n", "xlsx", "it is cut off or damaged"),
        (b"{", "json", "the file is not valid JSON in UTF-8."),
        (b"[" * 100_000, "json", "the file is not valid JSON in UTF-8."),
        (b'[{"name": ["red"]}]', "json", "the file must be a list of objects"),
        (b'[{"name": "red"}, {"note": "x"}]', "json", "object 2 has different names than the first one."),
        (b'[{"name": "red", "name": "blue"}]', "json", "no name may occur twice."),
        (b"[{}]", "json", "every column needs a name"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(
    ivy: Client, folder: Path, content: bytes, format: str, words: str
) -> None:
    page = upload(ivy, content, format)
    (error,) = page.context["form"].errors["import_file"]
    assert words in error
    assert list(folder.glob("*")) == []


def test_a_file_that_is_too_large_is_not_kept(ivy: Client, folder: Path) -> None:
    page = upload(ivy, b"name\n" + b"x" * 5 * 2**20)
    assert page.context["form"].errors["import_file"] == ["The file is larger than 5 MB: split it."]
    assert list(folder.glob("*")) == []


# --- Uploads -------------------------------------------------------------------------------------------------------


def test_an_upload_is_used_once(ivy: Client) -> None:
    form = confirmation(upload(ivy, b"name\nred\n"))
    ivy.post(PROCESS, form)
    Colour.objects.all().delete()
    assert messages_of(ivy.post(PROCESS, form, follow=True))[-1] == GONE
    assert Colour.objects.count() == 0


def test_only_the_owner_can_confirm_an_upload(ivy: Client, folder: Path) -> None:
    form = confirmation(upload(ivy, b"name\nred\n"))
    other = client_of("olga", "view_colour", "import_colour")
    assert messages_of(other.post(PROCESS, form, follow=True)) == [GONE]
    assert (Colour.objects.count(), len(list(folder.iterdir()))) == (0, 1)
    ivy.post(PROCESS, form)  # which is still hers
    assert Colour.objects.count() == 1


def test_a_form_cannot_name_a_file(ivy: Client, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"name\nstolen\n")
    form = confirmation(upload(ivy, b"name\nred\n"))
    (waiting,) = folder.iterdir()
    assert waiting.stem not in form["import_file_name"] and form["import_file_name"] not in waiting.name
    for name in (str(secret), "../secret.csv", waiting.name, str(waiting), "", "x" * 5_000, "\x00"):
        ivy.post(PROCESS, {**form, "import_file_name": name})
    for choice in ("9", "-1", "x", ""):
        assert messages_of(ivy.post(PROCESS, {**form, "format": choice}, follow=True))[-1] == GONE
    assert (Colour.objects.count(), secret.exists(), waiting.exists()) == (0, True, True)


def test_a_pending_file_has_private_permissions(ivy: Client, folder: Path) -> None:
    upload(ivy, b"name\nred\n")
    (waiting,) = folder.iterdir()
    assert private_files.NAME.fullmatch(waiting.name)
    assert waiting.stat().st_mode & 0o777 == 0o600


def test_an_upload_expires(ivy: Client, folder: Path) -> None:
    form = confirmation(upload(ivy, b"name\nred\n"))
    (waiting,) = folder.iterdir()
    old = time.time() - MAX_AGE.total_seconds() - 1
    os.utime(waiting, (old, old))
    assert messages_of(ivy.post(PROCESS, form, follow=True)) == [GONE]
    assert (Colour.objects.count(), list(folder.iterdir())) == (0, [])


def test_only_one_concurrent_confirmation_gets_the_file(db: Any, folder: Path) -> None:
    owner, results = make_user("ivy"), []
    saved = PendingUpload(owner=owner, model=Colour)
    saved.save(b"content")
    start = threading.Barrier(8)

    def take() -> None:
        start.wait()
        try:
            results.append(PendingUpload(owner=owner, model=Colour, name=saved.name).take())
        except UploadGone:
            results.append(b"")

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [b""] * 7 + [b"content"]
    assert list(folder.iterdir()) == []


def test_an_upload_of_one_model_cannot_be_taken_by_another(db: Any) -> None:
    owner = make_user("ivy")
    saved = PendingUpload(owner=owner, model=Colour)
    saved.save(b"content")
    with pytest.raises(UploadGone):
        PendingUpload(owner=owner, model=Entry, name=saved.name).take()


# --- Exporting -----------------------------------------------------------------------------------------------------


def test_an_export_is_recorded_with_its_rows_columns_and_filters(ivy: Client) -> None:
    Colour.objects.create(name="red", weight=1)
    Colour.objects.create(name="dark red", weight=2)
    Colour.objects.create(name="blue", weight=1)
    answer = exported(ivy, query="?q=red&heavy=no", columns=("weight", "name"))
    assert answer.content.decode() == f'"name","{MARK}","weight"\n"red","","1"\n'
    (entry,) = entries(Event.RECORDS_EXPORTED)
    assert entry.details == {"rows": 1, "columns": ["name", "weight"], "format": "csv", "filters": {"heavy": "no"}}
    assert (entry.target_type, entry.target_label, entry.actor_name) == ("reference_tests.colour", "red", "ivy")


def test_an_export_that_cannot_be_recorded_is_not_sent(ivy: Client, monkeypatch: Any) -> None:
    Colour.objects.create(name="vermilion")

    def fails(*args: Any, **kwargs: Any) -> None:
        raise NotRecorded

    monkeypatch.setattr(recording, "_store", fails)
    answer = exported(ivy)
    assert (answer.status_code, b"vermilion" in answer.content) == (503, False)


@pytest.mark.parametrize("columns", [(), ("password",)])
def test_an_export_needs_a_valid_column(ivy: Client, columns: tuple[str, ...]) -> None:
    page = exported(ivy, columns=columns)
    assert (page.status_code, "Nothing was exported." in page.content.decode()) == (200, True)
    assert entries(Event.RECORDS_EXPORTED) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_round_trip_is_exact(ivy: Client, format: str) -> None:
    before = {name: name[::-1] for name in ODD}
    Colour.objects.bulk_create(Colour(name=name, note=note, weight=-3) for name, note in before.items())
    content = exported(ivy, format).content
    Colour.objects.all().delete()
    imported(ivy, content, format)
    assert colours() == before
    assert set(Colour.objects.values_list("weight", flat=True)) == {-3}
    page = upload(ivy, exported(ivy, format).content, format)
    assert page.context["counts"] == {"added": 0, "changed": 0, "deleted": 0, "unchanged": len(ODD)}


def test_no_cell_of_a_csv_file_is_a_formula(ivy: Client) -> None:
    Colour.objects.bulk_create(Colour(name=name) for name in ODD)
    cells = [cell for row in csv.reader(io.StringIO(exported(ivy).content.decode(), newline="")) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert {"'=1", "''x", "'''", "'-5"} <= set(cells)


def test_the_formula_guard_is_removed_only_from_own_files(ivy: Client) -> None:
    """``''This'' is in italics`` begins like a guarded cell, but is plain text."""
    imported(ivy, b"name,note\nred,''This'' is in italics\nblue,'=1\n")
    assert colours() == {"red": "''This'' is in italics", "blue": "'=1"}
    Colour.objects.all().delete()
    # A program that stripped the ' from the header stripped it from every cell.
    imported(ivy, f"name,{MARK_WITHOUT_GUARD},note\nred,,'=1\n".encode())
    assert colours() == {"red": "'=1"}


def test_a_file_with_semicolons_is_read(ivy: Client) -> None:
    imported(ivy, "\ufeffname;note\r\nred;warm, bright\r\n".encode())
    assert colours() == {"red": "warm, bright"}


def test_json_keeps_texts_as_they_are(ivy: Client) -> None:
    Colour.objects.create(name="=1", note="ü")
    assert json.loads(exported(ivy, "json").content) == [{"name": "=1", "note": "ü", "weight": "0"}]


# --- Pages ---------------------------------------------------------------------------------------------------------

INLINE = re.compile(r"\son\w+\s*=|<script(?![^>]*\ssrc=)|javascript:", re.I)
STYLE = re.compile(r"\sstyle\s*=|<style", re.I)


def test_pages_comply_with_the_content_security_policy(ivy: Client) -> None:
    Colour.objects.create(name="red", note="old")
    pages = {
        "list": ivy.get(LIST),
        "form": ivy.get(IMPORT),
        "problems": upload(ivy, b"name,weight\nred,heavy\n"),
        "preview": upload(ivy, b"name,note\nred,<b>new</b>\nblue,x\n"),
        "export": ivy.get(EXPORT),
        "export refused": exported(ivy, columns=()),
    }
    for name, page in pages.items():
        text = page.content.decode()
        assert page.status_code == 200, name
        assert "script-src 'self'" in page.headers["Content-Security-Policy"], name
        assert INLINE.findall(text) == [], name
        assert "://" not in "".join(re.findall(r'<script[^>]*src="([^"]*)"', text)), name
        content = text[text.index('id="content-main"') : text.index('id="footer"')]
        assert STYLE.findall(content) == [], name
    assert "<b>new</b>" not in pages["preview"].content.decode()


def test_all_columns_are_selected_and_can_be_toggled_by_a_static_script(ivy: Client) -> None:
    text = ivy.get(EXPORT).content.decode()
    assert "audit/select_all.js" in text
    assert re.search(r'<label class="choice" hidden><input type="checkbox" data-select-all="columns">', text)
    assert text.count("checked") == len(COLUMNS)


# --- System checks ---------------------------------------------------------------------------------------------------


class Plain(ModelResource):
    class Meta:
        model = Colour


def faults(model: Any, **attributes: Any) -> list[str]:
    own = type("OwnAdmin", (ReferenceDataAdmin,), attributes)
    return [error.id for error in own(model, admin.site).check()]


def test_a_valid_admin_has_no_faults(db: Any) -> None:
    assert faults(Colour) == []


def test_a_model_without_the_permissions_is_reported() -> None:
    assert faults(Entry) == ["audit.E005"]  # Entry has its own export, and lacks only the permission to import


def test_a_resource_of_another_kind_is_reported() -> None:
    assert faults(Colour, resource_classes=[Plain]) == ["audit.E006"]
    assert faults(Colour, resource_classes=[Plain, Plain]) == ["audit.E006"]


def test_all_fields_are_offered_without_a_resource(rosa: Any) -> None:
    request = RequestFactory().get("/")
    (resource,) = ReferenceDataAdmin(Colour, admin.site).get_resource_classes(request)
    assert list(resource().fields) == ["id", *COLUMNS]
    assert [one().get_title() for one in (Csv, Xlsx, Json)] == ["CSV", "XLSX", "JSON"]
    assert reverse("admin:reference_tests_colour_import") == IMPORT
