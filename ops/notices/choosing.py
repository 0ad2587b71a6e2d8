"""What somebody may choose to get by e-mail. Rooms declare it (``Room.email_choices``); one page shows all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from ops.audit.recording import record
from ops.console.rooms import rooms
from ops.notices.events import NoticeEvent
from ops.notices.models import EmailReader

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class EmailChoice:
    """One kind of e-mail: its ``name`` in the form, what it is called and what it says.

    ``is_chosen(user)`` says whether somebody gets it; ``choose(user, wanted)`` changes and records that, where it is a
    change, in a transaction.
    """

    name: str
    label: StrOrPromise
    help: StrOrPromise
    is_chosen: Callable[[Any], bool]
    choose: Callable[[Any, bool], None]


def choices_of(user: Any) -> list[EmailChoice]:
    """What this person may choose."""
    return [choice for room in rooms() for choice in room.email_choices(user)]


def record_choice(readers: Any, user: Any, wanted: bool, *, chosen: str, ended: str) -> None:
    """Store in the model ``readers``, of which whoever gets an e-mail has a row (``person``), whether somebody wants
    it; a change leaves an entry with the event ``chosen`` or ``ended``."""
    with transaction.atomic():
        if wanted:
            changed = readers.objects.get_or_create(person_id=user.pk)[1]
        else:
            changed = bool(readers.objects.filter(person=user.pk).delete()[0])
        if changed:
            record(chosen if wanted else ended, actor=user, target=user)


def notices_by_email() -> Iterable[EmailChoice]:
    """The choice of this room, for everybody who has notices."""
    yield EmailChoice(
        "notices",
        _("Notices"),
        _(
            "What happened to your exports, imports, deletion requests, cases and account, within minutes, unless you "
            "have read it here. A sentence and a link: no text of a message, and no name."
        ),
        is_chosen=lambda user: EmailReader.objects.filter(person=user.pk).exists(),
        choose=lambda user, wanted: record_choice(
            EmailReader, user, wanted, chosen=NoticeEvent.EMAIL_CHOSEN, ended=NoticeEvent.EMAIL_ENDED
        ),
    )
