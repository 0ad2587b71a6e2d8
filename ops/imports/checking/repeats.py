"""Rows of a file that repeat an external id."""

from __future__ import annotations

from ops.files.problems import Problem, label
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.rows import differing
from ops.imports.staging.base import REPEATED, ROWS, Staging

FIND_REPEATED = f"""
INSERT INTO {REPEATED} (external_id)
SELECT external_id FROM {ROWS} WHERE external_id IS NOT NULL GROUP BY external_id HAVING COUNT(*) > 1
"""
# Of several rows with one id the first sound one counts.
CHOOSE_REPEATED = f"""
UPDATE {REPEATED} SET number = (
    SELECT COALESCE(MIN(CASE WHEN content IS NOT NULL THEN number END), MIN(number)) FROM {ROWS}
    WHERE {ROWS}.external_id = {REPEATED}.external_id
)
"""
REPEATS = f"""
SELECT rows.number, earlier.number, rows.external_id, rows.sender <> earlier.sender,
    rows.receiver <> earlier.receiver, rows.sent_at <> earlier.sent_at, rows.content <> earlier.content,
    COALESCE(rows.parent_external_id, '') <> COALESCE(earlier.parent_external_id, '')
FROM {REPEATED} repeated CROSS JOIN {ROWS} rows CROSS JOIN {ROWS} earlier
WHERE rows.external_id = repeated.external_id AND rows.number <> repeated.number
    AND earlier.number = repeated.number AND rows.content IS NOT NULL
"""
DROP_REPEATS = f"""
DELETE FROM {ROWS} WHERE number IN (
    SELECT rows.number FROM {REPEATED} repeated CROSS JOIN {ROWS} rows
    WHERE rows.external_id = repeated.external_id AND rows.number <> repeated.number
)
"""


def skip_repeats(staging: Staging, findings: Findings) -> None:
    """Report rows that repeat an earlier external id; take those with the same message away."""
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
                findings.leave_out(earlier, message)
        else:
            findings.mark(number, Mark.REPEATED)
            findings.report(Problem(number, "", "notice", f"row {number} repeats row {earlier}; skipped"))
    staging.execute(DROP_REPEATS)
