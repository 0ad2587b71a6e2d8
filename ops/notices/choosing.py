"""The e-mail that a person can choose to get. Rooms declare it (``Room.email_choices``); one page offers all of it."""

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
    """One kind of e-mail, offered to one user: its ``name`` in the form, its label and help.

    ``is_chosen``: whether the user gets it. ``choose(user, wanted)`` stores and records a change, in a transaction.
    Choices with the same ``group`` are shown together under that heading, with the text ``about`` on all of them.
    """

    name: str
    label: StrOrPromise
    help: StrOrPromise
    is_chosen: bool
    choose: Callable[[Any, bool], None]
    group: StrOrPromise = ""
    about: StrOrPromise = ""


def choices_of(user: Any) -> list[EmailChoice]:
    """Return the choices of this user, from all rooms."""
    return [choice for room in rooms() for choice in room.email_choices(user)]


def record_choice(readers: Any, user: Any, wanted: bool, *, chosen: str, ended: str, **what: Key) -> None:
    """Store whether ``user`` wants an e-mail, as a row of the model ``readers`` (with ``person``) or none, and record a
    change as the event ``chosen`` or ``ended``. ``what``: further columns, which distinguish the rows of a person."""
    with transaction.atomic():
        if wanted:
            changed = readers.objects.get_or_create(person_id=user.pk, **what)[1]
        else:
            changed = bool(readers.objects.filter(person=user.pk, **what).delete()[0])
        if changed:
            record(chosen if wanted else ended, actor=user, target=user, details=what)


def notices_by_email(user: Any) -> Iterable[EmailChoice]:
    """Yield the choices of this room, one for each topic. Runs one query."""
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
