"""Every text about measures is marked for translation: what they did, what undoing does, and why they are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise

from messaging.people.blocks import Block
from messaging.tests.pseudo import ACCENTED, pseudo, speaking
from messaging.tests.remains import remains
from ops.conftest import READING, make_staff
from ops.moderation.measures import deleting, hiding, limits, redacting
from ops.moderation.measures.in_force import STRICTEST_FIRST, InForce
from ops.moderation.measures.kinds import Acting, Asked, Kind, Order
from ops.moderation.measures.people import LONGEST_ALONE, OnPerson, until_in_words
from ops.moderation.measures.registry import ALL
from ops.moderation.models import Act, Case, Measure
from ops.moderation.refusals import DecisionRefused
from ops.moderation.tests.desk import MEASURING, REVIEWING, decided

UNTIL = datetime(2026, 12, 5, 12, tzinfo=UTC)
PEOPLE = [kind for kind in ALL if isinstance(kind, OnPerson)]


def measures(kind: Kind, number: int, **fields: Any) -> list[Measure]:
    return [Measure(pk=pk, act=kind.act, user_id=pk, message_id=pk, until=UNTIL, **fields) for pk in range(number)]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.act)
@pytest.mark.parametrize("number", [1, 2, 3])
class TestEach:
    """Measures on one, on two, and on two with a third whose account was erased."""

    names = {0: "alice", 1: "bob"}

    def test_descriptions_of_measures_are_marked(self, kind: Kind, number: int) -> None:
        with speaking(ACCENTED):
            for confirmed_at in (None, UNTIL):
                did = kind.words(measures(kind, number, confirmed_at=confirmed_at), self.names)
                assert did and remains(did, *self.names.values(), "UTC") == ""

    def test_descriptions_of_undoing_are_marked(self, kind: Kind, number: int) -> None:
        with speaking(ACCENTED):
            assert remains(kind.will_undo(measures(kind, number), self.names), *self.names.values()) == ""


@pytest.mark.parametrize("kind", PEOPLE, ids=lambda kind: kind.act)
class TestOnPeople:
    def test_refusals_about_people_are_marked(self, kind: OnPerson) -> None:
        for refusals in (kind.refusals, limits.ANY_MEASURE):
            assert all(isinstance(one, Promise) for one in refusals)
            with speaking(ACCENTED):
                assert "".join(remains(one % {"name": "alice"}, "alice") for one in refusals) == ""

    def test_refusals_of_orders_are_marked(self, kind: OnPerson, alice: Any, db: Any) -> None:
        lead, without_rights = make_staff("lena", *REVIEWING, *MEASURING), make_staff("mona", *REVIEWING)
        long = timezone.now() + LONGEST_ALONE * 2
        tries = [
            (lead, "", long),  # without a text
            (lead, "Why", None),  # without an end
            (lead, "Why", long),  # on a stranger to the case
            (without_rights, "Why", long),
        ]
        with speaking(ACCENTED):
            for by, sent, until in tries:
                acting = Acting(by, timezone.now(), "default")
                with pytest.raises(DecisionRefused) as refused:
                    kind.refuse([Asked(Case(pk=1), sent, [Order(kind.act, user=alice.pk, until=until)])], acting)
                assert remains(str(refused.value)) == ""

    @pytest.mark.django_db
    def test_reasons_why_a_measure_stays_are_marked(self, kind: OnPerson) -> None:
        (one,) = measures(kind, 1, confirmed_at=UNTIL)
        one.until = UNTIL - timedelta(days=600)
        with speaking(ACCENTED):
            assert remains(kind.why_stays(one, "alice"), "alice", "UTC") == ""
            assert {remains(each) for each in kind.stays_on({}, [one], Acting(None, UNTIL, "default")).values()} == {""}


def test_sentences_about_longer_and_expired_limits_are_marked() -> None:
    sentences = [getattr(kind, name) for kind in PEOPLE for name in ("stays_limited", "is_over") if hasattr(kind, name)]
    assert sentences
    for sentence in sentences:
        with speaking(ACCENTED):
            assert remains(sentence % {"name": "alice", "time": until_in_words(UNTIL)}, "alice", "UTC") == ""


def test_reasons_why_messages_stay_hidden_are_marked() -> None:
    one = Measure(message_id=1, decision_id=2, before=False)
    before = Measure(message_id=1, decision_id=2, before=True)
    hidden = {1: (True, 3)}
    with speaking(ACCENTED):
        texts = {
            hiding._why(one, {}, {}, set()),
            hiding._why(one, {1: (False, 3)}, {}, set()),
            hiding._why(before, hidden, {}, set()),
            hiding._why(one, hidden, {}, {(2, 1)}),
            hiding._why(one, hidden, {}, set()),
        }
        assert len(texts) == 5 and {remains(each) for each in texts} == {""}


def test_reasons_why_words_stay_removed_are_marked() -> None:
    one = Measure(message_id=1, facts={"revision": 3})
    with speaking(ACCENTED):
        texts = {
            redacting._why(one, {}, set()),
            redacting._why(one, {1: (4, 3)}, set()),
            redacting._why(one, {1: (3, 3)}, set()),
            str(redacting.NOT_FOUND),
        }
        assert len(texts) == 4 and {remains(each) for each in texts} == {""}


def test_reasons_why_deletion_requests_stay_are_marked() -> None:
    with speaking(ACCENTED):
        texts = map(str, (deleting.GONE, *deleting.STAYS.values(), deleting.REASON, deleting.UNDONE))
        assert {remains(each) for each in texts} == {""}


def test_measures_in_force_are_shown_in_the_language_of_the_reader() -> None:
    """It is shown in the reader's language, even if it was loaded in another one."""
    found = [InForce(act, None if act == Act.WARN else UNTIL, 1) for act in STRICTEST_FIRST]
    assert [(one.word, str(one), one.sentence) for one in found] == [
        (word, words, f"{words.capitalize()[0]}{words[1:]}.")
        for word, words in (
            ("suspended", "suspended until 5 December 2026, 12:00 (UTC)"),
            ("restricted", "restricted until 5 December 2026, 12:00 (UTC)"),
            ("warned", "warned and did not confirm it yet"),
        )
    ]
    with speaking(ACCENTED):
        assert "".join(remains(text, "UTC") for one in found for text in (one.word, str(one), one.sentence)) == ""


def test_dates_are_in_the_active_language() -> None:
    with translation.override("de"):
        assert until_in_words(UNTIL) == "5. Dezember 2026 12:00 (UTC)"


@pytest.mark.django_db
def test_the_texts_of_a_person_page_are_marked(client: Client, reported: Any, spam: Any, alice: Any, bob: Any) -> None:
    lena = make_staff("lena", *REVIEWING, *MEASURING, *READING, "view_user")
    order = Order(Act.SUSPEND, user=alice.pk, until=timezone.now() + timedelta(days=3))
    decision = decided(reported(spam).case, lena, spam, sent="Stop", measures=[order], upholds=True)
    Block.objects.create(blocker=bob, blocked=alice)
    client.force_login(lena)
    with speaking(ACCENTED):
        page = client.get(reverse("admin:accounts_user_change", args=[alice.pk])).content.decode()
        number = decision.case_id
        assert pseudo("Open case %(number)s") % {"number": number} in page
        assert pseudo("Suspended until %(time)s.").split("%")[0] in page
