"""Receipts can be verified; names of erased people are recognised, and nobody uses them again by accident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import make_user
from ops.accounts.models import User
from ops.audit.models import Entry
from ops.conftest import confirm
from ops.deletion import erased_names, receipts
from ops.deletion.events import DeletionEvent
from ops.deletion.models import ErasedIdentifier, Immutable, Receipt
from ops.deletion.tests.deleting import erased, sam, sue

__all__ = ["sam", "sue"]


@pytest.fixture
def receipt(sue: Any, sam: Any) -> Receipt:
    """The receipt of Anna, whose account is erased."""
    return erased(make_user("Anna", email="Anna@example.org"), by=sue, approver=sam)


def document_of(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as it is after a download."""
    document: dict[str, Any] = json.loads(json.dumps(receipts.as_document(Receipt.objects.get(pk=receipt.pk))))
    return document


def test_an_unchanged_receipt_is_genuine(receipt: Receipt) -> None:
    assert receipts.problems(document_of(receipt)) == []


def test_a_change_of_any_field_is_detected(receipt: Receipt) -> None:
    for field in receipts.FIELDS:
        document = {**document_of(receipt), field: "another"}
        assert receipts.problems(document) == ["Its content was changed: the digest does not match."], field


def test_a_receipt_altered_with_its_digest_has_a_wrong_signature(receipt: Receipt) -> None:
    document = {**document_of(receipt), "ticket": "SUP-18"}
    document["digest"] = receipts.digest_of(document)
    assert receipts.problems(document) == ["Its signature is wrong: this installation did not issue it."]


def test_an_invalid_signature_of_any_kind_is_wrong(receipt: Receipt) -> None:
    for signature in ("\u00fc" * 64, "\ud800", "", None, 5, ["x"]):
        document = {**document_of(receipt), "signature": signature}
        assert receipts.problems(document) == ["Its signature is wrong: this installation did not issue it."]


def test_missing_and_unknown_fields_are_named(receipt: Receipt) -> None:
    document = document_of(receipt)
    del document["counts"]
    document["remark"] = "fine"
    assert receipts.problems(document) == ["Fields are missing: counts.", "There are unknown fields: remark."]
    assert receipts.problems([]) == ["This is not a Threadward receipt: its “format” should be “threadward-receipt-1”."]


def test_a_receipt_signed_with_another_key_is_reported(receipt: Receipt, settings: Any) -> None:
    document = document_of(receipt)
    before, settings.ERASURE_KEY = receipts.key_id(), "another key " * 5
    assert receipts.problems(document) == [
        f"It was signed under another key ({before}) than this installation’s ({receipts.key_id()}): set "
        "ERASURE_KEY to the one of that time."
    ]


def test_a_receipt_cannot_be_changed_or_deleted(receipt: Receipt) -> None:
    for change in (
        receipt.save,
        receipt.delete,
        Receipt.objects.all().delete,
        lambda: Receipt.objects.update(ticket=""),
    ):
        with pytest.raises(Immutable, match=r"A receipt is written once; it is never changed or deleted."):
            change()


def test_the_command_checks_a_file_without_the_database(receipt: Receipt, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(document_of(receipt)))
    call_command("verify_receipt", str(file))
    day = f"{receipt.finished_at:%Y-%m-%d}"
    assert capsys.readouterr().out == (
        f"Receipt {receipt.pk} is genuine: an account was deleted on {day} (erase, user_request, SUP-17).\n"
    )
    file.write_text(file.read_text().replace("SUP-17", "SUP-18"))
    with pytest.raises(CommandError) as refusal:
        call_command("verify_receipt", str(file))
    assert str(refusal.value) == ("This receipt cannot be trusted. Its content was changed: the digest does not match.")
    good = json.dumps(document_of(receipt))
    for twice, key in (
        ('{"ticket": "SUP-18", ' + good[1:], "ticket"),
        (good.replace('"counts": {', '"counts": {"a": 1, "a": 1, '), "a"),
    ):
        file.write_text(twice)
        with pytest.raises(CommandError) as refusal:
            call_command("verify_receipt", str(file))
        assert str(refusal.value) == (
            f"This receipt cannot be trusted. It contains “{key}” twice, and programs differ in which value they read."
        )
    file.write_text('{"remark": "fine", ' + good[1:])
    with pytest.raises(CommandError, match=r"There are unknown fields: remark."):
        call_command("verify_receipt", str(file))
    for nonsense in ("{", "[" * 100_000, "\xff"):
        file.write_text(nonsense, encoding="latin-1")
        with pytest.raises(CommandError, match=r"is not JSON\. Download the receipt again"):
            call_command("verify_receipt", str(file))
    with pytest.raises(CommandError, match=r"cannot be read"):
        call_command("verify_receipt", str(tmp_path / "missing.json"))


def test_a_name_or_an_address_finds_when_it_was_erased(receipt: Receipt) -> None:
    for text, kind in (("Anna", "username"), ("anna@EXAMPLE.org ", "email")):
        (found,) = erased_names.find(text)
        assert (found.kind, found.receipt_id) == (kind, receipt.pk)
    assert erased_names.find("Hanna") == erased_names.find("Bella") == []


