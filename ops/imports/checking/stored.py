"""Rows that are stored already: found by their id, by the id that an export gave them, or by people, time and text."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from messaging.models import Message
from ops.files.problems import Problem, label
from ops.files.suggestions import Suggestion
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.rows import differing
from ops.imports.options import Choices
from ops.imports.staging.base import Staging

BY_ID = """
INSERT INTO {known} SELECT rows.number, stored.id, stored.conversation_id
FROM {rows} rows CROSS JOIN {messages} stored WHERE stored.external_id = rows.external_id
"""
ANY_OF_EXPORTS = "SELECT EXISTS (SELECT 1 FROM {rows} rows WHERE {has_any_prefix})"
BY_OWN_ID = """
INSERT INTO {known} SELECT rows.number, stored.id, stored.conversation_id
FROM (SELECT rows.number, {own_number} AS own FROM {rows} rows WHERE {has_any_prefix}) rows
CROSS JOIN {messages} stored
WHERE stored.id = rows.own AND stored.external_id IS NULL
"""
# Old exports wrote threadward:12 without a database name, so people and time must match, too, and must not match a
# message that was imported under this id.
BY_OLD_ID = """
INSERT INTO {known} SELECT rows.number, stored.id, stored.conversation_id
FROM (
    SELECT rows.number, rows.sender, rows.receiver, {sent_at} AS sent_at, {old_number} AS old
    FROM {rows} rows WHERE {has_any_prefix}
) rows
CROSS JOIN {messages} stored CROSS JOIN {users} senders CROSS JOIN {users} receivers
WHERE stored.id = rows.old AND stored.external_id IS NULL
    AND stored."timestamp" = rows.sent_at AND senders.id = stored.sender_id AND senders.username = rows.sender
    AND receivers.id = stored.receiver_id AND receivers.username = rows.receiver
    AND NOT EXISTS (
        SELECT 1 FROM {known} known CROSS JOIN {messages} other WHERE known.number = rows.number
            AND other.id = known.message_id AND other."timestamp" = rows.sent_at
            AND other.sender_id = senders.id AND other.receiver_id = receivers.id
    )
ON CONFLICT (number) DO UPDATE SET message_id = excluded.message_id, conversation_id = excluded.conversation_id
"""
# A number that this database has not used yet may be used one day; then two messages would have the same id.
NEVER_GIVEN = """
SELECT rows.number, rows.external_id
FROM (SELECT rows.number, rows.external_id, {own_number} AS own FROM {rows} rows WHERE {has_any_prefix}) rows
WHERE rows.own IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {known} known WHERE known.number = rows.number)
    AND (rows.own > %s OR EXISTS (SELECT 1 FROM {messages} stored WHERE stored.id = rows.own))
ORDER BY rows.number
"""
# A row without an id is stored if people, time and text are the same. Identical rows are paired with identical messages
# in order, so that no message that was sent twice is lost.
BY_ALL_OF_IT = """
INSERT INTO {known} SELECT rows.number, stored.id, stored.conversation_id
FROM (
    SELECT rows.number, senders.id AS sender_id, receivers.id AS receiver_id, {sent_at} AS sent_at, rows.content,
        ROW_NUMBER() OVER (
            PARTITION BY senders.id, receivers.id, rows.sent_at, rows.content ORDER BY rows.number
        ) AS turn
    FROM {rows} rows CROSS JOIN {users} senders CROSS JOIN {users} receivers
    WHERE rows.external_id IS NULL AND rows.content IS NOT NULL
        AND senders.username = rows.sender AND receivers.username = rows.receiver
) rows
JOIN (
    SELECT stored.id, stored.conversation_id, stored.sender_id, stored.receiver_id, stored."timestamp", stored.content,
        ROW_NUMBER() OVER (
            PARTITION BY stored.sender_id, stored.receiver_id, stored."timestamp", stored.content ORDER BY stored.id
        ) AS turn
    FROM (
        SELECT DISTINCT senders.id AS sender_id, {sent_at} AS sent_at
        FROM {rows} rows CROSS JOIN {users} senders
        WHERE rows.external_id IS NULL AND rows.content IS NOT NULL AND senders.username = rows.sender
    ) said
    CROSS JOIN {messages} stored
    WHERE stored.sender_id = said.sender_id AND stored."timestamp" = said.sent_at AND stored.external_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM {known} known WHERE known.message_id = stored.id)
) stored
ON stored.sender_id = rows.sender_id AND stored.receiver_id = rows.receiver_id
    AND stored."timestamp" = rows.sent_at AND stored.content = rows.content AND stored.turn = rows.turn
