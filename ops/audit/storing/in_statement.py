"""Recording an act in the statement that performs it, on PostgreSQL: one round trip for both.

The statement selects the row that the act is about, and one of its parts inserts the entry, as ``record`` would. It
needs no transaction around it. If it fails, nothing was done or recorded, and the error does not show which part
failed: repeat the act with ``record``, which does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connections, models, transaction

from messaging.database.statements import Slot, Statement, compiled_statement, slot
from ops.audit import recording
from ops.audit.models import SEALED_FIELDS, TARGET_COPIES, Entry
from ops.audit.sealing import canonical, chain

# Stands for a key that only the database has so far; no stored text contains this character.
KEY = "\x00"
KEY_IN_JSON = r"\u0000"

INSERT = "INSERT INTO {table} ({columns}) SELECT {values} FROM {source} RETURNING {sealed}"
# Beside the entry: the end of the chain before it, and whether other entries await seals (this one is not visible yet).
ALSO = "newest.position, newest.hash, EXISTS (SELECT FROM audit_unsealed)"
JOINED = """
LEFT JOIN {name} ON true
LEFT JOIN ({newest}) AS newest ON true
"""
DIGEST = "encode(sha256(convert_to(%s || {key} || %s, 'UTF8')), 'hex')"
# The names of groups, cut as all texts of entries are (canonical.storable_text).
ROLE = """
CASE WHEN %s THEN %s ELSE (
    SELECT CASE WHEN length(roles) <= {most} THEN roles ELSE left(roles, {most} - 1) || '…' END
    FROM (SELECT array_to_string(ARRAY({groups}), ', ') AS roles) AS held
) END
"""


class Prepared(NamedTuple):
    """An entry without its target's key, and the values of the statement's slots for it."""

    entry: Entry
    given: dict[str, Any]

    def stored(self, answer: Sequence[Any], target_key: Any, *, using: str) -> Entry:
        """Complete the entry with its key and its target's key, announce it, and seal it after the commit.

        ``answer`` is the statement's row with the columns of ``answered``.
        """
        *values, position, previous, are_others = answer
        self.entry.pk, self.entry.target_id = values[0], str(target_key)
        self.entry.target_label += str(target_key)
        self.entry._state.adding, self.entry._state.db = False, using
        recording.announce(self.entry, using)

        def seal_it() -> None:
            chain.seal_stored(values, (position, previous), are_others=are_others, using=using)

        transaction.on_commit(seal_it, using=using, robust=True)
        return self.entry


def answered(name: str, using: str) -> tuple[str, str]:
    """Return the columns and joins that a statement whose part ``name`` is ``inserting`` selects for ``stored``."""
    return f"{_sealed(using, f'{name}.')}, {ALSO}", JOINED.format(
        name=name, newest=chain.newest_seal_statement(using).sql
    )


@cache
def inserting(source: str, key: str, using: str) -> Statement:
    """Return the part of a statement that inserts an entry for each row of ``source``, whose column ``key`` is the key
    of the target, and returns the entry's sealed columns."""
    quote: Any = connections[using].ops.quote_name
    fields = [field for field in Entry._meta.concrete_fields if not field.primary_key]
    known = {"actor_role": _role(using), **_about(key)}
    values = [known.get(field.attname, Statement("%s", (_slot(field),))) for field in fields]
    columns = ", ".join(quote(field.column) for field in fields)
    selected = ", ".join(value.sql for value in values)
    names = {"columns": columns, "values": selected, "sealed": _sealed(using)}
    sql = INSERT.format(table=quote(Entry._meta.db_table), source=source, **names)
    return Statement(sql, tuple(param for value in values for param in value.params))


def prepare(event: str, *, actor: Any, target: type[models.Model], using: str) -> Prepared:
    """Return an entry of ``actor``, a user, about a row of this model, for a statement that holds ``inserting``."""
    about, label = (target._meta.label_lower, ""), f"{recording.name_of(target)} "
    entry = recording.new_entry(event, actor=actor, target=about, label=label, role="")
    entry.prepare()
    entry.target_label = label
    digested = [label + KEY, *(getattr(entry, name) for name in TARGET_COPIES[1:])]
    before, after = canonical.canonical(digested).decode().split(KEY_IN_JSON)
    given = {
        _slot(field).name: field.get_db_prep_save(getattr(entry, field.attname), connections[using])
        for field in Entry._meta.concrete_fields
    }
    given |= {"entry_before_key": entry.target_salt + before, "entry_after_key": after}
    return Prepared(entry, {**given, "entry_is_superuser": actor.is_superuser, "entry_superuser": recording.SUPERUSER})


def _sealed(using: str, prefix: str = "") -> str:
    options: Any = Entry._meta
    columns = (options.get_field(name).column for name in SEALED_FIELDS)
    return ", ".join(f"{prefix}{connections[using].ops.quote_name(column)}" for column in columns)


def _slot(field: Any) -> Slot:
    return Slot(f"entry_{field.attname}")


def _about(key: str) -> dict[str, Statement]:
    """Return the values of the columns that contain the key of the target."""
    return {
        "target_id": Statement(f"{key}::text", ()),
        "target_label": Statement(f"%s || {key}", (Slot("entry_target_label"),)),
        "target_digest": Statement(DIGEST.format(key=key), (Slot("entry_before_key"), Slot("entry_after_key"))),
    }


def _role(using: str) -> Statement:
    """Return SQL that does what ``recording.role_of`` does."""
    of_actor = {get_user_model()._meta.get_field("groups").related_query_name(): slot("entry_actor_id")}
    groups = compiled_statement(Group.objects.filter(**of_actor).order_by("name").values("name"), using=using)
    sql = ROLE.format(most=canonical.MAX_TEXT_LENGTH, groups=groups.sql)
    return Statement(sql, (Slot("entry_is_superuser"), Slot("entry_superuser"), *groups.params))
