"""Rooms: the apps of the console, and the declarations of each in its ``apps.py``.

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
    """The places of the menu, in order. Each holds the items that rooms declare for it (``Room.menu``)."""

    REVIEW = "review", gettext_lazy("Review")
    PEOPLE = "people", gettext_lazy("People")
    DATA = "data", gettext_lazy("Data")
    AUDIT = "audit", gettext_lazy("Audit")
    SETTINGS = "settings", gettext_lazy("Settings")


class Group(TextChoices):
    """The groups of results in the jump box."""

    PEOPLE = "people", gettext_lazy("People")
    NUMBERED = "numbered", gettext_lazy("By number or ID")
    PAGES = "pages", gettext_lazy("Pages")
    MESSAGES = "messages", gettext_lazy("Messages")


@dataclass(frozen=True)
class Item:
    """A list or page in the menu: its place, and its position there; lower comes first.

    ``name`` is its text; the default is the ``section`` of the model's admin, or else the model's plural name.
    ``permission`` is needed to open a page that is not a list; for a list, its admin decides. An item that is not
    ``offered`` is hidden from the menu, and other pages link to it. An item without a ``place`` is counted by the bell.
    """

    place: Place | None
    order: int
    name: StrOrPromise = ""
    permission: str = ""
    offered: bool = True


@dataclass(frozen=True)
class PendingWork:
    """Pending work of one user: the number of ``rows``, and a list of the menu that shows them with ``query``.

    ``item`` is the list's key in ``Room.menu``; ``what`` returns the words after the number. ``until`` is a field of
    the rows whose earliest time is shown, and the words before it. With ``most``, counting stops after that many rows,
    in their order, and no time is shown. Lines of the home page have the same form (ops.console.frame.home.Section).
    """

    item: str
    rows: Any
    what: Callable[[int], str]
    query: str
    until: tuple[str, StrOrPromise] = ("", "")
    most: int | None = None


@dataclass(frozen=True)
class Found:
    """A result of the jump box: an address, its title, and the kind of thing in a word, unless the title has it."""

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
    reason for not recording changes; required if ``audit`` is EXEMPT.
    """

    audit: Audit
    erasure: str
    why: str = ""


class Fact(NamedTuple):
    """One line of facts: its name, its text, and the address of a page about it ("" if there is none)."""

    name: StrOrPromise
    text: StrOrPromise
    address: str = ""


class Mark(NamedTuple):
    """A mark of a room on a row of another room's list: a template, and the ``content`` for it."""

    template: str
    content: Any


@dataclass(frozen=True)
class Keys:
    """Shortcut keys on pages of one kind: ``does`` has the effect of keys that are listed together ("j k").

    They are listed for users with the ``permission``. Scripts ignore them for users who switched single keys off.
    """

    where: StrOrPromise
    does: Mapping[str, StrOrPromise]
    permission: str = ""

    @property
    def rows(self) -> list[tuple[list[str], StrOrPromise]]:
        """The lines of the page of all keys."""
        return [(keys.split(), what) for keys, what in self.does.items()]


class Page(NamedTuple):
    """A page of the console: its route, its view, which checks permissions itself, and the name of its URL."""

    route: str
    view: Any
    name: str


