"""Erased people: no import recreates them, and no uploads or exports keep anything about them."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.deletion import erased_names
from ops.deletion.models import Receipt
from ops.deletion.tests.deleting import erased, sam, sue
from ops.exports import contents, requests
from ops.exports.models import Export
from ops.exports.selections import ExportRefused
from ops.exports.tests.exporting import EXPORTS, WHY, confirmed, make_exporter
from ops.files import private_files
from ops.imports import steps
from ops.imports.models import Import, SavedColumn
from ops.imports.pages import previews
from ops.imports.saved_choices import columns
from ops.imports.storing import people as storing_people
from ops.imports.tests.files import as_csv, imported, numbered, row
from ops.imports.tests.importing import Death, at_batch, brought, checked, do, preview, problems, stored_import
from ops.jobs.models import Job

__all__ = ["sam", "sue"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]


def removed(receipt: Receipt) -> dict[str, tuple[str, str]]:
    """Return what the receipt records about uploads and exports."""
    outcomes = {step["step"]: (step["outcome"], step["note"]) for step in receipt.steps}
    return {name: outcomes[name] for name in ("uploads", "exports")}


def refusal_of(name: str) -> str:
    return erased_names.refusal(name, erased_names.erased([name])[name])


@pytest.mark.parametrize("create_users", [False, True])
def test_an_import_that_names_an_erased_person_is_refused(
    sue: Any, sam: Any, alice: Any, bob: Any, create_users: bool
) -> None:
    erased(alice, by=sue, approver=sam)
    result, found = imported(numbered(row("1"), row("2", sender="bob", receiver="alice")), create_users=create_users)
    assert result.refused
    sentence = (
        "“alice” was the name of an account that was erased and cannot be used again: "
        "use another name, or ask a superuser to release it."
    )
    assert found == [f"row 2, sender: {sentence}", f"row 3, receiver: {sentence}"]
    assert not get_user_model().objects.filter(username="alice").exists()


def test_create_users_is_not_offered_for_erased_people(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    erased(alice, by=sue, approver=sam)
    import_ = checked(row("1"), row("2", sender="nobody", receiver="bob"), create_users=True, only_valid=True)
    assert (import_.counts["users"], import_.counts["errors"], import_.counts["new"]) == (1, 1, 1)
    cures = [problem["cure"] for problem in preview(checked(row("1"), row("2", sender="nobody")))["groups"]]
    assert cures == ["", "create_users"]


def test_a_person_erased_after_the_check_is_not_created(sue: Any, sam: Any, rita: Any, alice: Any, bob: Any) -> None:
    import_ = checked(row("1"), row("2", sender="nobody", receiver="bob"), by=rita, create_users=True)
    assert import_.counts["errors"] == 0
    erased(make_user("nobody"), by=sue, approver=sam)
    job = do(steps.store(import_, by=rita, kick=False))
    assert (job.error, refusal_of("nobody") in str(problems(import_))) == ("", True)
    assert not Message.objects.exists() and not get_user_model().objects.filter(username="nobody").exists()


def test_a_person_erased_during_an_interrupted_import_is_not_created(
    sue: Any, sam: Any, rita: Any, alice: Any, bob: Any
) -> None:
    import_ = checked(row("1", sender="nobody", receiver="bob"), by=rita, create_users=True)
    with at_batch(1, Death(), committed=True), suppress(Death):
        do(steps.store(import_, by=rita, kick=False))
    erased(make_user("nobody"), by=sue, approver=sam)
    import_.refresh_from_db()
    assert import_.job is not None
    # The job is kept with its error, which must name nobody.
    assert do(import_.job).error == storing_people.ERASED_SINCE
    assert not Message.objects.exists() and not get_user_model().objects.filter(username="nobody").exists()


def test_a_released_name_can_be_imported(sue: Any, sam: Any, rosa: Any, alice: Any, bob: Any) -> None:
    erased(alice, by=sue, approver=sam)
    erased_names.release(erased_names.find("alice")[0], by=rosa, reason="She is back")
    stored_import(row("1"), create_users=True)
    assert get_user_model().objects.filter(username="alice").exists()


def test_uploads_and_exports_of_an_erased_person_are_removed(rosa: Any, sam: Any, bob: Any) -> None:
    dora = make_exporter("dora")
    import_ = checked(row("1"), by=dora)
    columns.save({"sender": "From"}, by=dora)
    write(bob, bob)
    export = requests.start(
        requests.submit(requests.draft(by=dora, scope=Export.Scope.MESSAGES, reason=WHY, format="xlsx"))
    )
    assert private_files.exists(export.file) and "dora" in export.job.title  # type: ignore[union-attr]
    receipt = erased(dora, by=rosa, approver=sam)
    assert removed(receipt) == {"uploads": ("removed", ""), "exports": ("removed", "")}
    assert not list(private_files.path(import_.upload).parent.iterdir())
    assert Import.objects.get().upload == ""
    assert not Export.objects.exists() and not SavedColumn.objects.exists()
    assert not Job.objects.filter(title__contains="dora").exists()


def test_exports_that_may_contain_the_erased_person_are_removed(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    emma = make_exporter("emma", "view_user", "view_message")
    write(alice, bob)
    about = requests.person_zip(alice, by=emma, reason=WHY)
    draft = {"by": emma, "scope": Export.Scope.MESSAGES, "reason": WHY, "format": "xlsx"}
    searched = requests.start(requests.submit(requests.draft(query="q=with%3Aalice", **draft)))
    of_all = requests.start(requests.submit(requests.draft(**draft)))
    assert all(private_files.exists(export.file) for export in (about, searched, of_all))
    assert removed(erased(alice, by=sue, approver=sam))["exports"] == ("removed", "")
    assert not any(private_files.exists(export.file) for export in (about, searched, of_all))
    assert set(Export.objects.values_list("pk", "removed")) == {(one.pk, True) for one in (about, searched, of_all)}
    left = [*Export.objects.exclude(pk=of_all.pk).values_list("selection", "reason", "file", "file_name", "entry_id")]
    assert left == [({}, "", "", "", None)] * 2


def test_the_owner_of_a_removed_export_reads_why(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    emma = make_exporter("emma", "view_user", "view_message")
    write(alice, bob)
    about = requests.person_zip(alice, by=emma, reason=WHY)
    draft = requests.draft(by=emma, scope=Export.Scope.MESSAGES, reason=WHY, format="xlsx")
    of_all = requests.start(requests.submit(draft))
    erased(alice, by=sue, approver=sam)
    client = confirmed(Client(), emma)
    assert client.get(EXPORTS).content.decode().count("removed by an erasure") == 2
    for export, sentence in (
        (about, "This export was removed because an account was erased"),
        (of_all, "The file was removed because an account was erased"),
    ):
        page = client.get(f"{EXPORTS}{export.pk}/change/").content.decode()
        assert sentence in page
        assert "alice" not in page
        assert client.get(f"{EXPORTS}{export.pk}/download/")["Location"].endswith(f"{export.pk}/change/")


def test_a_removed_export_cannot_be_made_again(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    """Without its selection, it would contain everything."""
    emma = make_exporter("emma", "view_user", "view_message")
    write(alice, bob)
    about = requests.person_zip(alice, by=emma, reason=WHY)
    erased(alice, by=sue, approver=sam)
    about.refresh_from_db()
    with pytest.raises(ExportRefused, match="was removed because an account was erased"):
        contents.files_of(about)


def test_the_receipt_reports_files_that_are_removed_later(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    emma = make_exporter("emma")
    write(alice, bob)
    export = requests.submit(requests.draft(by=emma, scope=Export.Scope.MESSAGES, reason=WHY))
    under_way = Job.objects.create(kind=requests.KIND, title="Export", params={}, requester=emma)
    Export.objects.filter(pk=export.pk).update(job=under_way, expires_at=timezone.now() + timedelta(days=1))
    note = "A file that is being made right now may hold their messages; it goes within a day."
    assert removed(erased(alice, by=sue, approver=sam))["exports"] == ("partial", note)


def test_file_names_with_the_erased_name_are_removed(sue: Any, sam: Any, rita: Any, alice: Any, bob: Any) -> None:
    import_ = brought(content=as_csv(row("1")), by=rita)
    Import.objects.filter(pk=import_.pk).update(file_name="letters_of_Alice.csv")
    import_.refresh_from_db()
    do(steps.check(import_, by=rita, kick=False))
    do(steps.check(import_, by=rita, kick=False))
    malice = brought(content=as_csv(row("1")), by=rita)
    Import.objects.filter(pk=malice.pk).update(file_name="malice.csv")
    receipt = erased(alice, by=sue, approver=sam)
    assert set(Import.objects.values_list("file_name", flat=True)) == {"a file", "malice.csv"}
    assert not Job.objects.filter(title__icontains="alice").exists()
    # Other people's uploads stay until they have been handled, and the receipt reports this.
    assert private_files.exists(import_.upload)
    note = "Files that others brought to import may name this person; they go within a day."
    assert removed(receipt)["uploads"] == ("partial", note)


def everything_stored() -> str:
    """Return everything that the console keeps about imports, except the uploaded files."""
    rows = [*Import.objects.values(), *Job.objects.values(), *SavedColumn.objects.values()]
    kinds = (previews.PREVIEW, previews.PROBLEMS)
    files = [
        private_files.path(private_files.beside(one.upload, kind)) for one in Import.objects.all() for kind in kinds
    ]
    return f"{rows}{[file.read_text() for file in files]}"


@pytest.mark.parametrize("name", ["Quaxlorbine", 'O\'Quax \\ "Q" lorbine', "Ü-Quax", f"Quax{'lorbine' * 20}"])
def test_other_peoples_imports_lose_the_erased_name(sue: Any, sam: Any, rita: Any, bob: Any, name: str) -> None:
    """That is, in the problems of a file, its preview, its headers, and the reason why an import failed."""
    person = make_user(name)
    import_ = checked(row("1", sender=name, receiver="nobody"), row(name, name), by=rita)
    Job.objects.update(error=f"The account “{name}” was erased.")
    header = f"From {name}"[:200]
    Import.objects.update(
        outcome={"why": f"The account “{name}” was erased."},
        understood={**import_.understood, "headers": [header, "sender"]},
        reading={**import_.reading, "columns": {"sender": header}},
    )
    columns.save({"sender": header, "receiver": "To"}, by=rita)
    assert everything_stored().count("Quax") > 9
    assert removed(erased(person, by=sue, approver=sam))["uploads"][0] == "partial"  # the file itself stays for a day
    assert "Quax" not in everything_stored()
    assert (
        problems(import_)[0]
        == "row 2, receiver: no user 'nobody': correct the name, or choose to create missing users."
    )
    assert preview(import_)["first"][0]["sender"] == "[erased]"
    assert SavedColumn.objects.get().column == "receiver"
    assert private_files.exists(import_.upload)


def test_previews_lose_the_texts_of_an_erased_person(sue: Any, sam: Any, rita: Any, alice: Any, bob: Any) -> None:
    carol = make_user("carol")
    write(alice, bob, "of Alice", external_id="1")
    write(carol, bob, "of Carol", external_id="2")
    import_ = checked(row("1", content="new"), row("2", content="new", sender="carol"), by=rita, existing="edit")
    assert [change["before"] for change in preview(import_)["changed"]] == ["of Alice", "of Carol"]
    erased(alice, by=sue, approver=sam)
    assert [change["before"] for change in preview(import_)["changed"]] == ["of Carol"]


def test_erasure_does_not_change_program_words_in_previews(sue: Any, sam: Any, rita: Any, bob: Any) -> None:
    """A user may have the name of one of our columns, states or kinds of problems."""
    people = [make_user(name) for name in ("error", "faulty", "create_users", "sender", "columns")]
    import_ = checked(row("1", sender="nobody", receiver="bob"), by=rita)
    before = preview(import_)
    for person in people:
        erased(person, by=sue, approver=sam)
    assert preview(import_) == before
