"""What exports may hold: every column is named here, once, with the expressions that give its value.

The tables are Resources of django-import-export, whose form offers the columns; the rows come from one SQL statement,
since a Resource would load every row as an object and keep all of them (see LIBRARIES.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, Func, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Coalesce
from django.db.models.query import QuerySet
from import_export import resources
from import_export.fields import Field

from messaging.models import Message, MessageHistory
from ops.imports import own_ids

TEXT, MOMENT, FLAG, NUMBER = "text", "moment", "flag", "number"


class InWords(Func):
    """A value in words; ``%(expressions)s`` may stand in the template more than once."""

    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        sql, params = super().as_sql(compiler, connection, *args, **extra)
        return sql, tuple(params) * extra.get("template", self.template).count("%(expressions)s")


class OwnId(InWords):
    """The id that a message without an external one goes by, made of its number, so that its replies can name it."""

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        template = f"('{own_ids.beginning(compiler.using)}' || %(expressions)s)"
        return super().as_sql(compiler, connection, *args, template=template, **extra)


class YesOrNo(InWords):
    template = "CASE WHEN %(expressions)s THEN 'true' ELSE 'false' END"


class IsoMoment(InWords):
    """A time as Python's ``isoformat`` writes it in UTC: microseconds only where there are any."""

    template = "(replace(%(expressions)s, ' ', 'T') || '+00:00')"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # An interval of none is UTC without looking a zone up, and a cast is quicker than to_char: half the time, which
        # is a tenth of that of an export. The driver reads no other DateStyle than ISO either.
        utc = "(%(expressions)s AT TIME ZONE INTERVAL '0')"
        whole = f"replace({utc}::text, ' ', 'T') || '+00:00'"
        exact = f"""to_char({utc}, 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""
        template = f"CASE WHEN %(expressions)s::timestamptz(0) = %(expressions)s THEN {whole} ELSE {exact} END"
        return self.as_sql(compiler, connection, template=template, **context)


def number_of(rows: QuerySet, path: str) -> Coalesce:
    """How many of ``rows`` lead by ``path`` to the message of the outer query."""
    grouped = rows.filter(**{path: OuterRef("pk")}).order_by().values(path).annotate(figure=Count("*"))
    return Coalesce(Subquery(grouped.values("figure")), 0)


class Column(Field):
    """One column: ``expression`` gives its value, and what ``kind`` of value that is.

    Where it is null, the first of ``otherwise`` that is not stands in for it: harmless text of our own making.
    ``offered`` says whether the form begins with it ticked, ``words`` what it is.
    """

    def __init__(
        self, expression: Any, *otherwise: Any, kind: str = TEXT, offered: bool = True, words: str = ""
    ) -> None:
        super().__init__()
        self.expression = expression
        self.otherwise = otherwise
        self.kind = kind
        self.offered = offered
        self.words = words

    @property
    def value(self) -> Any:
        """The expression of its value, whatever the format."""
        if not self.otherwise:
            return self.expression
        return Coalesce(self.expression, *self.otherwise, output_field=TextField())


class Table(resources.Resource):
    """A table of an export; its fields are all that it may ever hold."""

    @classmethod
    def get_display_name(cls) -> str:
        return cls.__name__

    @classmethod
    def columns(cls, names: Sequence[str] = ()) -> dict[str, Column]:
        """The columns by name, in the order of the table: those that are named, or all that are offered."""
        known: dict[str, Column] = cls.fields
        return {name: one for name, one in known.items() if (name in names if names else one.offered)}


class MessageTable(Table):
    """Messages, as an import takes them again."""

    external_id = Column(F("external_id"), OwnId("pk"), words="its id, or one made of our number for it")
    parent_external_id = Column(
        F("parent_message__external_id"), OwnId("parent_message_id"), Value(""), words="the id of what it answers"
    )
    sender = Column(F("sender__username"), words="a username")
    receiver = Column(F("receiver__username"), words="a username")
    timestamp = Column(IsoMoment("timestamp"), kind=MOMENT, words="when it was sent, in UTC")
    edited = Column(YesOrNo("edited"), kind=FLAG, words="whether its text was changed")
    read = Column(YesOrNo("read"), kind=FLAG, words="whether its receiver has read it")
    content = Column(F("content"), words="its text")
    conversation = Column(F("conversation_id"), kind=NUMBER, offered=False, words="the number of its conversation here")
    edits = Column(
        number_of(MessageHistory.objects.all(), "message"),
        kind=NUMBER,
        offered=False,
        words="how often its text was changed",
    )
    replies = Column(
        number_of(Message.objects.all(), "parent_message"),
        kind=NUMBER,
        offered=False,
        words="how many messages answer it",
    )


class HistoryTable(Table):
    """The older texts of messages."""

    external_id = Column(F("message__external_id"), OwnId("message_id"))
    edited_at = Column(IsoMoment("edited_at"), kind=MOMENT)
    edited_by = Column(F("edited_by__username"), Value(""), offered=False)
    old_content = Column(F("old_content"))


class NotificationTable(Table):
    """What told somebody of a message."""

    external_id = Column(F("message__external_id"), OwnId("message_id"))
    created_at = Column(IsoMoment("created_at"), kind=MOMENT)
