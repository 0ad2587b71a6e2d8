"""Shorthand for tests of the review desk: labels, reviewers and reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.conftest import READING, make_staff
from ops.moderation import claims, decisions, flagging
from ops.moderation.decisions import Choice
from ops.moderation.models import Case, Decision, Flag, Label, Severity, Source

REVIEWING = (*READING, "view_case", "decide_case", "flag_message")
MEASURING = ("suspend_longer", "measure_staff", "request_deletion")
LEADING = (*REVIEWING, "take_over_case", "undo_decision", "change_message")


@pytest.fixture
def spam(db: Any) -> Label:
    return Label.objects.create(name="Spam", slug="spam", severity=Severity.LOW, wording="It is spam")


@pytest.fixture
def threat(db: Any) -> Label:
    return Label.objects.create(name="Threat", slug="threat", severity=Severity.THREAT, wording="It is a threat")


@pytest.fixture
def mona(db: Any) -> Any:
    """Mona reviews cases."""
    return make_staff("mona", *REVIEWING)


@pytest.fixture
def mike(db: Any) -> Any:
    """Mike reviews cases as well."""
    return make_staff("mike", *REVIEWING)


@pytest.fixture
def lena(db: Any) -> Any:
    """Lena leads the reviewers."""
    return make_staff("lena", *LEADING)


@pytest.fixture
def reported(alice: Any, bob: Any) -> Callable[..., Flag]:
    """Return a function that makes a report, by default of a new message from Alice to Bob."""

    def report(label: Label, *, by: Any = None, message: Message | None = None, **fields: Any) -> Flag:
        message = message or write(alice, bob, "Send me money")
        return flagging.flag(message, label=label, by=by or bob, source=Source.PARTICIPANT, **fields)

    return report


def message_of(flag: Flag) -> Message:
    """Return the reported message, which must still be stored."""
    assert flag.message is not None
    return flag.message


def decided(case: Case, by: Any, label: Label, **choice: Any) -> Decision:
    """Claim a case and decide it, as a reviewer who has seen its latest version."""
    claim = claims.claim(by, case)
    case.refresh_from_db()
    return decisions.decide(case.pk, Choice(label, **choice), by=by, token=claim.token, version=case.version)


def many_reports(label: Label, number: int, *, by: Any = None) -> list[Case]:
    """Return ``number`` cases, each of a conversation between new people, in the order of the queue."""
    cases = []
    for place in range(number):
        sender, receiver = make_user(f"sender-{place}"), make_user(f"receiver-{place}")
        message = write(sender, receiver, f"Words {place}", minute=place)
        cases.append(flagging.flag(message, label=label, by=by or receiver, source=Source.PARTICIPANT).case)
    return cases
