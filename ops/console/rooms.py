"""Rooms: the apps of the console, and what each declares about itself in its ``apps.py``.

Code that concerns all rooms (menu, roles, audit trail, erasure, worker) calls ``rooms()``, so that adding a room
changes no file of another one. ``manage.py check`` reports tables that no room declares.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import AppConfig, apps
from django.db.models import Exists, TextChoices
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Audit(Enum):
    """How changes of a table reach the audit trail."""

    ADMIN = "its admin records changes"
    FUNCTIONS = "the functions that change it record an entry"
    SIGNALS = "signal receivers record changes"
    EXEMPT = "changes are not recorded"


class Place(TextChoices):
    """The places of the menu, in their order. Each holds what the rooms put there (``Room.menu``)."""

    REVIEW = "review", gettext_lazy("Review")
    PEOPLE = "people", gettext_lazy("People")
    DATA = "data", gettext_lazy("Data")
    AUDIT = "audit", gettext_lazy("Audit")
    SETTINGS = "settings", gettext_lazy("Settings")


class Group(TextChoices):
    """What the jump box finds, by what it is."""

    PEOPLE = "people", gettext_lazy("People")
    NUMBERED = "numbered", gettext_lazy("By number or ID")
    PAGES = "pages", gettext_lazy("Pages")
    MESSAGES = "messages", gettext_lazy("Messages")


@dataclass(frozen=True)
class Item:
    """A list or page in the menu: its place, and its position there; lower comes first.

    ``name`` is its text; the default is the ``section`` of the model's admin, or else the model's plural name.
    ``permission`` opens a page that is no list; a list asks its admin. An item that is not ``offered`` is in no menu:
    other pages lead to it. Without a ``place`` it belongs to none, and the bell of the frame counts what waits there.
    """

    place: Place | None
    order: int
    name: StrOrPromise = ""
    permission: str = ""
    offered: bool = True


@dataclass(frozen=True)
class Waiting:
    """What waits for one person in a list of the menu, which shows it with ``query``: ``rows`` are counted.

    ``item`` is the list's key in ``Room.menu``; ``what`` says what it is, after that number. ``until`` names a time of
    the rows whose earliest value is told, and the words before it. With ``most``, no more rows are counted, in the
    order that they have, and no time is told. Lines of the home page are told in the same way
    (ops.console.frame.home.Section).
    """

    item: str
    rows: Any
    what: Callable[[int], str]
    query: str
    until: tuple[str, StrOrPromise] = ("", "")
    most: int | None = None


@dataclass(frozen=True)
class Found:
    """Where the jump box leads: an address, its title, and what is there in a word, if the title does not say it."""

    title: StrOrPromise
    kind: StrOrPromise
    address: str
    group: Group = Group.NUMBERED


# Values of ``Table.erasure`` besides the names of erasure steps (ops.console.erasure.Step).
NOTHING_PERSONAL = "nothing personal"
WITH_MESSAGES = "messaging"  # removed by messaging/erasing/erasure.py
ON_DELETE = "on_delete"  # the on_delete of the foreign keys to the account decides


@dataclass(frozen=True)
class Table:
    """How changes of a table are audited, and how an erasure removes a person's data from it.

    ``erasure`` is the name of an erasure step, or one of NOTHING_PERSONAL, WITH_MESSAGES and ON_DELETE. ``why`` is the
    reason why changes are not recorded; required if ``audit`` is EXEMPT.
    """

    audit: Audit
    erasure: str
    why: str = ""


class Fact(NamedTuple):
    """One line of facts: what it is, the words, and the address of a page about it ("" without)."""

    name: StrOrPromise
    text: StrOrPromise
    address: str = ""


class Mark(NamedTuple):
    """What a room says of one row of another room's list: a template, and its ``content`` there."""

    template: str
    content: Any


@dataclass(frozen=True)
class Keys:
    """Keys that do something on pages of one kind: where, and what each does, by keys that stand side by side ("j k").

    Listed for whoever has the ``permission``. Scripts leave them alone where a person switched single keys off.
    """

    where: StrOrPromise
    does: Mapping[str, StrOrPromise]
    permission: str = ""

    @property
    def rows(self) -> list[tuple[list[str], StrOrPromise]]:
        """What the page of all keys shows."""
        return [(keys.split(), what) for keys, what in self.does.items()]


class Page(NamedTuple):
    """A page of the console: its route, its view, which asks for its own permission, and the name of its address."""

    route: str
    view: Any
    name: str