class Room(AppConfig):
    """An app of the console. Subclasses declare:

    ``menu``: the Item by model ("app.Model"), or by URL name for a page that is not a list ("admin:deletion_erased").
    ``finds``: the models whose rows the jump box finds by primary key, each with its singular name.
    ``permissions``: the roles that have a permission, by permission ("app.codename"); no role means superusers only.
    ``tables``: the Table by model ("app.model", lower case).
    ``rounds``: management commands that the worker runs, with the seconds between two runs.
    ``events``: the dotted path of a TextChoices with the room's audit events.
    ``readings``: the audit event for opening a row, by model ("app.model", lower case).
    ``keys``: the shortcut keys of its pages (Keys).
    ``slots``: templates included in pages of other rooms, by slot ("person.before_deletion").
    """

    default = False  # else Django would find two AppConfigs in each apps.py, which imports this class

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

    def waiting(self, user: Any) -> Iterable[PendingWork]:
        """Return the pending work that ``user`` may do. Depends only on their flags and permissions."""
        # Rows are left to the query, which is cached for users with the same ones (ops.console.frame.counting).
        return ()

    def find(self, request: Any, text: str) -> Iterable[Found]:
        """Return this room's results for ``text`` in the jump box, besides primary keys (``finds``): at most a few, and
        only those that ``request.user`` may open."""
        return ()

    def pages(self) -> Iterable[Page]:
        """Return this room's pages that belong to no model. Their routes start at the root of the console."""
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
        """Return the e-mails that ``user`` may choose to receive (ops.notices.choosing.EmailChoice)."""
        return ()

    def erasure_steps(self) -> Iterable[Any]:
        """Return the erasure steps of this room (ops.console.erasure.Step)."""
        return ()

    def text_opened(self, entry: Any, messages: Collection[int], given: int | None) -> None:
        """Called when an audit entry records that a user opened a page with the texts of these messages, for the reason
        in the entry ``given``, if any; or, without messages, that a user gave a reason."""

    def panel_sections(self) -> Iterable[Any]:
        """Return this room's sections of the panel beside a conversation (ops.console.thread.panel.Section)."""
        return ()

    def list_filters(self, request: HttpRequest, model: str) -> Iterable[type]:
        """Return this room's filters of the list of ``model`` ("app.model"), subclasses of SimpleListFilter; only those
        that this user may choose. They are shown under “More filters”."""
        return ()

    def search_filters(self, request: HttpRequest) -> Iterable[Any]:
        """Return this room's filters of searches (messaging.search.filters.Filter), conditions on messages; only those
        that this user may use: to others they do not exist."""
        return ()

    def marks_on_rows(self, request: HttpRequest, model: str, keys: Collection[Any]) -> Mapping[Any, Mark]:
        """Return this room's marks on rows of the list of ``model`` ("app.model"), by primary key; only those that this
        user may see, never a text, and in as many queries for one row as for fifty."""
        return {}

    def notes_on_people(self, request: HttpRequest, ids: Collection[Any]) -> Mapping[Any, StrOrPromise]:
        """Return a few words that the panel shows beside the names of people in a conversation, by primary key; only
        for facts that this user may see."""
        return {}

    def warnings_on(self, user: Any, ids: Collection[int]) -> Mapping[int, StrOrPromise]:
        """Return the warnings on those of these messages whose texts are covered for ``user``, by id."""
        return {}

    def facts_of_conversation(self, request: HttpRequest, conversation: Any) -> Iterable[Fact]:
        """Return this room's facts about a conversation, for the panel beside it; only what this user may see."""
        return ()

    def person_tabs(self) -> Iterable[Any]:
        """Return this room's tabs of the page of a person (ops.console.person.tabs.Tab)."""
        return ()

    def about_person(self, request: HttpRequest, person: Any) -> Any:
        """Return this room's part of the head of a person's page: facts, and actions that this user may take
        (ops.console.person.about.About); None for nothing."""
        return None

    def shows_people(self, user: Any) -> Iterable[bool | Exists]:
        """Return of whom this room shows ``user`` something: True (all), or conditions on account OuterRef("pk")."""
        # Any of them opens a person's page; for other users it does not exist (ops.console.person.seen).
        return ()

    def files_in_use(self) -> Iterable[str]:
        """Return the names of private files (ops.files.private_files) that unfinished work of this room needs."""
        return ()

    def proves_erasure(self, target_type: str, target_id: str) -> bool:
        """Whether this room proves that the audit trail's text about a person ("app.user" and the account's number), or
        about a thing that concerned one person alone, had to be redacted: a receipt shows that the person is erased."""
        return False

    def keep_typed(self, request: HttpRequest) -> bool:
        """Keep the data of a form that was not processed, until the user has confirmed their password; return whether
        it was kept."""
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
    """Return why ``user`` may not sign in now, from the first room that refuses; "" if they may."""
    return next(filter(None, (room.sign_in_refusal(user) for room in rooms())), "")


def keep_typed(request: HttpRequest) -> bool:
    """Let a room keep the data of this form until the user has confirmed their password; return whether one did."""
    return any(room.keep_typed(request) for room in rooms())


def files_in_use() -> list[str]:
    """Return the names of private files that unfinished work of any room needs."""
    return [name for room in rooms() for name in room.files_in_use()]
