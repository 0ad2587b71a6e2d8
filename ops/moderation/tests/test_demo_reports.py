"""The demo's queue has an example of everything, and loading it again adds nothing."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone

from messaging.models import Message
from ops.management.commands.setup import load_demo
from ops.moderation import demo
from ops.moderation.models import Case, Decision, Flag, Measure, State


def test_the_demo_data_fills_the_queue(db: Any) -> None:
    call_command("setup_roles", verbosity=0)
    call_command("load_labels", verbosity=0)
    now = timezone.now()
    load_demo(now=now)
    assert demo.load(now=now) == Flag.objects.count() == len(demo.REPORTS) + 4
    assert demo.load(now=now) == 0
    states = list(Case.objects.order_by().values_list("state", flat=True))
    assert states.count(State.CLOSED) == 3
    assert states.count(State.OPEN) >= 7
    assert Decision.objects.filter(in_force=True).count() == 3
    assert Decision.objects.get(in_force=False).cause == "text-changed"
    assert Message.objects.filter(hidden=True).count() == 1
    assert demo.LINK not in demo._message(demo.REDACTED).content
    (warned,) = Measure.objects.holding()
    assert warned.user == demo._message(demo.HIDDEN).sender
    assert not get_user_model().objects.get(username=demo.COLLEAGUE).is_active
    assert Case.objects.claimed().count() == 1
    assert Case.objects.to_decide().overdue().exists()
    assert not Flag.objects.filter(created_at__gt=timezone.now()).exists()