class Room(AppConfig):
    """An app of the console. Subclasses declare:

    ``menu``: the Item by model ("app.Model") or, of a page that is no list, by its name ("admin:deletion_erased").
    ``finds``: the models whose rows the jump box finds by their key, each with the word for one.
    ``permissions``: the roles that have a permission, by permission ("app.codename"); none means superusers only.
    ``tables``: the Table by model ("app.model", lower case).
    ``rounds``: management commands that the worker runs, with the seconds between two runs.
    ``events``: the dotted path of a TextChoices with the room's audit events.
    ``readings``: the audit event for opening a row, by model ("app.model", lower case).
    ``keys``: what single keys do on its pages (Keys).
    ``slots``: templates included in pages of other rooms, by slot ("person.before_deletion").
    """

    default = False  # otherwise Django would find two AppConfigs in each apps.py, which imports this class

    menu: Mapping[str, Item] = {}
    finds: Mapping[str, StrOrPromise] = {}
    permissions: Mapping[str, Collection[str]] = {}
    tables: Mapping[str, Table] = {}
    rounds: Mapping[str, int] = {}
    events: str = ""
    readings: Mapping[str, str] = {}
    keys: Sequence[Keys] = ()
    slots: Mapping[str, str] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = True

    def waiting(self, user: Any) -> Iterable[Waiting]:
        """Return what waits for ``user`` to do; nothing where they may not do it. One query counts it for all rooms.

        Decided by what the user is and may do, not by rows, which are for the query: that is kept for some seconds, for
        all users who are and may do the same, of whom it holds nothing but the key (ops.console.frame.counting).
        Compare that with foreign keys to accounts alone: another key is put in its place (``manage.py check`` looks).
        """
        return ()

    def find(self, request: Any, text: str) -> Iterable[Found]:
        """Return what ``text`` in the jump box means to this room, besides keys (``finds``).

        Only what ``request.user`` may open, and at most a few.
        """
        return ()

    def pages(self) -> Iterable[Page]:
        """Return this room's pages that belong to no model. They stand right below the console's address."""
        return ()

    def home_sections(self) -> Iterable[Any]:
        """Return this room's sections of the home page (ops.console.frame.home.Section)."""
        return ()

    def job_kinds(self) -> Iterable[Any]:
        """Return the kinds of jobs of this room (ops.jobs.kinds.Kind)."""
        return ()

    def notice_kinds(self) -> Iterable[Any]:
        """Return the kinds of notices of this room (ops.notices.kinds.Kind)."""
        return ()

    def email_choices(self, user: Any) -> Iterable[Any]:
        """Return what ``user`` may choose to get by e-mail (ops.notices.choosing.EmailChoice)."""
        return ()

    def erasure_steps(self) -> Iterable[Any]:
        """Return the erasure steps of this room (ops.console.erasure.Step)."""
        return ()

    def text_opened(self, entry: Any, messages: Collection[int], given: int | None) -> None:
        """Called when an audit entry says that somebody opened a page with the texts of these messages, for the reason
        whose entry is ``given`` if they gave one; or, without messages, that they gave a reason."""

    def panel_sections(self) -> Iterable[Any]:
        """Return this room's sections of the panel beside a conversation (ops.console.thread.panel.Section)."""
        return ()

    def list_filters(self, request: HttpRequest, model: str) -> Iterable[type]:
        """Return this room's filters of the list of ``model`` ("app.model"), subclasses of SimpleListFilter; only those
        that this user may choose. They stand behind “More filters”."""
        return ()

    def search_filters(self, request: HttpRequest) -> Iterable[Any]:
        """Return this room's filters of searches (messaging.search.filters.Filter), conditions of messages; only those
        that this user may use, for whom the others do not exist."""
        return ()

    def marks_on_rows(self, request: HttpRequest, model: str, keys: Collection[Any]) -> Mapping[Any, Mark]:
        """Return what this room says of rows in the list of ``model`` ("app.model"), by primary key; only what this
        user may see, never a text, and in as many queries for one row as for fifty."""
        return {}

    def notes_on_people(self, request: HttpRequest, ids: Collection[Any]) -> Mapping[Any, StrOrPromise]:
        """Return what the panel says of people in a conversation besides their name, in a few words, by primary key;
        only what this user may see."""
        return {}

    def warnings_on(self, user: Any, ids: Collection[int]) -> Mapping[int, StrOrPromise]:
        """Return words of warning on the texts of these messages that come covered for ``user``, by id."""
        return {}

    def facts_of_conversation(self, request: HttpRequest, conversation: Any) -> Iterable[Fact]:
        """Return this room's facts about a conversation, for the panel beside it; only what this user may see."""
        return ()

    def person_tabs(self) -> Iterable[Any]:
        """Return this room's tabs of the page of a person (ops.console.person.tabs.Tab)."""
        return ()

    def about_person(self, request: HttpRequest, person: Any) -> Any:
        """Return what the head of a person's page says of them, and what can be done there, for this user
        (ops.console.person.about.About); None for nothing."""
        return None

    def shows_people(self, user: Any) -> Iterable[bool | Exists]:
        """Return of whom this room shows ``user`` something: True for everybody, or conditions of accounts (whose key
        is ``OuterRef("pk")``), of which one is enough. The page of a person opens for those who see something of them
        in any room (ops.console.person.seen); for everybody else nobody has that number."""
        return ()

    def files_in_use(self) -> Iterable[str]:
        """Return the names of private files (ops.files.private_files) that unfinished work of this room needs."""
        return ()

    def proves_erasure(self, target_type: str, target_id: str) -> bool:
        """Whether this room proves that what the audit trail said of a person ("app.user" and the account's number),
        or of a thing that was about one alone, had to be emptied: the person is gone, and a receipt says so."""
        return False

    def keep_typed(self, request: HttpRequest) -> bool:
        """Keep what this form holds, which is not done now, until its person has confirmed their password; return
        whether it was kept."""
        return False

    def name_refusal(self, text: str, *, kind: str) -> str:
        """Return why no account may have this name, as a sentence, or "". ``kind`` is "username" or "email"."""
        return ""

    def sign_in_refusal(self, user: Any) -> str:
        """Return why ``user``, who typed the right password, may not sign in now, as sentences for them, or ""."""
        return ""


def rooms() -> list[Room]:
    """Return all installed rooms, in the order of INSTALLED_APPS."""
    return [config for config in apps.get_app_configs() if isinstance(config, Room)]


def sign_in_refusal(user: Any) -> str:
    """Return why ``user`` may not sign in now, as the first room says that refuses it; "" where they may."""
    return next(filter(None, (room.sign_in_refusal(user) for room in rooms())), "")


def keep_typed(request: HttpRequest) -> bool:
    """Have what this form holds kept until its person has confirmed their password; whether a room did."""
    return any(room.keep_typed(request) for room in rooms())


def files_in_use() -> list[str]:
    """Return the names of private files that unfinished work of any room needs."""
    return [name for room in rooms() for name in room.files_in_use()]
