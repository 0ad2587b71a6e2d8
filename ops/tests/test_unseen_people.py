"""If a user may see nothing of a person, requests about that person get the response for a number that nobody has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from typing import Any

import pytest
from django.contrib import admin, auth
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import get_resolver, reverse

from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.accounts.events import AccountEvent
from ops.accounts.models import User
from ops.audit.models import Entry
from ops.audit.recording import record
from ops.conftest import make_staff
from ops.console.lists.people import PersonFilter
from ops.console.person import tabs
from ops.console.person.seen import seen_by
from ops.deletion import holds
from ops.deletion.tests.deleting import ask
from ops.moderation.models import View
from ops.tests.asking import routes, signed_in
from ops.tests.roles import ROLE_OF

pytestmark = pytest.mark.crawl
NOBODY = 987_654_321
PAGES = ("conversations/", "messages/", "edits/", "change/", "log/", "notes/")


def wrote(name: str, other: Any) -> Any:
    person = make_user(name)
    write(person, other)
    return person


def received(name: str, other: Any) -> Any:
    person = make_user(name)
    write(other, person)
    return person


def silent(name: str, other: Any) -> Any:
    return make_user(name)


def on_hold(name: str, other: Any) -> Any:
    person = make_user(name)
    holds.place(person, kind="legal", reason="Case 4", by=None)
    return person


def was_on_hold(name: str, other: Any) -> Any:
    person = on_hold(name, other)
    holds.lift(holds.open_holds(person.pk).get(), reason="Case 4 is closed", by=None)
    return person


def to_be_deleted(name: str, other: Any) -> Any:
    person = make_user(name)
    ask(person, by=None)
    return person


def of_staff(name: str, other: Any) -> Any:
    return make_user(name, is_staff=True)


def looked_at(name: str, other: Any) -> Any:
    person = make_user(name)
    record(AccountEvent.PERSON_READ, actor=None, target=person)
    return person


def looked(name: str, other: Any) -> Any:
    person = make_user(name, is_staff=True)
    record(AccountEvent.PERSON_READ, actor=person, target=other)
    return person


# The roles that see something of each person. Support lists all accounts; the auditor reads holds, deletions and
# entries (becoming staff is one).
SEEN: dict[Callable[[str, Any], Any], set[str]] = {
    wrote: {"rita", "lena", "sue", "dan"},
    received: {"rita", "lena", "sue", "dan"},
    silent: {"sue"},
    on_hold: {"lena", "sue", "otto"},
    was_on_hold: {"lena", "sue", "otto"},
    to_be_deleted: {"lena", "sue", "otto"},
    of_staff: {"sue", "otto"},
    looked_at: {"sue", "otto"},
    looked: {"sue", "otto"},
}


def answer(client: Client, page: str, key: int) -> tuple[int, int, str]:
    """Return the statuses of GET and POST of a person's page, and its text without tokens and the person's number."""
    address = f"/console/accounts/user/{key}/{page}"
    get, post = client.get(address), client.post(address)
    text = re.sub(r'(nonce|value)="[^"]{20,}"', "", f"{get.get('Location')} {get.content.decode()}")
    return get.status_code, post.status_code, text.replace(f"user/{key}/", "user/#/")


def tabs_open_to(client: Client) -> list[str]:
    """Return the tabs that the signed-in user may open, as the ends of their addresses."""
    found = [reverse(tab.view_name, args=[NOBODY]) for tab in tabs.open_to(auth.get_user(client))]
    return [address.removeprefix(f"/console/accounts/user/{NOBODY}/") for address in found]


@pytest.mark.once
@pytest.mark.parametrize("who", ["alice", "nils", *ROLE_OF, "rosa"])
def test_the_page_of_a_person_opens_only_for_those_who_see_their_rows(
    who: str, bob: Any, charlie: Any, refusals_as_made: None
) -> None:
    """Each tab opens for a visible person, and each visible person has a tab that opens; for others none opens."""
    write(bob, charlie)
    client = signed_in(who)
    people = {kind: kind(f"erin {number}", bob) for number, kind in enumerate(SEEN)}
    opened = tabs_open_to(client)
    pages = ["", *opened] if opened else []
    seen = [kind for kind in people if who in SEEN[kind] or who == "rosa"]
    for page in pages:
        nowhere = answer(client, page, NOBODY)
        for kind in people.keys() - set(seen):
            assert answer(client, page, people[kind].pk) == nowhere, (who, kind.__name__, page)
            assert nowhere[0] == 404, (who, page)
    for kind, page in islice(zip(cycle(seen), cycle(opened), strict=False), max(len(seen), len(opened))):
        for at in ("", page):
            answered = client.get(f"/console/accounts/user/{people[kind].pk}/{at}")
            assert answered.status_code in (200, 302), (who, kind.__name__, at)


@pytest.mark.parametrize("who", ["lena", "sue"])
def test_a_hold_is_placed_directly_only_on_visible_people(who: str, bob: Any, charlie: Any) -> None:
    """Other people are found by their exact name, and the look-up is recorded."""
    write(bob, charlie)
    client = signed_in(who)
    client.post(reverse("confirm"), {"password": f"{who}'s password"})
    people = {kind: kind(f"erin {number}", bob) for number, kind in enumerate(SEEN)}
    nowhere = answer(client, "hold/", NOBODY)
    assert nowhere[0] == 404
    for kind, person in people.items():
        if who in SEEN[kind]:
            assert client.get(f"/console/accounts/user/{person.pk}/hold/").status_code == 200, kind
        else:
            assert answer(client, "hold/", person.pk) == nowhere, kind
            found = client.post(reverse("admin:deletion_hold_person"), {"username": person.username})
            assert client.get(found["Location"]).status_code == 200, kind


@pytest.mark.parametrize("who", ["alice", "nils", *ROLE_OF])
def test_a_refused_page_is_the_same_for_every_person(who: str, bob: Any, charlie: Any, refusals_as_made: None) -> None:
    write(bob, charlie)
    client, silent = signed_in(who), make_user("erin")
    for page in {*PAGES} - {*tabs_open_to(client)}:
        answers = {answer(client, page, key) for key in (bob.pk, silent.pk, NOBODY)}
        assert len(answers) == 1, page


def showing_nobody(person: Any) -> list[Permission]:
    """Return the permissions that on their own show nothing of a person."""
    found = []
    holder = make_user("hal", is_staff=True)
    for permission in Permission.objects.all():
        holder.user_permissions.set([permission])
        alone = User.objects.get(pk=holder.pk)
        if not seen_by(alone, User.objects.filter(pk=person.pk)).exists():
            found.append(permission)
    return found


def addresses_with_a_number() -> list[str]:
    """Return the console's addresses that name one row, which may be an account, with "#" for its number."""
    every = [route for _, route in routes(get_resolver().url_patterns)]
    of_one = [route for route in every if re.fullmatch(r"console/[^<]*<(?!uuid)[^>]*>[^<]*", route)]
    return [re.sub("<[^>]*>", "#", f"/{route}") for route in of_one] + ["/console/accounts/user/delete/?id=#"]


