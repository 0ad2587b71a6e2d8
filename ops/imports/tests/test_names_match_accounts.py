"""Names in a file that differ a little from account names: "did you mean", one choice for each, remembered."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from hypothesis import given
from hypothesis import strategies as st

from messaging.models import Message
from messaging.tests.cast import make_user
from ops.deletion.tests.deleting import erased, sam, sue
from ops.files import private_files
from ops.files.sources import Reading
from ops.files.tests.files import as_marked_csv
from ops.imports import options, steps, uploads
from ops.imports.checking.likeness import Difference, difference, spelling, they_differ
from ops.imports.models import Import, SavedPerson
from ops.imports.options import Choices
from ops.imports.pages import previews
from ops.imports.saved_choices import people as saved_people
from ops.imports.tests.files import SHARED, row
from ops.imports.tests.importing import Death, at_batch, brought, checked, do, groups, preview, problems, stored_import

__all__ = ["sam", "sue"]

pytestmark = pytest.mark.django_db

User = get_user_model()
NFD = unicodedata.normalize("NFD", "Jürgen")
CYRILLIC = "\u0430lice"  # its first letter is Cyrillic


def suggested(import_: Import) -> list[tuple[dict[str, str], bool]]:
    """Return the suggested accounts of each suggestion, by name, and whether it is certain."""
    return [(one["value"], one["certain"]) for one in preview(import_)["suggestions"] if one["option"] == "people"]


def senders() -> dict[str | None, str]:
    return dict(Message.objects.values_list("external_id", "sender__username"))


def field_file(name: str) -> bytes:
    path = SHARED / "field" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path.read_bytes()


# --- How names differ ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "other", "kind", "words"),
    [
        (NFD, "Jürgen", Difference.COMPOSITION, "how their accents are composed"),
        ("Peter", "peter", Difference.SPELLING, "capital letters"),
        (" peter\u00a0", "peter", Difference.SPELLING, "blanks"),
        ("Anna  Maria", "anna maria", Difference.SPELLING, "capital letters and blanks"),
        (NFD.upper(), "Jürgen", Difference.SPELLING, "capital letters"),
        (CYRILLIC, "alice", Difference.LOOK, "characters that look alike"),
        ("Weiss", "Weiß", Difference.LOOK, "characters that look alike"),
    ],
)
def test_the_difference_between_names_is_described(name: str, other: str, kind: Difference, words: str) -> None:
    assert (difference(name, other), they_differ(name, other)) == (kind, f"They differ only in {words}.")


@given(st.text())
def test_the_spelling_of_a_spelling_is_the_same(name: str) -> None:
    assert spelling(spelling(name)) == spelling(name) == spelling(f" {name}\t")


# --- What is suggested ---------------------------------------------------------------------------------------------


def test_an_account_with_differently_composed_accents_is_suggested(bob: Any) -> None:
    make_user("Jürgen")
    import_ = checked(content=field_file("24-nfd.csv"))
    assert problems(import_) == [
        f"row 2, sender: '{NFD}' has an account, which composes its accents of other characters: did you mean "
        "'Jürgen'? Say that it is the same person, or correct the name."
    ]
    assert suggested(import_) == [({NFD: "Jürgen"}, True)]
    stored_import(content=field_file("24-nfd.csv"), people={NFD: "Jürgen"})
    assert senders() == {"n1": "Jürgen", "n2": "Jürgen"}
    assert User.objects.count() == 2


def test_capitals_and_blanks_are_one_choice(bob: Any) -> None:
    make_user("peter")
    import_ = checked(content=field_file("25-case.csv"))
    ((people, certain),) = suggested(import_)
    assert certain and set(people.values()) == {"peter"} and {"Peter", "PETER"} <= set(people)
    assert import_.counts["errors"] == len(people) == import_.counts["users"]
    assert problems(import_)[0] == (
        "row 2, sender: no user 'Peter': did you mean 'peter'? They differ only in capital letters. Say who it is, "
        "correct the name, or choose to create missing users."
    )
    taken = options.take(preview(import_)["suggestions"][0], Reading(), Choices())[1]
    stored_import(content=field_file("25-case.csv"), people=taken.people)
    assert set(senders().values()) == {"peter"} and len(senders()) == 5


def test_names_of_a_file_without_any_account_are_one_person_as_well(bob: Any) -> None:
    import_ = checked(content=field_file("25-case.csv"))
    ((people, certain),) = suggested(import_)
    assert certain and set(people.values()) == {"Peter"}
    stored_import(content=field_file("25-case.csv"), people=people, create_users=True)
    assert set(senders().values()) == {"Peter"}


def test_names_that_only_look_alike_are_an_uncertain_suggestion(alice: Any, bob: Any) -> None:
    import_ = checked(row("1", sender=CYRILLIC))
    assert suggested(import_) == [({CYRILLIC: "alice"}, False)]
    assert "They differ only in characters that look alike." in problems(import_)[0]


def test_several_accounts_of_one_spelling_leave_the_choice(bob: Any) -> None:
    make_user("peter")
    make_user("Peter")
    assert suggested(checked(row("1", sender="PETER"))) == [({"PETER": "Peter"}, False), ({"PETER": "peter"}, False)]


def test_a_new_account_with_a_similar_name_is_a_warning_with_a_suggestion(alice: Any, bob: Any) -> None:
    import_ = checked(row("1", sender="Alice"), create_users=True)
    assert groups(import_) == [("warning", 1, "New people whose names read like those of others")]
    assert suggested(import_) == [({"Alice": "alice"}, True)]


# --- One problem for each name ---------------------------------------------------------------------------------------


def test_a_missing_name_is_one_problem_and_all_its_rows_are_left_out(alice: Any, bob: Any) -> None:
    rows = [row(str(number), sender="nobody") for number in range(30)]
    import_ = checked(*rows, row("98", receiver="no one"), row("99"), only_valid=True)
    assert problems(import_) == [
        "row 2, sender: no user 'nobody': correct the name, or choose to create missing users. It is named 30 times.",
        "row 32, receiver: no user 'no one': correct the name, or choose to create missing users.",
    ]
    assert groups(import_) == [("error", 2, "People without an account")]
    assert (import_.counts["rejected"], import_.counts["new"], import_.counts["users"]) == (31, 1, 2)
    left_out = stored_import(*rows, row("99"), only_valid=True)
    rejected = previews.path_of(left_out, previews.REJECTED).read_text().splitlines()
    assert len(rejected) == 31 and all("no user 'nobody'" in line for line in rejected[1:])


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared test data is not at {SHARED}")
def test_5570_missing_names_are_one_kind_of_problem() -> None:
    import_ = checked(content=(SHARED / "irc-ubuntu" / "messages.csv").read_bytes())
    assert groups(import_) == [("error", 5_570, "People without an account")]
    assert (import_.counts["errors"], import_.counts["users"], import_.counts["rejected"]) == (5_570, 5_570, 44_082)


# --- What was chosen -----------------------------------------------------------------------------------------------


def test_accounts_are_created_only_for_the_names_chosen(alice: Any, bob: Any) -> None:
    import_ = stored_import(row("1", sender="Alice"), row("2", sender="nobody"), people={"Alice": ""}, only_valid=True)
    assert senders() == {"1": "Alice"}
    assert import_.outcome["users"] == 1
    assert not User.objects.filter(username="nobody").exists()


def test_a_name_that_has_an_account_means_that_one(alice: Any, bob: Any) -> None:
    stored_import(row("1"), people={"alice": "bob"})
    assert senders() == {"1": "alice"}


def test_chosen_names_match_guarded_names(bob: Any) -> None:
    make_user("=joe")
    stored_import(content=as_marked_csv(row("1", sender="'=Joe")), people={"=Joe": "=joe"})
    assert senders() == {"1": "=joe"}


def test_a_resumed_job_uses_the_chosen_names(bob: Any) -> None:
    make_user("peter")
    import_ = brought(row("1", sender="Peter"), row("2", sender="Peter"), people={"Peter": "peter"})
    job = steps.store(import_, by=None, kick=False)
    with at_batch(1, Death(), committed=True), suppress(Death):
        do(job)
    do(job)
    assert senders() == {"1": "peter", "2": "peter"}


def test_an_account_that_is_not_there_is_a_problem(bob: Any) -> None:
    (problem,) = problems(checked(row("1", sender="Peter"), people={"Peter": "petra"}))
    assert "no user 'petra'" in problem


# --- Erased people -----------------------------------------------------------------------------------------------


def test_the_name_of_an_erased_person_is_refused_without_suggestions(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    erased(make_user("anna"), by=sue, approver=sam)
    make_user("Anna B")
    for people in ({}, {"anna": "bob"}, {"Anna": "bob"}, {"anna": ""}):
        for name in ("anna", "Anna"):
            import_ = checked(row("1", sender=name), people=people)
            (problem,) = problems(import_)
            assert "an account that was erased" in problem
            assert (suggested(import_), preview(import_)["people"]) == ([], [])


def test_choices_about_a_person_are_erased_with_them(sue: Any, sam: Any, dan: Any, alice: Any, bob: Any) -> None:
    """Their name in other people's files, in the questions about these files, and in remembered choices."""
    peter = make_user("peter")
    saved_people.save({"Peter": "peter", "Bobby": "bob", "the peter": "bob"}, by=dan)
    import_ = checked(row("1", sender="Peter"), row("2", sender="Bob"), by=dan, people={"PETER": "peter", "B": "bob"})
    assert "peter" in str(preview(import_)["people"])
    erased(peter, by=sue, approver=sam)
    assert set(SavedPerson.objects.values_list("name", flat=True)) == {"Bobby"}
    import_.refresh_from_db()
    assert import_.choices["people"] == {"B": "bob"}
    assert "peter" not in previews.path_of(import_, previews.PREVIEW).read_text().lower()
    assert suggested(import_) == [({"Bob": "bob"}, True)]