@pytest.mark.parametrize(("stored", "typed"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_is_found_in_any_unicode_form(sue: Any, sam: Any, stored: Any, typed: Any) -> None:
    receipt = erased(
        make_user(normalize(stored, "Zoë"), email=normalize(stored, "zoë@example.org")), by=sue, approver=sam
    )
    for text in ("Zoë", "Zoë@example.org"):
        (found,) = erased_names.find(normalize(typed, text))
        assert found.receipt_id == receipt.pk
    both = {normalize("NFC", "Zoë"), normalize("NFD", "Zoë")}
    known = erased_names.erased([*both, "zoë", "zoe"])
    assert {name for name, found in known.items() if found.exactly} == both
    assert {name for name, found in known.items() if not found.exactly} == {"zoë"}


def test_erased_names_are_found_among_many_in_three_queries(receipt: Receipt, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        found = erased_names.erased(["Anna", "hanna", *(f"person{number}" for number in range(5_000))])
    assert {name: known.receipt_id for name, known in found.items()} == {"Anna": receipt.pk}


def test_only_a_keyed_hash_of_a_name_is_stored(receipt: Receipt, settings: Any) -> None:
    assert "anna" not in str(list(ErasedIdentifier.objects.values_list())).lower()
    settings.ERASURE_KEY = "another key " * 5
    assert not erased_names.find("Anna")


def test_a_new_secret_key_does_not_affect_erased_names(receipt: Receipt, settings: Any) -> None:
    settings.SECRET_KEY = "rotated " * 10
    assert erased_names.find("Anna") and receipts.problems(document_of(receipt)) == []


def test_an_account_cannot_be_created_with_an_erased_name(client: Client, rosa: Any, receipt: Receipt) -> None:
    client.force_login(rosa)
    confirm(client, "rosa")
    data = {"username": "Anna", "usable_password": "false"}
    page = client.post(reverse("admin:accounts_user_add"), data).content.decode()
    known = erased_names.erased(["Anna"])["Anna"]
    assert (
        f"“Anna” was the name of an account that was erased on {known.erased_at:%Y-%m-%d} (receipt {receipt.pk}) and "
        "cannot be used again: use another name, or ask a superuser to release it."
    ) in page
    assert not User.objects.filter(username="Anna").exists()


def test_an_account_cannot_be_renamed_to_an_erased_name(
    client: Client, rosa: Any, alice: Any, receipt: Receipt
) -> None:
    client.force_login(rosa)
    confirm(client, "rosa")
    data = {"username": "Anna", "email": "", "is_active": "on"}
    page = client.post(reverse("admin:accounts_user_change", args=[alice.pk]), data).content.decode()
    assert f"(receipt {receipt.pk}) and cannot be used again" in page


def test_an_erased_address_cannot_be_used_until_it_is_released(
    client: Client, rosa: Any, alice: Any, receipt: Receipt
) -> None:
    client.force_login(rosa)
    confirm(client, "rosa")
    data = {"username": "alice", "email": "ANNA@example.org", "is_active": "on"}
    address = reverse("admin:accounts_user_change", args=[alice.pk])
    page = client.post(address, data).content.decode()
    assert f"(receipt {receipt.pk}) and cannot be used again: use another address" in page
    erased_names.release(erased_names.find("anna@example.org")[0], by=rosa, reason="She is back")
    assert client.post(address, data).status_code == 302
    assert User.objects.get(username="alice").email == "ANNA@example.org"


def test_releasing_a_name_needs_a_superuser_and_is_recorded(rosa: Any, sue: Any, receipt: Receipt) -> None:
    (known,) = erased_names.find("Anna")
    for by, reason, sentence in (
        (sue, "She is back", "Only a superuser can release an erased name."),
        (rosa, " ", "Enter why the name is released: it is recorded."),
    ):
        with pytest.raises(erased_names.NotReleased) as refusal:
            erased_names.release(known, by=by, reason=reason)
        assert str(refusal.value) == sentence
    erased_names.release(known, by=rosa, reason="She is back")
    assert (known.lifted_by, known.lift_reason) == (rosa, "She is back")
    assert erased_names.erased(["Anna"]) == {}
    assert erased_names.find("Anna") == [known]
    entry = Entry.objects.get(event=DeletionEvent.IDENTIFIER_LIFTED)
    assert (entry.actor, entry.reason) == (rosa, "She is back")
    with pytest.raises(erased_names.NotReleased, match=r"This name has already been released."):
        erased_names.release(known, by=rosa, reason="Again")


def test_the_command_finds_and_releases_a_name(receipt: Receipt, capsys: Any) -> None:
    day = f"{erased_names.find('Anna')[0].erased_at:%Y-%m-%d}"
    call_command("find_erased", "Bella")
    call_command("find_erased", "Anna")
    call_command("find_erased", "Anna", lift="She is back")
    assert capsys.readouterr().out.splitlines() == [
        "No account called “Bella” was erased.",
        f"Username of an account erased on {day}: receipt {receipt.pk}.",
        f"Username of an account erased on {day}: receipt {receipt.pk}; released on {day}.",
    ]


def test_only_a_receipt_proves_an_erasure(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    """``verify_audit`` checks this to decide whether entries about an account or a request may be empty."""
    account, request = "accounts.user", "deletion.deletionrequest"
    key = make_user("Anna").pk
    receipt = erased(User.objects.get(pk=key), by=sue, approver=sam)
    kept = erased(bob, by=sue, approver=sam, mode="anonymise", texts="keep")
    proven = [(account, key), (account, bob.pk), (request, receipt.request), (request, kept.request)]
    assert [target for target in proven if not receipts.prove_erasure(target[0], str(target[1]))] == []
    for unproven in ((account, alice.pk), (account, 10**6), (account, "x"), (request, "x"), ("messaging.message", 1)):
        assert not receipts.prove_erasure(unproven[0], str(unproven[1])), unproven
    alice.is_active, alice.anonymised_at = False, bob.date_joined
    alice.set_unusable_password()
    alice.save()
    assert not receipts.prove_erasure(account, str(alice.pk))  # anonymised without a receipt