"""
# Rows whose id is stored with any difference: one column for each of COMPARED.
STORED_OTHERWISE = """
SELECT number, external_id, message_id, was_edited, was_redacted, dated, {older} AS older,
    sender, receiver, sent_at, content, parent
FROM (
    SELECT rows.number, rows.external_id, known.message_id, stored.edited AS was_edited,
        stored.redaction IS NOT NULL AS was_redacted,
        {edited_at} IS NOT NULL AS dated, {edited_at} AS edited_at,
        stored."timestamp" AS stored_sent_at, stored.edited_elsewhere_at AS stored_edited_at,
        rows.sender <> senders.username AS sender, rows.receiver <> receivers.username AS receiver,
        {sent_at} <> stored."timestamp" AS sent_at, rows.content <> stored.content AS content,
        CASE WHEN parents.id IS NULL THEN COALESCE(rows.parent_external_id <> stored.awaited_parent_external_id,
            rows.parent_external_id IS NOT NULL) ELSE COALESCE(rows.parent_external_id, '')
            NOT IN (COALESCE(parents.external_id, '{any_prefix}' || parents.id), '{own_prefix}' || parents.id)
            END AS parent
    FROM {known} known CROSS JOIN {rows} rows CROSS JOIN {messages} stored CROSS JOIN {users} senders
    CROSS JOIN {users} receivers LEFT JOIN {messages} parents ON parents.id = stored.parent_message_id
    WHERE rows.number = known.number AND stored.id = known.message_id AND rows.external_id IS NOT NULL
        AND rows.content IS NOT NULL AND senders.id = stored.sender_id AND receivers.id = stored.receiver_id
) compared
WHERE sender OR receiver OR sent_at OR content OR parent
"""
# Whether the text of a row was written before the stored one, or at the same time.
OLDER = """
(dated AND (edited_at <= stored_sent_at OR edited_at <= COALESCE(stored_edited_at, stored_sent_at) OR EXISTS (
    SELECT 1 FROM {histories} edits WHERE edits.message_id = compared.message_id
        AND edits.edited_at >= compared.edited_at
)))
"""
# Rows that are stored as the start of a conversation because their parent was missing, and still is.
STARTED_WITHOUT_PARENT = """
SELECT rows.number FROM {known} known CROSS JOIN {rows} rows CROSS JOIN {messages} stored
WHERE rows.number = known.number AND stored.id = known.message_id AND stored.parent_message_id IS NULL
    AND rows.parent_external_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {messages} parents WHERE parents.external_id = rows.parent_external_id)
    AND NOT EXISTS (
        SELECT 1 FROM {rows} parents CROSS JOIN {known} stored_parents
        WHERE parents.external_id = rows.parent_external_id AND stored_parents.number = parents.number
    )