def test_remembered_choices_are_erased_with_their_user(rosa: Any, sam: Any, dan: Any, bob: Any) -> None:
    saved_people.save({"Bobby": "bob"}, by=dan)
    erased(dan, by=rosa, approver=sam)
    assert not SavedPerson.objects.exists()


# --- Remembered ----------------------------------------------------------------------------------------------------


def test_the_previous_choice_is_suggested_first_to_its_user(dan: Any, ina: Any, bob: Any) -> None:
    make_user("peter")
    make_user("p.miller")
    saved_people.save({"Peter": "p.miller", "Miller": "p.miller", "gone": "nobody"}, by=dan)
    rows = [row("1", sender="Peter"), row("2", sender="Miller"), row("3", sender="PETER")]
    import_ = checked(*rows, by=dan)
    assert suggested(import_) == [({"Peter": "p.miller", "Miller": "p.miller"}, True), ({"PETER": "peter"}, True)]
    assert [one["last"] for one in preview(import_)["people"]] == ["p.miller", "p.miller", ""]
    assert suggested(checked(*rows, by=ina))[0] == ({"Peter": "peter", "PETER": "peter"}, True)


def test_the_last_choice_counts(dan: Any, alice: Any, bob: Any) -> None:
    saved_people.save({"A": "alice"}, by=dan)
    saved_people.save({"A": "bob"}, by=dan)
    assert saved_people.saved(by=dan) == {"A": "bob"}


# --- Names do not outlive the file -----------------------------------------------------------------------------------


def test_names_are_forgotten_with_the_file(dan: Any, bob: Any) -> None:
    make_user("peter")
    people = {"Peter": "peter"}
    stored = stored_import(row("1", sender="Peter"), by=dan, people=people)
    discarded = checked(row("2", sender="Peter"), by=dan, people=people)
    assert uploads.discard(discarded)
    left = checked(row("3", sender="Peter"), by=dan, people=people)
    Import.objects.filter(pk=left.pk).update(state=Import.State.TAKEN_BACK)
    private_files.delete_all(left.upload)
    uploads.sweep()
    for import_ in (stored, discarded, left):
        import_.refresh_from_db()
        assert "eter" not in str(import_.choices), import_.state


def test_names_stay_while_the_file_may_be_checked_again(dan: Any, bob: Any) -> None:
    make_user("peter")
    import_ = checked(row("1", sender="Peter"), by=dan, people={"Peter": "peter"})
    Import.objects.filter(pk=import_.pk).update(
        state=Import.State.TAKEN_BACK, created_at=import_.created_at - timedelta(hours=1)
    )
    uploads.sweep()
    import_.refresh_from_db()
    assert import_.choices["people"] == {"Peter": "peter"}
