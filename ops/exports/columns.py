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

TEXT, TIMESTAMP, FLAG, NUMBER = "text", "moment", "flag", "number"


class TextExpression(Func):
    """A value in words; ``%(expressions)s`` may stand in the template more than once."""

    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        sql, params = super().as_sql(compiler, connection, *args, **extra)
        return sql, tuple(params) * extra.get("template", self.template).count("%(expressions)s")


class OwnExternalId(TextExpression):
    """The id that a message without an external one goes by, made of its number, so that its replies can name it."""

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        template = f"('{own_ids.beginning(compiler.using)}' || %(expressions)s)"
        return super().as_sql(compiler, connection, *args, template=template, **extra)


class BooleanText(TextExpression):
    template = "CASE WHEN %(expressions)s THEN 'true' ELSE 'false' END"


class IsoTimestamp(TextExpression):
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


def count_of(rows: QuerySet, path: str) -> Coalesce:
    """How many of ``rows`` lead by ``path`` to the message of the outer query."""
    grouped = rows.filter(**{path: OuterRef("pk")}).order_by().values(path).annotate(figure=Count("*"))
    return Coalesce(Subquery(grouped.values("figure")), 0)


class Column(Field):
    """One column: ``expression`` gives its value, and what ``kind`` of value that is.

    Where it is null, the first of ``fallbacks`` that is not stands in for it: harmless text of our own making.
    ``offered`` says whether the form begins with it ticked, ``words`` what it is.
    """

    def __init__(
        self, expression: Any, *fallbacks: Any, kind: str = TEXT, preselected: bool = True, words: str = ""
    ) -> None:
        super().__init__()
        self.expression = expression
        self.fallbacks = fallbacks
        self.kind = kind
        self.preselected = preselected
        self.words = words

    @property
    def value(self) -> Any:
        """The expression of its value, whatever the format."""
        if not self.fallbacks:
            return self.expression
        return Coalesce(self.expression, *self.fallbacks, output_field=TextField())


class Table(resources.Resource):
    """A table of an export; its fields are all that it may ever hold."""

    @classmethod
    def get_display_name(cls) -> str:
        return cls.__name__

    @classmethod
    def columns(cls, names: Sequence[str] = ()) -> dict[str, Column]:
        """The columns by name, in the order of the table: those that are named, or all that are offered."""
        known: dict[str, Column] = cls.fields
        return {name: one for name, one in known.items() if (name in names if names else one.preselected)}


class MessageTable(Table):
    """Messages, as an import takes them again."""

    external_id = Column(F("external_id"), OwnExternalId("pk"), words="its id, or one made of our number for it")
    parent_external_id = Column(
        F("parent_message__external_id"),
        OwnExternalId("parent_message_id"),
        Value(""),
        words="the id of what it answers",
    )
    sender = Column(F("sender__username"), words="a username")
    receiver = Column(F("receiver__username"), words="a username")
    timestamp = Column(IsoTimestamp("timestamp"), kind=TIMESTAMP, words="when it was sent, in UTC")
    edited = Column(BooleanText("edited"), kind=FLAG, words="whether its text was changed")
    read = Column(BooleanText("read"), kind=FLAG, words="whether its receiver has read it")
    content = Column(F("content"), words="its text")
    conversation = Column(
        F("conversation_id"), kind=NUMBER, preselected=False, words="the number of its conversation here"
    )
    edits = Column(
        count_of(MessageHistory.objects.all(), "message"),
        kind=NUMBER,
        preselected=False,
        words="how often its text was changed",
    )
    replies = Column(
        count_of(Message.objects.all(), "parent_message"),
        kind=NUMBER,
        preselected=False,
        words="how many messages answer it",
    )


class HistoryTable(Table):
    """The older texts of messages."""

    external_id = Column(F("message__external_id"), OwnExternalId("message_id"))
    edited_at = Column(IsoTimestamp("edited_at"), kind=TIMESTAMP)
    edited_by = Column(F("edited_by__username"), Value(""), preselected=False)
    old_content = Column(F("old_content"))


class NotificationTable(Table):
    """What told somebody of a message."""

    external_id = Column(F("message__external_id"), OwnExternalId("message_id"))
    created_at = Column(IsoTimestamp("created_at"), kind=TIMESTAMP)
