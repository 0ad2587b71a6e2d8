"""Rows of a file that repeat each other: with the same external id, or identical without one."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from ops.files.problems import Problem, label
from ops.files.suggestions import MOST_SAMPLES, Suggestion
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.rows import differing
from ops.imports.staging.base import Staging

FIND_REPEATED = """
INSERT INTO {repeated} (external_id)
SELECT external_id FROM {rows} WHERE external_id IS NOT NULL GROUP BY external_id HAVING COUNT(*) > 1
"""
# Of several rows with one id, the first valid one is used. A join: if rows were changed before the index was created,
# PostgreSQL does not use it while an older transaction runs, and a subquery would go through all rows.
CHOOSE_REPEATED = """
UPDATE {repeated} SET number = chosen.number FROM (
    SELECT rows.external_id, COALESCE(
        MIN(CASE WHEN rows.content IS NOT NULL THEN rows.number END), MIN(rows.number)
    ) AS number
    FROM {repeated} repeated CROSS JOIN {rows} rows WHERE rows.external_id = repeated.external_id
    GROUP BY rows.external_id
) chosen WHERE {repeated}.external_id = chosen.external_id
"""
REPEATS = """
SELECT rows.number, earlier.number, rows.external_id, rows.sender <> earlier.sender,
    rows.receiver <> earlier.receiver, rows.sent_at <> earlier.sent_at, rows.content <> earlier.content,
    COALESCE(rows.parent_external_id, '') <> COALESCE(earlier.parent_external_id, '')
FROM {repeated} repeated CROSS JOIN {rows} rows CROSS JOIN {rows} earlier
WHERE rows.external_id = repeated.external_id AND rows.number <> repeated.number
    AND earlier.number = repeated.number AND rows.content IS NOT NULL
"""
DELETE_REPEATS = """
DELETE FROM {rows} WHERE number IN (
    SELECT rows.number FROM {repeated} repeated CROSS JOIN {rows} rows
    WHERE rows.external_id = repeated.external_id AND rows.number <> repeated.number
)
"""


# Identical rows without an id, each with the first such row.
ALIKE = """
SELECT number, first FROM (
    SELECT number, MIN(number) OVER (PARTITION BY sender, receiver, sent_at, parent_external_id, content) AS first
    FROM {rows} WHERE external_id IS NULL AND content IS NOT NULL
) alike
WHERE number <> first ORDER BY number
"""
DELETE_ALIKE = """
DELETE FROM {rows} WHERE number IN (
    SELECT number FROM (
        SELECT number, MIN(number) OVER (PARTITION BY sender, receiver, sent_at, parent_external_id, content) AS first
        FROM {rows} WHERE external_id IS NULL AND content IS NOT NULL
    ) alike
    WHERE number <> first
)
"""


def check_alike(staging: Staging, findings: Findings, *, once: bool) -> None:
    """Report identical rows without an id: a message sent twice looks the same as one copied into the file twice.

    All are imported, with a suggestion to import only the first; with ``once``, only the first is imported.
    """
    if not staging.value("SELECT EXISTS (SELECT 1 FROM {rows} WHERE external_id IS NULL)"):
        return
    samples: list[tuple[int, int]] = []
    others = 0
    for number, first in staging.stream(ALIKE):
        if once:
            findings.mark(number, Mark.REPEATED)
            findings.report(_skipped(number, first))
        elif len(samples) < MOST_SAMPLES:
            samples.append((first, number))
        else:
            others += 1
    if once:
        staging.execute(DELETE_ALIKE)
    elif samples:
        rows = _alike(samples, others)
        message = _("%(rows)s are alike and have no id. All of them are imported.") % {"rows": rows}
        findings.report(Problem(samples[0][1], "", "warning", message))
        sentence = _(
            "%(rows)s are alike and have no id: what was written twice, or what was copied into the file twice."
        ) % {"rows": rows}
        findings.suggestions.append(Suggestion("alike_once", True, sentence, _("Import such rows only once")))


def _alike(pairs: list[tuple[int, int]], others: int) -> str:
    """Name the rows that are alike: "Rows 2 and 3, rows 4 and 5"."""
    named = ", ".join(_("rows %(first)s and %(row)s") % {"first": first, "row": row} for first, row in pairs)
    if others:
        more = ngettext(
            "%(rows)s, and %(number)s more like an earlier one,",
            "%(rows)s, and %(number)s more like an earlier one,",
            others,
        )
        named = numbered(more, others, rows=named)
    return named[:1].upper() + named[1:]


def _skipped(number: int, earlier: int) -> Problem:
    message = _("row %(row)s repeats row %(earlier)s; skipped") % {"row": number, "earlier": earlier}
    return Problem(number, "", "notice", message)


def skip_repeats(staging: Staging, findings: Findings) -> None:
    """Report rows that repeat an earlier external id, and delete them from the staged rows."""
    if not staging.execute(FIND_REPEATED):
        return
    staging.execute(CHOOSE_REPEATED)
    for number, earlier, external_id, *differs in staging.stream(REPEATS):
        different = differing(differs)
        if different:
            message = _(
                "rows %(earlier)s and %(row)s share external_id %(id)s with different %(columns)s: give each message "
                "an id of its own."
            ) % {"earlier": earlier, "row": number, "id": label(external_id), "columns": different}
            findings.report(Problem(number, "", "error", message))
            # Only once: with thousands of reasons its excluded row would be too long to be read again.
            if findings.marks[earlier] != Mark.EXCLUDED:
                findings.exclude(earlier, message)
        else:
            findings.mark(number, Mark.REPEATED)
            findings.report(_skipped(number, earlier))
    staging.execute(DELETE_REPEATS)
