"""System checks: the table of messages can be exported."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import FieldError

from messaging.models import Message
from ops.exports.columns import Column, MessageTable, message_table, related

HINT = "EXPORT_MESSAGE_TABLE is the dotted path of a subclass of ops.exports.columns.MessageTable; see its module."


@register()
def message_table_can_be_exported(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that the setting names a table of messages, and that the database can compute each of its columns."""
    path = settings.EXPORT_MESSAGE_TABLE
    try:
        table: Any = message_table()
    except ImportError as error:
        return [Error(f"EXPORT_MESSAGE_TABLE is {path!r}, which cannot be imported: {error}", HINT, id="exports.E001")]
    if not (isinstance(table, type) and issubclass(table, MessageTable)):
        return [Error(f"EXPORT_MESSAGE_TABLE is {path!r}, which is no MessageTable.", HINT, id="exports.E001")]
    faults = {name: _fault(table, name, column) for name, column in table.fields.items()}
    return [
        Error(f"The column “{name}” of {path} cannot be exported: {fault}", HINT, id="exports.E002")
        for name, fault in faults.items()
        if fault
    ]


def _fault(table: type[MessageTable], name: str, column: Any) -> str:
    """Return what is wrong with a column, as a sentence, or ""."""
    if not isinstance(column, Column):
        return "declare it as a Column, because files are written from its database expression."
    if hasattr(table, f"dehydrate_{name}"):
        return f"put what dehydrate_{name} does into its expression; files would not have it."
    try:
        related(Message.objects.all(), [column]).annotate(**{column.annotation: column.value})
    except (FieldError, ValueError, TypeError) as error:
        return str(error)
    return ""