def test_permissions_that_show_no_person_reveal_no_names(bob: Any, charlie: Any) -> None:
    """With all permissions that show nothing of a person, each address responds as for nobody."""
    write(bob, charlie)
    silent = make_user("erin", pk=NOBODY // 2)
    hanna = make_staff("hanna")
    hanna.user_permissions.set(showing_nobody(silent))
    assert hanna.has_perm("accounts.delete_user") and hanna.has_perm("exports.request_person_export")
    client = Client()
    client.force_login(hanna)
    client.post(reverse("confirm"), {"password": "hanna's password"})
    for address in addresses_with_a_number():
        answers = set()
        for key in (silent.pk, NOBODY):
            answers.add(without_number(client.get(address.replace("#", str(key))), key))
            client.cookies.pop("messages", None)  # the message that there is no such row
        assert len(answers) == 1, address


@pytest.mark.parametrize("who", ["rita", "lena", "dan"])
def test_the_page_between_two_people_needs_both_to_be_visible(who: str, bob: Any, charlie: Any) -> None:
    write(bob, charlie)
    client, unseen = signed_in(who), make_user("erin")
    for one, other in ((bob.pk, unseen.pk), (unseen.pk, bob.pk)):
        assert client.get(f"/console/accounts/user/{one}/between/{other}/").status_code == 404
    assert client.get(f"/console/accounts/user/{bob.pk}/between/{charlie.pk}/").status_code == 200


def test_a_page_that_was_not_shown_is_not_recorded(client: Client, rita: Any) -> None:
    client.force_login(rita)
    unseen = make_user("erin")
    client.get(f"/console/accounts/user/{unseen.pk}/conversations/")
    assert not Entry.objects.about("accounts.user", unseen.pk).exists()


def test_lifting_a_hold_does_not_redirect_to_a_refused_page(client: Client, alice: Any) -> None:
    """A user who places holds but cannot list them no longer sees an account once its hold is lifted."""
    hanna = make_staff("hanna", "hold_account", "view_conversation")
    client.force_login(hanna)
    client.post(reverse("confirm"), {"password": "hanna's password"})
    client.post(reverse("admin:deletion_hold_person"), {"username": "alice"})
    placed = client.post(reverse("admin:accounts_user_hold", args=[alice.pk]), {"kind": "legal", "reason": "Case 4"})
    assert placed["Location"] == reverse("admin:accounts_user_conversations", args=[alice.pk])
    lift = reverse("admin:deletion_hold_lift", args=[holds.open_holds(alice.pk).get().pk])
    lifted = client.post(lift, {"reason": "Case 4 is closed"})
    assert lifted["Location"] == reverse("admin:index")
    assert client.get(placed["Location"]).status_code == 404


def filters_by_people() -> list[tuple[Any, type[PersonFilter]]]:
    """Return the lists that can be filtered by people, each with one such filter."""
    admins = admin.site._registry.values()
    declared: Iterable[tuple[Any, Any]] = ((one, spec) for one in admins for spec in one.list_filter)
    return [(one, spec) for one, spec in declared if issubclass(spec, PersonFilter)]


def without_number(response: Any, key: int) -> tuple[int, str]:
    """Return the status and the text of a response, without tokens and the requested number."""
    text = re.sub(r'(nonce|value)="[^"]{20,}"', "", f"{response.get('Location')} {response.content.decode()}")
    return response.status_code, text.replace(str(key), "#")


@pytest.mark.parametrize("who", ["alice", "nils", *ROLE_OF])
def test_a_filter_by_an_unseen_person_is_as_one_by_an_unknown_number(
    who: str, bob: Any, charlie: Any, refusals_as_made: None
) -> None:
    write(bob, charlie)
    client, unseen = signed_in(who), make_user("erin zimmerling", pk=NOBODY - 1)
    found = filters_by_people()
    assert {spec.parameter_name for _, spec in found} == {"participant", "with", "actor", "by", "reader", "reporter"}
    addresses = [reverse("admin:moderation_case_save_view") + "?reporter={}"]
    for one, spec in found:
        its_list = reverse(f"admin:{one.opts.app_label}_{one.opts.model_name}_changelist")
        # With a name as well, which is not looked up if it belongs to the number.
        by_number = f"{its_list}?{spec.parameter_name}={{}}"
        addresses += [by_number, f"{by_number}&{spec.typed_name}=erin+zimmerling"]
    for address in addresses:
        if who == "sue" and "/messaging/" in address:
            continue  # Support lists all accounts
        nobody, somebody = (client.get(address.format(key)) for key in (NOBODY, unseen.pk))
        assert without_number(somebody, unseen.pk) == without_number(nobody, NOBODY), (who, address)
        if "zimmerling" not in address:
            assert b"zimmerling" not in somebody.content, (who, address)


@pytest.mark.parametrize("who", ["rita", "lena"])
def test_a_view_of_a_reporter_without_reports_shows_only_the_number(who: str, bob: Any, charlie: Any) -> None:
    """This holds even if the person is visible otherwise, and for views saved when they still had reports."""
    write(bob, charlie)
    client = signed_in(who)
    for key in (bob.pk, NOBODY):
        View.objects.filter(owner__username=who).delete()
        View(name="Theirs", slug="theirs", filters=f"reporter={key}", owner_id=auth.get_user(client).pk).save()
        page = client.get(reverse("admin:moderation_case_views"))
        assert f"Reporter: {key}" in page.content.decode()
