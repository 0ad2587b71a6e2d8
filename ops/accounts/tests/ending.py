"""Let sessions age in tests without waiting."""

from __future__ import annotations

from ops.accounts.signing_in.sessions import Session, SessionStore


def let_pass(minutes: int) -> None:
    """Age all sessions by this many minutes."""
    for session in Session.objects.all():
        times = session.get_decoded()
        for name in ("seen_at", "signed_in_at", "confirmed_at"):
            if name in times:
                times[name] -= minutes * 60
        Session.objects.filter(pk=session.pk).update(session_data=SessionStore().encode(times))
