"""Saved views: what they show, who owns them, and the next case within one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.moderation import claims, erased, flagging
from ops.moderation.models import Case, Claim, Flag, Label, Source, State, View
from ops.moderation.saved import parameters, queues, saving
from ops.moderation.tests.desk import decided, many_reports, message_of, mona, reported, spam, threat
from ops.tests.asking import make_staff, signed_in

__all__ = ["mona", "reported", "spam", "threat"]

pytestmark = pytest.mark.django_db

QUEUE = reverse("admin:moderation_case_changelist")
SAVE = reverse("admin:moderation_case_save_view")
NEXT = reverse("admin:moderation_case_next")
VIEWS = reverse("admin:moderation_case_views")


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", strip_tags(response.content.decode()))


def found(client: Client, query: str) -> set[int]:
    return {row.pk for row in client.get(f"{QUEUE}?{query}").context["cl"].result_list}


def page_of(case: Case, view: View | None = None) -> str:
    return reverse("admin:moderation_case_change", args=[case.pk]) + (f"?view={view.pk}" if view else "")


def of_view(view: View, page: str) -> str:
    return reverse(f"admin:moderation_case_{page}_view", args=[view.pk])


def team(name: str, filters: str, order: str = "") -> View:
    view = View(name=name, slug=name.lower().replace(" ", "-"), filters=filters, order=order)
    view.full_clean()
    view.save()
    return view


@pytest.fixture
def rita(db: Any) -> Any:
    return make_staff("rita")


@pytest.fixture
def lena(db: Any) -> Any:
    return make_staff("lena")


@pytest.fixture
def browser(rita: Any) -> Client:
    return signed_in("rita")


class TestSaving:
    def test_the_filters_of_the_queue_are_saved_under_a_name(self, browser: Client, spam: Any, rita: Any) -> None:
        (case,) = many_reports(spam, 1)
        offer = browser.get(f"{QUEUE}?label=spam&overdue=no&o=newest").content.decode()
        address = re.search(r'href="([^"]*save[^"]*)"', offer)
        assert address is not None
        page = browser.get(address[1].replace("&amp;", "&"))
        assert "Label: Spam, Newest first" in words(page).replace("Due: In time, ", "")
        assert "The team" not in words(page)
        saved = browser.post(address[1].replace("&amp;", "&"), {"name": "New spam", "whose": "team"})
        view = View.objects.get()
        assert saved["Location"] == f"{QUEUE}?view={view.pk}&o=newest"
        assert (view.owner, view.filters, view.order, view.slug) == (
            rita,
            "label=spam&overdue=no",
            "newest",
            "new-spam",
        )
        assert found(browser, f"view={view.pk}") == {case.pk}

    def test_leads_save_for_the_team_too(self, lena: Any, browser: Client) -> None:
        client = signed_in("lena")
        client.post(f"{SAVE}?overdue=yes", {"name": "Overdue ones", "whose": "team"})
        assert View.objects.get().owner is None
        assert "Overdue ones" in words(browser.get(QUEUE))
        client.post(f"{SAVE}?overdue=yes", {"name": "For me", "whose": "mine"})
        assert "For me" not in words(browser.get(QUEUE))
        assert "For me" in words(client.get(QUEUE))

    def test_filters_within_a_view_are_saved_with_those_of_the_view(self, browser: Client, spam: Any) -> None:
        view = team("Spam", "label=spam")
        browser.post(f"{SAVE}?view={view.pk}&holder=nobody", {"name": "Free spam"})
        assert View.objects.get(name="Free spam").filters == "holder=nobody&label=spam"

    @pytest.mark.parametrize(
        ("query", "says"),
        [
            ("label=gone", "The filter “label” does not offer “gone”."),
            ("content__regex=x", "Views have no filter “content__regex”."),
            ("o=oldest", "The queue has no order “oldest”."),
            ("view=77", "This view is no longer there."),
        ],
    )
    def test_filters_that_the_queue_does_not_offer_are_not_saved(self, browser: Client, query: str, says: str) -> None:
        assert says in words(browser.get(f"{SAVE}?{query}"))
        assert says in words(browser.post(f"{SAVE}?{query}", {"name": "A view"}))
        assert not View.objects.exists()

    @pytest.mark.parametrize(
        ("query", "offered"), [("label=spam", True), ("o=newest", True), ("from=2026-01-01", False), ("", False)]
    )
    def test_saving_is_offered_for_what_a_view_can_keep(
        self, browser: Client, spam: Any, query: str, offered: bool
    ) -> None:
        assert ("Save as view…" in words(browser.get(f"{QUEUE}?{query}"))) is offered

    def test_every_filter_of_the_queue_is_kept_by_views_or_named_here(self) -> None:
        """A new filter belongs into ``parameters.PARAMETERS``, unless it makes no queue."""
        not_kept = {queues.PARAMETER, "from", "to", "opened", "reopened"}
        filters = admin.site.get_model_admin(Case).list_filter
        names = {one.parameter_name for one in filters}  # type: ignore[union-attr]
        assert names - parameters.PARAMETERS.keys() == not_kept

    def test_a_name_is_taken_once_and_slugs_differ(self, rita: Any, spam: Any) -> None:
        first = saving.save("Spam!", {"label": "spam"}, "", by=rita)
        with pytest.raises(saving.Refused, match="There is a view “spam!” already"):
            saving.save("spam!", {}, "", by=rita)
        other = saving.save("Spam?", {}, "", by=rita)
        assert (first.slug, other.slug) == ("spam", "spam-2")
        assert saving.save("垃圾", {}, "", by=rita).slug == "view"

    def test_the_number_of_views_is_limited(self, rita: Any) -> None:
        for number in range(queues.MOST_VIEWS):
            saving.save(f"View {number}", {}, "", by=rita)
        with pytest.raises(saving.Refused, match=r"There are 20 views already\. Delete one first\."):
            saving.save("One more", {}, "", by=rita)

    def test_no_view_of_the_team_is_about_one_reporter(self, lena: Any, bob: Any, reported: Any, spam: Any) -> None:
        reported(spam, by=bob)
        with pytest.raises(saving.Refused, match="cannot filter by a reporter"):
            saving.save("Bob's", {"reporter": str(bob.pk)}, "", by=lena, for_team=True)
        assert saving.save("Bob's", {"reporter": str(bob.pk)}, "", by=lena).owner == lena

    def test_saving_is_recorded(self, rita: Any) -> None:
        view = saving.save("Late", {"overdue": "yes"}, "", by=rita)
        entry = Entry.objects.get(event="moderation.view_saved")
        assert (entry.target_id, entry.details) == (str(view.pk), {"team": False})


class TestManaging:
    def test_views_are_renamed_moved_and_deleted(self, browser: Client, rita: Any) -> None:
        first, second = (saving.save(name, {"overdue": "yes"}, "", by=rita) for name in ("First", "Second"))
        browser.post(of_view(first, "rename"), {"name": "Late ones"})
        browser.post(of_view(second, "move"), {"up": ""})
        page = words(browser.get(QUEUE))
        assert page.index("Second") < page.index("Late ones")
        browser.post(of_view(second, "move"), {"up": ""})  # it is already the first one
        browser.post(of_view(second, "move"), {"down": ""})
        page = words(browser.get(VIEWS))
        assert page.index("Late ones") < page.index("Second")
        assert "really" not in words(browser.get(of_view(first, "delete")))
        browser.post(of_view(first, "delete"))
        assert list(View.objects.values_list("name", flat=True)) == ["Second"]
        events = Entry.objects.filter(event__startswith="moderation.view_").values_list("event", flat=True)
        assert {"moderation.view_changed", "moderation.view_deleted"} <= set(events)

    def test_users_cannot_change_the_views_of_others(self, browser: Client, lena: Any) -> None:
        own, teams = saving.save("Hers", {}, "", by=lena), team("Team", "")
        for page in ("rename", "delete", "move"):
            assert browser.post(of_view(own, page), {"name": "Mine"}).status_code == 404
            assert browser.post(of_view(teams, page), {"name": "Mine"}).status_code == 403
        assert "Team" not in words(browser.get(VIEWS)).replace("The team", "")
        assert set(View.objects.values_list("name", flat=True)) == {"Hers", "Team"}
        assert browser.get(f"{QUEUE}?view={own.pk}")["Location"] == f"{QUEUE}?e=1"

    def test_without_views_the_page_says_how_to_save_one(self, browser: Client) -> None:
        assert "No views yet. Filter the queue and choose “Save as view…”." in words(browser.get(VIEWS))


class TestShowing:
    def test_views_stand_above_the_queue_with_their_numbers(
        self, browser: Client, spam: Any, threat: Any, reported: Any
    ) -> None:
        many_reports(spam, 3)
        reported(threat)
        team("Spam", "label=spam")
        team("Threats", "label=threat")
        team("Done", "state=closed")
        page = words(browser.get(QUEUE))
        assert "Spam 3 cases" in page
        assert "Threats 1 case" in page
        assert "Done team" in page

    def test_numbers_are_counted_at_the_front_of_a_long_queue(
        self, browser: Client, spam: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queues, "LOOKED_AT", 2)
        many_reports(spam, 3)
        team("Spam", "label=spam")
        assert "Spam 2+ cases" in words(browser.get(QUEUE))

    def test_a_view_shows_its_state_and_other_filters_narrow_it(
        self, browser: Client, spam: Any, threat: Any, reported: Any, rita: Any
    ) -> None:
        escalated, closed = many_reports(spam, 2)
        urgent = reported(threat).case
        Case.objects.filter(pk__in=[escalated.pk, urgent.pk]).update(state=State.ESCALATED)
        decided(closed, rita, spam)
        view = team("With the Leads", "state=escalated")
        assert found(browser, f"view={view.pk}") == {escalated.pk, urgent.pk}
        assert found(browser, f"view={view.pk}&label=threat") == {urgent.pk}
        assert found(browser, f"view={view.pk}&state=closed") == {closed.pk}
        page = words(browser.get(f"{QUEUE}?view={view.pk}"))
        assert "This view: State: Escalated" in page
        assert "As in the view" in page

    def test_new_filters_find_reporters_and_edits(
        self, browser: Client, spam: Any, bob: Any, charlie: Any, reported: Any
    ) -> None:
        by_bob, by_charlie = reported(spam), reported(spam, by=charlie)
        message = by_charlie.message
        message.content = "Something else"
        message.save()
        assert found(browser, f"reporter={bob.pk}") == {by_bob.case_id}
        assert browser.get(f"{QUEUE}?reported_by=charlie")["Location"] == f"{QUEUE}?reporter={charlie.pk}"
        assert found(browser, f"reporter={charlie.pk}") == {by_charlie.case_id}
        assert "Nobody who reported anything is called “nobody”." in words(browser.get(f"{QUEUE}?reported_by=nobody"))
        assert found(browser, "edited=yes") == {by_charlie.case_id}
        assert found(browser, "edited=no") == {by_bob.case_id}
        names = browser.get(reverse("admin:moderation_case_people"), {"q": "b"}).json()["names"]
        assert names == ["bob"]

    def test_only_active_views_are_offered(self, browser: Client) -> None:
        view = team("Old", "")
        View.objects.update(active=False)
        assert "Old" not in words(browser.get(QUEUE))
        assert browser.get(f"{QUEUE}?view={view.pk}")["Location"] == f"{QUEUE}?e=1"

    def test_a_stale_filter_is_refused_with_a_sentence(self, browser: Client, spam: Any) -> None:
        many_reports(spam, 1)
        view = team("Spam", "label=spam")
        Label.objects.update(active=False)
        says = "The view “Spam” cannot be used. The filter “label” does not offer “spam”."
        page = browser.get(f"{QUEUE}?view={view.pk}")
        assert says in words(page)
        assert "Spam team" in words(page)  # without a number
        assert list(page.context["cl"].result_list) == []
        assert says in words(browser.post(f"{NEXT}?view={view.pk}", follow=True))
        assert not Claim.objects.exists()

    def test_queries_do_not_grow_with_views_or_cases(
        self, browser: Client, spam: Any, rita: Any, reported: Any
    ) -> None:
        counts: list[int] = []
        for number in (1, 2):
            many = [team(f"Team {number} {one}", "label=spam&overdue=no") for one in range(3)]
            saving.save(f"Mine {number}", {"label": "spam", "holder": "nobody"}, "newest", by=rita)
            first = Flag.objects.count()
            for place in range(3):
                sender, receiver = make_user(f"s{first}{place}"), make_user(f"r{first}{place}")
                reported(spam, by=receiver, message=write(sender, receiver, "Buy"))
            browser.get(f"{QUEUE}?view={many[0].pk}")
            with CaptureQueriesContext(connection) as queries:
                browser.get(f"{QUEUE}?view={many[0].pk}")
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 19


class TestNext:
    def test_next_stays_in_the_view_from_case_to_case(
        self, browser: Client, spam: Any, threat: Any, reported: Any, rita: Any
    ) -> None:
        first, second = many_reports(spam, 2)
        urgent = reported(threat).case
        view = team("Spam", "label=spam")
        assert browser.post(f"{NEXT}?view={view.pk}")["Location"] == page_of(first, view)
        page = browser.get(page_of(first, view)).content.decode()
        decide = re.search(r'action="([^"]*/decide/[^"]*)"', page)
        assert decide is not None
        claim = Claim.objects.get()
        first.refresh_from_db()
        sent = {"token": str(claim.token), "version": first.version, "label": "spam", "action": "dismiss", "next": "1"}
        assert browser.post(decide[1], sent)["Location"] == page_of(second, view)
        left = browser.post(f"/console/moderation/case/{second.pk}/skip/?view={view.pk}", follow=True)
        assert "Nothing is left in “Spam” that you can decide now." in words(left)
        assert left.redirect_chain[-1][0] == f"{QUEUE}?view={view.pk}"
        assert browser.post(NEXT)["Location"] == page_of(urgent)

    def test_every_form_and_link_of_a_case_repeats_the_view(self, browser: Client, spam: Any, rita: Any) -> None:
        (case,) = many_reports(spam, 1)
        view = team("Spam", "label=spam")
        claims.claim(rita, case)
        page = browser.get(page_of(case, view)).content.decode()
        steps = re.findall(r'action="(/console/moderation/case/[^"]+)"', page)
        assert len(steps) >= 5
        assert all(step.endswith(f"?view={view.pk}") for step in steps)
        assert f'href="{QUEUE}?view={view.pk}"' in page
        note = re.search(r'action="([^"]*/note/[^"]*)"', page)
        assert note is not None
        back = browser.post(note[1].replace("&amp;", "&"), {"text": "Look"})
        assert back["Location"] == f"{page_of(case, view)}#notes"

    def test_two_tabs_work_in_two_views(self, browser: Client, spam: Any, threat: Any, reported: Any) -> None:
        (case,) = many_reports(spam, 1)
        urgent = reported(threat).case
        one, other = team("Spam", "label=spam"), team("Threats", "label=threat")
        assert browser.post(f"{NEXT}?view={one.pk}")["Location"] == page_of(case, one)
        assert browser.post(f"{NEXT}?view={other.pk}")["Location"] == page_of(urgent, other)
        assert browser.post(f"{NEXT}?view={one.pk}")["Location"] == page_of(case, one)

    def test_the_order_of_the_view_decides(self, rita: Any, spam: Any) -> None:
        first, last = many_reports(spam, 2)
        Case.objects.filter(pk=last.pk).update(first_flag_at=first.first_flag_at.replace(year=2099))
        assert _next(rita, team("Newest", "", "newest")) == last
        assert _next(rita, team("Urgent", "")) == first

    def test_next_gives_escalated_cases_to_leads_only_and_no_closed_ones(self, rita: Any, lena: Any, spam: Any) -> None:
        escalated, closed = many_reports(spam, 2)
        Case.objects.filter(pk=escalated.pk).update(state=State.ESCALATED)
        decided(closed, rita, spam)
        view = team("With the Leads", "state=escalated")
        assert _next(rita, view) is None
        assert _next(lena, view) == escalated
        assert _next(rita, team("Done", "state=closed")) is None

    def test_next_passes_over_held_and_skipped_cases(self, rita: Any, lena: Any, spam: Any) -> None:
        held, skipped, left = many_reports(spam, 3)
        view = team("Spam", "label=spam")
        claims.claim(lena, held)
        claims.skip(rita, skipped)
        assert _next(rita, view) == left

    @pytest.mark.parametrize("number", ["77", "x", "9" * 40])
    def test_a_view_that_is_gone_gives_no_case_of_another(self, browser: Client, spam: Any, number: str) -> None:
        many_reports(spam, 1)
        assert "This view is no longer there." in words(browser.post(f"{NEXT}?view={number}", follow=True))
        assert not Claim.objects.exists()


def _next(user: Any, view: View) -> Case | None:
    claim = queues.claim_next(user, view)
    return claim.case if claim else None


class TestErasure:
    def test_views_are_deleted_with_their_owner_or_the_reporter_they_name(
        self, rita: Any, lena: Any, bob: Any, reported: Any, spam: Any
    ) -> None:
        flagging.flag(message_of(reported(spam, by=bob)), label=spam, by=lena, source=Source.STAFF)
        saving.save("Bob's", {"reporter": str(bob.pk)}, "", by=rita)
        saving.save("Another's", {"reporter": str(lena.pk)}, "", by=rita)
        saving.save("Hers", {}, "", by=lena)
        erased.forget(bob.pk)
        assert set(View.objects.values_list("name", flat=True)) == {"Another's", "Hers"}
        lena.delete()
        assert not View.objects.exists()


def test_home_counts_the_cases_in_my_views(browser: Client, rita: Any, spam: Any) -> None:
    many_reports(spam, 2)
    saving.save("My spam", {"label": "spam"}, "", by=rita)
    saving.save("Nothing here", {"overdue": "yes"}, "", by=rita)
    Case.objects.update(due_at=Case.objects.latest("id").due_at.replace(year=2099))
    page = words(browser.get("/console/"))
    assert "2 cases in “My spam”" in page
    assert "Nothing here" not in page


def test_home_costs_the_same_with_more_views(browser: Client, rita: Any, spam: Any) -> None:
    counts: list[int] = []
    for number in range(2):
        for place in range(2):
            saving.save(f"View {number} {place}", {"label": "spam", "overdue": "no"}, "", by=rita)
        browser.get("/console/")
        with CaptureQueriesContext(connection) as queries:
            browser.get("/console/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"filters": "label=nowhere"}, "does not offer “nowhere”"),
        ({"filters": "overdue"}, "Write filters as in an address"),
        ({"filters": "secret=yes"}, "Views have no filter “secret”"),
        ({"order": "oldest"}, "oldest"),
        ({"slug": "Two Words"}, "slug"),
    ],
)
def test_a_view_is_validated_against_the_filters_of_the_queue(fields: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        View(**{"name": "A view", "slug": "a-view", **fields}).full_clean()
