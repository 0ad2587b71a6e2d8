"""What somebody may choose to get by e-mail. Rooms declare it (``Room.email_choices``); one page shows all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from ops.audit.details import Key
from ops.audit.recording import record
from ops.console.rooms import rooms
from ops.notices.events import NoticeEvent
from ops.notices.models import EmailReader
from ops.notices.topics import TOPICS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class EmailChoice:
    """One kind of e-mail: its ``name`` in the form, what it is called and what it says.

    ``is_chosen`` says whether whom it was made for gets it; ``choose(user, wanted)`` changes and records that, where it
    is a change, in a transaction. Choices with the same ``group`` stand together under it, with what it says of all of
    them (``about``).
    """

    name: str
    label: StrOrPromise
    help: StrOrPromise
    is_chosen: bool
    choose: Callable[[Any, bool], None]
    group: StrOrPromise = ""
    about: StrOrPromise = ""


def choices_of(user: Any) -> list[EmailChoice]:
    """What this person may choose."""
    return [choice for room in rooms() for choice in room.email_choices(user)]


def record_choice(readers: Any, user: Any, wanted: bool, *, chosen: str, ended: str, **what: Key) -> None:
    """Store in the model ``readers``, of which whoever gets an e-mail has a row (``person``), whether somebody wants
    it; a change leaves an entry with the event ``chosen`` or ``ended``. ``what``: further columns, which tell rows of a
    person apart."""
    with transaction.atomic():
        if wanted:
            changed = readers.objects.get_or_create(person_id=user.pk, **what)[1]
        else:
            changed = bool(readers.objects.filter(person=user.pk, **what).delete()[0])
        if changed:
            record(chosen if wanted else ended, actor=user, target=user, details=what)


def notices_by_email(user: Any) -> Iterable[EmailChoice]:
    """The choices of this room, for everybody who has notices; in one query."""
    chosen = set(EmailReader.objects.filter(person=user.pk).values_list("topic", flat=True))
    about = _(
        "What happened to what is yours, within minutes, unless you have read it here. A sentence and a link: no text "
        "of a message, and no name."
    )
    for topic in TOPICS:
        yield EmailChoice(
            f"notices_{topic.name}",
            topic.label,
            topic.help,
            is_chosen=topic.name in chosen,
            choose=partial(
                record_choice,
                EmailReader,
                chosen=NoticeEvent.EMAIL_CHOSEN,
                ended=NoticeEvent.EMAIL_ENDED,
                topic=Key(topic.name),
            ),
            group=_("Notices"),
            about=about,
        )
