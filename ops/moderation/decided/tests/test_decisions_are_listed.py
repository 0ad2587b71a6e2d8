"""The list of decisions: its filters match what became of each decision, and each row links to its case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from messaging.tests.clients import signed_in
from messaging.tests.pseudo import ACCENTED, pseudo, speaking
from messaging.tests.remains import remains
from ops.conftest import make_staff
from ops.moderation import decisions
from ops.moderation.decided.admin import Became, DecisionAdmin
from ops.moderation.models import Case, Decision, Flag, Label
from ops.moderation.tests.desk import LEADING, decided, many_reports, mike, mona, spam, threat

__all__ = ["mike", "mona", "spam", "threat"]

LIST = "/console/moderation/decision/"
QUERIES = 8


@pytest.fixture
def lena(db: Any) -> Any:
    """Lena leads the reviewers, and may see the list of decisions."""
    return make_staff("lena", *LEADING, "view_decision")


def shown(client: Client, query: str = "") -> list[int]:
    return [row.pk for row in client.get(f"{LIST}?{query}").context["cl"].result_list]


def change_what_it_covers(case: Case) -> None:
    message = Flag.objects.get(case=case).message
    assert message is not None
    message.content = "something else"
    message.save()


@pytest.fixture
def made(spam: Label, mona: Any, mike: Any, lena: Any) -> dict[str, Decision]:
    """Four decisions, by what became of them: in force, lapsed, undone by its reviewer, undone by a Lead."""
    cases = many_reports(spam, 4)
    made = {
        name: decided(case, mike if name == "own" else mona, spam)
        for name, case in zip(("holds", "lapsed", "own", "overturned"), cases, strict=True)
    }
    change_what_it_covers(cases[1])
    decisions.undo(made["own"].pk, by=mike)
    decisions.undo(made["overturned"].pk, by=lena)
    return made


def test_the_list_shows_each_decision_once_latest_first(made: dict[str, Decision], lena: Any) -> None:
    client = signed_in(lena)
    assert shown(client) == [made[name].pk for name in ("overturned", "own", "lapsed", "holds")]
    page = client.get(LIST).content.decode()
    assert page.count("in force") >= 1 and "undone by <bdi>lena</bdi>" in page


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ("in-force", ["holds"]),
        ("lapsed", ["lapsed"]),
        ("undone", ["overturned", "own"]),
        ("overturned", ["overturned"]),
    ],
)
def test_decisions_are_filtered_by_present_state(
    made: dict[str, Decision], lena: Any, now: str, found: list[str]
) -> None:
    assert shown(signed_in(lena), f"now={now}") == [made[name].pk for name in found]


def test_decisions_are_filtered_by_label_reviewer_and_day(
    made: dict[str, Decision], lena: Any, mike: Any, threat: Label
) -> None:
    client, today = signed_in(lena), timezone.localdate()
    assert shown(client, "label=threat") == []
    assert len(shown(client, "label=spam")) == 4
    assert shown(client, f"by={mike.pk}") == [made["own"].pk]
    led = client.get(f"{LIST}?reviewer=mike")
    assert led["Location"] == f"{LIST}?by={mike.pk}"
    assert len(shown(client, f"from={today}&to={today}")) == 4
    assert shown(client, f"to={today - timedelta(days=1)}") == []


def test_only_reviewers_are_found_by_name(made: dict[str, Decision], lena: Any) -> None:
    """The list does not reveal whether anybody else exists."""
    client = signed_in(lena)
    assert client.get(f"{LIST}people/?q=mi").json()["names"] == ["mike"]
    assert client.get(f"{LIST}people/?q=sender").json()["names"] == []
    assert "Nobody who decided anything is called" in client.get(f"{LIST}?reviewer=sender-0").content.decode()


def test_a_row_leads_to_its_case(made: dict[str, Decision], lena: Any) -> None:
    led = signed_in(lena).get(f"{LIST}{made['holds'].pk}/change/")
    assert led["Location"] == f"/console/moderation/case/{made['holds'].case_id}/change/"


def test_an_erased_reviewer_is_not_named(made: dict[str, Decision], lena: Any, mona: Any) -> None:
    Decision.objects.filter(decided_by=mona).update(decided_by=None, decided_by_name="")
    page = signed_in(lena).get(LIST).content.decode()
    assert "mona" not in page and "an erased account" in page


def test_twice_the_rows_take_the_same_queries(
    spam: Label, lena: Any, mona: Any, django_assert_num_queries: Any
) -> None:
    client, cases = signed_in(lena), many_reports(spam, 6)
    client.get(LIST)
    for number in (3, 6):
        for case in cases[number - 3 : number]:
            decided(case, mona, spam)
        with django_assert_num_queries(QUERIES):
            assert len(shown(client)) == number


def test_its_texts_are_marked(made: dict[str, Decision], lena: Any) -> None:
    client = signed_in(lena)
    with speaking(ACCENTED):
        answered = client.get(LIST)
        page = answered.content.decode()
        titles = [str(one.title) for one in answered.context["cl"].filter_specs]
        became = next(one for one in answered.context["cl"].filter_specs if isinstance(one, Became))
        choices = [one["display"] for one in became.choices(answered.context["cl"])]
        for text in ("In force", "Lapsed: a text changed", "Undone", "Undone by a colleague"):
            assert pseudo(text) in choices
        assert {pseudo("now"), pseudo("decided by")} <= set(titles)
        rows = page[page.index('<table class="list decided">') : page.index("</table>")]
        assert remains(rows, "Spam", "UTC") == ""
        assert remains(str(DecisionAdmin.empty_text)) == remains(str(DecisionAdmin.section)) == ""
