"""Access to imports: only the uploader sees what is in a file, as harmless text; queries do not grow with its size."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from messaging.tests.cast import make_user
from messaging.tests.clients import signed_in
from ops.files.uploads import NO_ROOM
from ops.imports import uploads
from ops.imports.models import Import
from ops.imports.tests.screens import ADD, LIST, address, bring, csv_of, message, page, text

State = Import.State


@pytest.mark.parametrize("who", ["ina", "rosa"])
def test_only_the_uploader_sees_the_content_of_a_file(
    importing: Client, people: Any, who: str, request: pytest.FixtureRequest
) -> None:
    import_ = bring(importing, csv_of(message("1", content="a secret"), message("2", "gone")))
    other = signed_in(request.getfixturevalue(who))
    page_text = page(other, import_)
    assert "1 new message 1 problem" in page_text
    assert "What is in the file, and what happens to it, is shown to the person who uploaded it." in page_text
    assert "a secret" not in page_text
    assert "gone" not in page_text
    for what in ("problems.csv", "rejected.csv", "check/", "store/", "columns/", "discard/"):
        assert other.get(address(import_, what)).status_code == 403, what
    for what in ("check/", "store/", "columns/", "discard/"):
        assert other.post(address(import_, what), {"state_token": "checked"}).status_code == 403, what
    import_.refresh_from_db()
    assert import_.state == State.CHECKED


@pytest.mark.parametrize("who", ["nils", "rita"])
def test_without_the_permission_all_of_it_is_closed(
    importing: Client, people: Any, who: str, request: pytest.FixtureRequest, folder: Any
) -> None:
    import_ = bring(importing, csv_of(message()))
    kept = len(list(folder.iterdir()))
    client = signed_in(request.getfixturevalue(who))
    own = ["change/", "check/", "store/", "columns/", "discard/", "undo/", "problems.csv", "rejected.csv"]
    for path in (LIST, ADD, f"{LIST}sample.csv", *(address(import_, what) for what in own)):
        assert client.get(path).status_code == 403, path
        assert client.post(path, {"file": "a"}).status_code == 403, path
    assert client.post(ADD, {"file": SimpleUploadedFile("a.csv", b"a")}).status_code == 403
    assert "Imports" not in client.get("/console/").content.decode()
    assert len(list(folder.iterdir())) == kept


def test_an_import_that_does_not_exist_is_no_page(importing: Client) -> None:
    nothing = "11111111-2222-3333-4444-555555555555"
    for what in ("change/", "check/", "undo/", "problems.csv"):
        assert importing.get(f"{LIST}{nothing}/{what}").status_code == 404
    assert importing.get(f"{LIST}{nothing}/")["Location"] == f"{LIST}{nothing}/change/"
    assert importing.get(f"{LIST}anything/").status_code == 404


def test_an_upload_without_its_token_leaves_nothing(dan: Any, folder: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(dan)
    assert client.post(ADD, {"file": SimpleUploadedFile("a.csv", b"a,b")}).status_code == 403
    token = client.get(ADD).cookies["csrftoken"].value
    data = {"csrfmiddlewaretoken": token, "file": SimpleUploadedFile("a.csv", b"a,b")}
    assert client.post(ADD, data).status_code == 302
    assert Import.objects.count() == 1


def test_an_anonymous_upload_is_redirected_to_sign_in_and_leaves_no_file(client: Client, db: Any, folder: Any) -> None:
    response = client.post(ADD, {"file": SimpleUploadedFile("a.csv", b"a,b")})
    assert response["Location"].startswith("/console/login/")
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "Choose a file first."),
        ({"file": b""}, "The file is empty: choose one that holds messages."),
        ({"file": b"x" * 2_000}, "The file is larger than 1 kB, the most that is taken: split it"),
    ],
)
def test_a_refused_upload_shows_the_reason_and_leaves_no_file(
    importing: Client, settings: Any, files: dict[str, bytes], sentence: str, folder: Any
) -> None:
    settings.MOST_UPLOADED = 1_024
    response = importing.post(ADD, {name: SimpleUploadedFile("a.csv", content) for name, content in files.items()})
    assert sentence in text(response)
    assert not Import.objects.exists()
    assert not folder.exists() or not list(folder.iterdir())


def test_after_a_full_disk_another_file_can_be_chosen(importing: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page still contains the size limit: without it, its script would refuse every file."""

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "keep", full)
    response = importing.post(ADD, {"file": SimpleUploadedFile("a.csv", csv_of(message()))})
    assert str(NO_ROOM) in text(response)
    assert f'data-most="{512 * 2**20}"' in response.content.decode()


def test_file_content_is_escaped_and_invisible_characters_are_named(importing: Client, people: Any) -> None:
    content = "<script>alert(1)</script> \u202egnp.exe\u202c zero\u200bwidth \x1b[31m 👩\u200d🚀"
    import_ = bring(importing, csv_of(message(content=content)), "<b>bold.csv")
    html = importing.get(address(import_)).content.decode()
    assert "<script>alert" not in html
    assert "<b>bold" not in html
    assert "\u202e" not in html
    page_text = page(importing, import_)
    for name in ("right-to-left override (U+202E)", "zero width space (U+200B)", "escape (U+001B)"):
        assert name in page_text
    assert "👩\u200d🚀" in html


def test_a_page_costs_the_same_queries_however_large_the_file(
    importing: Client, people: Any, django_assert_num_queries: Any
) -> None:
    for rows in (2, 400):
        import_ = bring(importing, csv_of(*(message(str(key), "gone") for key in range(rows))))
        importing.get(address(import_))  # the first visit is special: the check has just ended
        with django_assert_num_queries(8):
            importing.get(address(import_))


def test_the_list_costs_the_same_queries_however_long(
    importing: Client, people: Any, django_assert_num_queries: Any
) -> None:
    importing.get(LIST)  # fills what is cached on the first visit
    for number in (1, 20):
        Import.objects.bulk_create(
            Import(by=make_user(f"user-{number}-{key}"), file_name="a.csv", state=State.STORED) for key in range(number)
        )
        with django_assert_num_queries(6):
            importing.get(LIST)