"""
STORED_IS_NEWER = gettext_lazy(
    "the stored text was written later than this one, or at the same time: it is left as it is."
)
STORED_IS_REDACTED = gettext_lazy("moderators removed part of the stored text: it is left as it is.")
TEXT_ONLY = (False, False, False, True, False)  # of COMPARED


def find_known(staging: Staging, findings: Findings) -> int:
    """Fill the table ``known`` with the rows that are stored already; return how many.

    Report rows with an id of this database that it never gave to their message.
    """
    staging.execute(BY_ID)
    if staging.value(ANY_OF_EXPORTS):
        staging.execute(BY_OWN_ID)
        staging.execute(BY_OLD_ID)
        for number, external_id in staging.stream(NEVER_GIVEN, [staging.last_id(Message)]):
            findings.report(_never_given(number, external_id))
    if staging.value("SELECT EXISTS (SELECT 1 FROM {rows} WHERE external_id IS NULL)"):
        staging.execute("CREATE INDEX import_known_message ON {known} (message_id)")
        staging.execute(BY_ALL_OF_IT)
    staging.analyze("known")
    return int(staging.value("SELECT COUNT(*) FROM {known}"))


def check_stored(staging: Staging, findings: Findings, choices: Choices) -> None:
    """Report rows whose id is stored with another message; rows with only another text go to the table ``changes``.

    Rows are marked as known, or as changed if their texts are to be replaced.
    """
    for (number,) in staging.stream("SELECT number FROM {known}"):
        if findings.marks[number] == Mark.NEW:
            findings.mark(number, Mark.KNOWN)
    staging.fill("changes", _changes(staging, findings, choices))


def _changes(staging: Staging, findings: Findings, choices: Choices) -> Iterator[tuple]:
    """Yield (row, message id, whether it was edited) of rows with only another text; report all other differences."""
    started: set[int] | None = None  # queried only where it makes a difference
    texts = ChangedTexts()
    rows = staging.stream(STORED_OTHERWISE, older=OLDER)
    for number, external_id, message_id, was_edited, was_redacted, dated, older, *differs in rows:
        different = tuple(map(bool, differs))
        started_here = False
        if different[-1]:
            if started is None:
                started = {row for (row,) in staging.stream(STARTED_WITHOUT_PARENT)}
            started_here = number in started
            different = (*different[:-1], not (started_here and choices.start_conversations))
        if different == TEXT_ONLY:
            if findings.marks[number] == Mark.EXCLUDED:
                continue  # for another reason, which was reported
            if was_redacted:  # the file may have the words that moderators removed
                findings.report(Problem(number, "content", "notice", str(STORED_IS_REDACTED)))
                continue
            if older:
                findings.report(Problem(number, "content", "notice", str(STORED_IS_NEWER)))
                continue
            texts.add(number, dated=dated)
            if choices.existing == "edit":
                findings.mark(number, Mark.CHANGED)
            elif choices.existing == "refuse":
                message = _(
                    "message %(id)s is already stored with different content: correct the row, give it another id, or "
                    "choose what happens to changed texts."
                ) % {"id": label(external_id)}
                findings.report(Problem(number, "external_id", "error", message, "existing"))
            yield number, message_id, bool(was_edited)
        elif any(different):
            findings.report(_stored_otherwise(number, external_id, different, started_here=started_here))
    findings.undated += texts.undated
    if choices.existing == "refuse":
        findings.suggestions += texts.suggestions()


class ChangedTexts:
    """Counts the rows that change stored texts, with and without the time of the edit (edited_at)."""

    def __init__(self) -> None:
        self.dated = self.undated = 0
        self.first: list[int] = []

    def add(self, number: int, *, dated: bool) -> None:
        self.dated, self.undated = self.dated + bool(dated), self.undated + (not dated)
        self.first = self.first or [number]

    def suggestions(self) -> list[Suggestion]:
        """Return suggestions to keep the stored texts and to record edits, the likelier one first."""
        number = self.dated + self.undated
        if not number:
            return []
        sentence = self._sentence(number) if number > 1 else self._sentence_of_one()
        skip = Suggestion("existing", "skip", sentence, _("Leave the stored texts as they are"))
        edit = Suggestion("existing", "edit", sentence, _("Record the texts of the file as edits"))
        return [skip, edit] if self.undated else [edit, skip]

    def _sentence(self, number: int) -> str:
        if self.undated:
            text = ngettext(
                "%(number)s stored message has another text in the file; the file does not say when (edited_at), so "
                "the stored text may be newer or as old.",
                "%(number)s stored messages have another text in the file; the file does not say when (edited_at), so "
                "the stored text may be newer or as old.",
                number,
            )
        else:
            text = ngettext(
                "%(number)s stored message has another text in the file; the file says that it was edited later.",
                "%(number)s stored messages have another text in the file; the file says that they were edited later.",
                number,
            )
        return numbered(text, number)

    def _sentence_of_one(self) -> str:
        if self.undated:
            text = _(
                "The message of row %(row)s has another text in the file; the file does not say when (edited_at), so "
                "the stored text may be newer or as old."
            )
        else:
            text = _("The message of row %(row)s has another text in the file; the file says that it was edited later.")
        return text % {"row": self.first[0]}


def _stored_otherwise(number: int, external_id: str, different: tuple[bool, ...], *, started_here: bool) -> Problem:
    """Return the problem of a row whose id is stored with another message, or with this one but without its parent."""
    # The sentence does not begin with the id, because pages capitalise its first letter.
    if started_here and not any(different[:-2]):
        message = _(
            "message %(id)s is already stored, as the beginning of a conversation, and its parent is not: choose that "
            "such messages begin one, or leave parent_external_id empty."
        ) % {"id": label(external_id)}
        return Problem(number, "parent_external_id", "error", message, "start_conversations")
    message = _(
        "message %(id)s is already stored with different %(columns)s: correct the row, or give it another id."
    ) % {"id": label(external_id), "columns": differing(different)}
    return Problem(number, "external_id", "error", message)


def _never_given(number: int, external_id: str) -> Problem:
    message = _(
        "id %(id)s is one of this very database, which never gave it to this message: the file is of a copy of it, "
        "perhaps. Give the message another id, in the rows of its answers as well."
    ) % {"id": label(external_id)}
    return Problem(number, "external_id", "error", message)
