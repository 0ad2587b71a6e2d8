"""The tables of exports: their columns, and the database expression of each column's value.

A table is a Resource of django-import-export, so ``export()`` works on it for small sets. Because a Resource keeps all
rows in memory, ops/exports/formats writes files from the same expressions instead.

``settings.EXPORT_MESSAGE_TABLE`` names the table of messages. A platform adds a column by subclassing::

    class PlatformTable(MessageTable):
        region = Column(F("sender__profile__region"), Value(""), help_text="where the sender lives")

The form and files of every format then have the column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    Func,
    Model,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.db.models.query import QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy
from import_export import resources
from import_export.exceptions import ImportExportError
from import_export.fields import Field

from messaging.managers import readable_text
from messaging.models import ORIGINAL_WITHHELD, REMOVED, Message, MessageHistory, Notification
from ops.imports import own_ids

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TEXT, TIMESTAMP, FLAG, NUMBER = "text", "timestamp", "flag", "number"
WIDTHS = {TEXT: 24, TIMESTAMP: 24, FLAG: 9, NUMBER: 14}  # characters that a spreadsheet shows
WIDE = 80


class TextExpression(Func):
    """A value as text. ``%(expressions)s`` may occur more than once in the template."""

    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        sql, params = super().as_sql(compiler, connection, *args, **extra)
        return sql, tuple(params) * extra.get("template", self.template).count("%(expressions)s")


class OwnExternalId(TextExpression):
    """The external id that exports make from the primary key of a message without one."""

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        template = f"('{own_ids.prefix(compiler.using)}' || %(expressions)s)"
        return super().as_sql(compiler, connection, *args, template=template, **extra)


class BooleanText(TextExpression):
    template = "CASE WHEN %(expressions)s THEN 'true' ELSE 'false' END"


class IsoTimestamp(TextExpression):
    """A time in UTC as Python's ``isoformat`` writes it, with microseconds only if they are not zero."""

    template = "(replace(%(expressions)s, ' ', 'T') || '+00:00')"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # An interval of 0 is UTC without looking up a time zone. A cast takes half the time of to_char, which is a
        # tenth of an export's time, and its format is safe: the driver, too, accepts only the DateStyle ISO.
        utc = "(%(expressions)s AT TIME ZONE INTERVAL '0')"
        whole = f"replace({utc}::text, ' ', 'T') || '+00:00'"
        exact = f"""to_char({utc}, 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""
        template = f"CASE WHEN %(expressions)s::timestamptz(0) = %(expressions)s THEN {whole} ELSE {exact} END"
        return self.as_sql(compiler, connection, template=template, **context)


def count_of(rows: QuerySet, path: str) -> Coalesce:
    """Return an expression for the number of ``rows`` whose ``path`` refers to the row of the outer query."""
    grouped = rows.filter(**{path: OuterRef("pk")}).order_by().values(path).annotate(figure=Count("*"))
    return Coalesce(Subquery(grouped.values("figure")), 0)


class Column(Field):
    """A read-only field whose value is a database expression.

    The first of ``fallbacks`` that is not null replaces a null value; without one, the cell is empty. Fallbacks are
    written without the guard against formulas, so users must not be able to choose their text. ``kind`` is one of TEXT,
    TIMESTAMP (ISO 8601), FLAG ("true" or "false") and NUMBER. In the form, the column is ticked if ``preselected``, and
    ``help_text`` is shown beside it. ``width`` is how many characters a spreadsheet shows; 0 is the kind's default.
    ``relations`` are relations that the expression uses, besides the model's fields.
    """

    column_name: str  # the table sets it

    def __init__(
        self,
        expression: Any,
        *fallbacks: Any,
        kind: str = TEXT,
        preselected: bool = True,
        help_text: StrOrPromise = "",
        width: int = 0,
        relations: Mapping[str, FilteredRelation] | None = None,
    ) -> None:
        super().__init__(readonly=True)
        self.expression = expression
        self.fallbacks = fallbacks
        self.kind = kind
        self.preselected = preselected
        self.help_text = help_text
        self.width = width or WIDTHS[kind]
        self.relations = relations or {}

    @property
    def value(self) -> Any:
        """The expression with its fallbacks."""
        if not self.fallbacks:
            return self.expression
        return Coalesce(self.expression, *self.fallbacks, output_field=TextField())

    @property
    def annotation(self) -> str:
        """The attribute in which ``Table.iter_queryset`` stores the value; no model has a field of this name."""
        return f"exported_{self.column_name}"

    def get_value(self, instance: Any) -> Any:
        """Return the value of a row that ``Table.iter_queryset`` loaded."""
        return getattr(instance, self.annotation)

    def export(self, instance: Any, **kwargs: Any) -> Any:
        """Return the value as text; with ``force_native_type``, flags and numbers as in JSON."""
        value = self.get_value(instance)
        if kwargs.get("force_native_type"):
            return value == "true" if self.kind == FLAG else value
        return "" if value is None else str(value)


def related(rows: QuerySet, columns: Iterable[Column]) -> QuerySet:
    """Annotate ``rows`` with the relations of these columns."""
    # Copies, because Django modifies the relations.
    return rows.annotate(**{name: copy(one) for column in columns for name, one in column.relations.items()})


class ReadOnlyTable(ImportExportError):
    """An attempt to import through a table of exports, which would bypass histories and the audit trail."""

    def __init__(self) -> None:
        super().__init__(
            "Tables of exports are read-only. Import messages under “Imports” in the console, or with "
            "“manage.py import_messages FILE”: both keep edit histories and record the import in the audit trail."
        )


class Table(resources.Resource):
    """A read-only Resource. An export can contain only its columns; ``Meta.model`` is the model of its rows."""

    @classmethod
    def get_display_name(cls) -> str:
        return cls.__name__

    @classmethod
    def columns(cls, names: Sequence[str] = ()) -> dict[str, Column]:
        """Return the columns with these names, or else the preselected ones, by name in the order of the table."""
        fields: dict[str, Column] = cls.fields
        wanted = names or [name for name, column in fields.items() if column.preselected]
        return {column.column_name: column for column in cls().get_export_fields(wanted)}

    def get_queryset(self) -> QuerySet:
        """Return all rows, in the order in which files list them."""
        rows: QuerySet = self._meta.model._default_manager.order_by("pk")
        return rows

    def iter_queryset(self, queryset: QuerySet | Iterable[Model]) -> Iterator[Any]:
        """Yield the rows with the values of all columns, from one query; reloads rows that are already loaded."""
        values = {column.annotation: column.value for column in self.fields.values()}
        if isinstance(queryset, QuerySet):
            rows = related(queryset.prefetch_related(None), self.fields.values()).annotate(**values)
            yield from rows.iterator(chunk_size=self.get_chunk_size())
            return
        keys = [row.pk for row in queryset]
        found = related(self.get_queryset(), self.fields.values()).annotate(**values).in_bulk(keys)
        yield from (found[key] for key in keys if key in found)

    def get_import_fields(self) -> list[Field]:
        """Return [], because nothing is imported through a table."""
        return []

    def get_user_visible_fields(self) -> list[Field]:
        fields: list[Field] = self.get_export_fields()
        return fields

    def import_data(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise ReadOnlyTable, whose message explains where to import."""
        raise ReadOnlyTable

    def import_row(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise ReadOnlyTable, whose message explains where to import."""
        raise ReadOnlyTable


# The parent message, joined only if any message has an external id. The database checks that once for each statement;
# if there is none, it saves the lookups of parents, which took a quarter of an export's time.
NAMED_PARENT = FilteredRelation(
    "parent_message",
    condition=Q(
        parent_message__pk=Case(
            When(Exists(Message._base_manager.filter(external_id__isnull=False)), then=F("parent_message_id"))
        )
    ),
)


class MessageTable(Table):
    """Messages, with the columns that an import reads."""

    external_id = Column(
        F("external_id"), OwnExternalId("pk"), help_text=gettext_lazy("message ID (ours if it has none)")
    )
    parent_external_id = Column(
        Coalesce(F("named_parent__external_id"), F("awaited_parent_external_id")),
        OwnExternalId("parent_message_id"),
        Value(""),
        help_text=gettext_lazy("the id of what it answers, stored or not"),
        relations={"named_parent": NAMED_PARENT},
    )
    sender = Column(F("sender__username"), help_text=gettext_lazy("a username"))
    receiver = Column(F("receiver__username"), help_text=gettext_lazy("a username"))
    timestamp = Column(IsoTimestamp("timestamp"), kind=TIMESTAMP, help_text=gettext_lazy("when it was sent, in UTC"))
    edited = Column(BooleanText("edited"), kind=FLAG, help_text=gettext_lazy("whether its text was changed"))
    read = Column(BooleanText("read"), kind=FLAG, help_text=gettext_lazy("whether its receiver has read it"))
    hidden = Column(BooleanText("hidden"), kind=FLAG, help_text=gettext_lazy("whether moderators removed it"))
    redacted = Column(
        BooleanText(Q(redaction__isnull=False)),
        kind=FLAG,
        help_text=gettext_lazy("whether moderators removed a part of it"),
    )
    content = Column(F("content"), help_text=gettext_lazy("its text"), width=WIDE)
    conversation = Column(
        F("conversation_id"),
        kind=NUMBER,
        preselected=False,
        help_text=gettext_lazy("the number of its conversation here"),
    )
    edits = Column(
        count_of(MessageHistory.objects.all(), "message"),
        kind=NUMBER,
        preselected=False,
        help_text=gettext_lazy("how often its text was changed"),
    )
    replies = Column(
        count_of(Message.objects.all(), "parent_message"),
        kind=NUMBER,
        preselected=False,
        help_text=gettext_lazy("how many messages answer it"),
    )

    class Meta:
        model = Message


class ReceivedTable(MessageTable):
    """Messages as one participant received them, without the texts that moderators removed."""

    content = Column(
        Case(When(hidden=True, then=Value(REMOVED)), default=F("content"), output_field=TextField()), width=WIDE
    )

    class Meta:
        model = Message


class HistoryTable(Table):
    """The older texts of messages. Texts that moderators removed are withheld from every file."""

    external_id = Column(F("message__external_id"), OwnExternalId("message_id"))
    edited_at = Column(IsoTimestamp("edited_at"), kind=TIMESTAMP)
    edited_by = Column(F("edited_by__username"), Value(""), preselected=False)
    old_content = Column(readable_text(ORIGINAL_WITHHELD), width=WIDE)

    class Meta:
        model = MessageHistory


class NotificationTable(Table):
    """Notifications: which messages somebody was notified of, and when."""

    external_id = Column(F("message__external_id"), OwnExternalId("message_id"))
    created_at = Column(IsoTimestamp("created_at"), kind=TIMESTAMP)

    class Meta:
        model = Notification


def message_table() -> type[MessageTable]:
    """Return the table that ``settings.EXPORT_MESSAGE_TABLE`` names; the system check exports.E001 verifies it."""
    table: type[MessageTable] = import_string(settings.EXPORT_MESSAGE_TABLE)
    return table
