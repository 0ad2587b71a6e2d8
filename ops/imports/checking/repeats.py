"""Rows of a file that have the same external id."""

from __future__ import annotations

from ops.files.problems import Problem, label
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.rows import differing
from ops.imports.staging.base import Staging

FIND_REPEATED = """
INSERT INTO {repeated} (external_id)
SELECT external_id FROM {rows} WHERE external_id IS NOT NULL GROUP BY external_id HAVING COUNT(*) > 1
"""
# Of several rows with one id the first sound one counts.
CHOOSE_REPEATED = """
UPDATE {repeated} SET number = (
    SELECT COALESCE(MIN(CASE WHEN content IS NOT NULL THEN number END), MIN(number)) FROM {rows}
    WHERE {rows}.external_id = {repeated}.external_id
)
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


def skip_repeats(staging: Staging, findings: Findings) -> None:
    """Report rows that repeat an earlier external id, and take them out of the staged ones."""
    if not staging.execute(FIND_REPEATED):
        return
    staging.execute(CHOOSE_REPEATED)
    for number, earlier, external_id, *differs in staging.stream(REPEATS):
        different = differing(differs)
        if different:
            message = f"rows {earlier} and {number} share external_id {label(external_id)} with different {different}: "
            message += "give each message an id of its own."
            findings.report(Problem(number, "", "error", message))
            # Once: with the reasons of thousands its row would be too long to be read again.
            if findings.marks[earlier] != Mark.EXCLUDED:
                findings.exclude(earlier, message)
        else:
            findings.mark(number, Mark.REPEATED)
            findings.report(Problem(number, "", "notice", f"row {number} repeats row {earlier}; skipped"))
    staging.execute(DELETE_REPEATS)
