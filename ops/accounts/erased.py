"""The erasure steps of accounts: sessions, digests of failed sign-ins, and forms that were sent too late."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from ops.accounts.kept import storing
from ops.accounts.signing_in import sessions, throttling
from ops.console.erasure import ErasedPerson, Outcome, Step, outcome


def _end_sessions(person: ErasedPerson, _: Any) -> Outcome:
    return outcome(sessions.end_all(person.user_id))


def _forget_kept(person: ErasedPerson, _: Any) -> Outcome:
    return outcome(storing.forget_all(person.user_id))


def _forget_failures(person: ErasedPerson, _: Any) -> Outcome:
    return outcome(throttling.forget(person.username))


STEPS = (
    Step("sessions", gettext_lazy("Sessions"), _end_sessions, order=20),
    Step("kept_forms", gettext_lazy("Forms sent too late"), _forget_kept, order=21),
    Step("sign_ins", gettext_lazy("Failed sign-ins"), _forget_failures, order=30),
)
